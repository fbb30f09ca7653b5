package kernel

import (
	"cmp"
	"slices"

	"github.com/dovetail-crdt/dovetail/clock"
)

// State is one causal object: what is live in it, the bases of its counters, and
// the dots whose fate it knows. The zero value is not ready; use New. A State is
// not safe for concurrent use.
//
// Invariants (see check in the tests):
//  1. every live entry stands in the lane of its replica and in its node, once;
//  2. every live dot is in ctx;
//  3. bases stand for runs that no total or base of the same node closes;
//  4. no node but the root is empty, outside a transaction.
type State struct {
	ctx   clock.Context
	lanes []lane // by replica, none empty
	root  *node
	bases int // in the whole tree
	open  *Tx // the transaction that is changing s, or nil
}

// New returns the empty state.
func New() *State { return &State{root: &node{}} }

// Context returns the dots whose fate s knows. It belongs to s: the caller must
// neither change nor keep it.
func (s *State) Context() *clock.Context { return &s.ctx }

// IsBottom reports whether s is the empty state, which changes nothing that it
// is merged into.
func (s *State) IsBottom() bool { return s.ctx.IsEmpty() && s.bases == 0 }

// IsOpen reports whether a transaction is changing s.
func (s *State) IsOpen() bool { return s.open != nil }

// Len returns the number of live entries. O(replicas).
func (s *State) Len() int {
	n := 0
	for i := range s.lanes {
		n += s.lanes[i].n
	}
	return n
}

func (s *State) lane(id clock.ReplicaID) (int, bool) {
	return slices.BinarySearchFunc(s.lanes, id, func(l lane, id clock.ReplicaID) int { return cmp.Compare(l.id, id) })
}

// find returns the live entry of d, or nil.
func (s *State) find(d clock.Dot) *Entry {
	if i, ok := s.lane(d.Replica); ok {
		return s.lanes[i].find(d.Seq)
	}
	return nil
}

// insert makes e, whose node is set, live.
func (s *State) insert(e *Entry) {
	i, ok := s.lane(e.dot.Replica)
	if !ok {
		s.lanes = slices.Insert(s.lanes, i, lane{id: e.dot.Replica})
	}
	s.lanes[i].insert(e)
	e.at.attach(e)
}

// remove ends e. Its node stays, even if it is empty now.
func (s *State) remove(e *Entry) {
	i, _ := s.lane(e.dot.Replica)
	if s.lanes[i].remove(e.dot.Seq); s.lanes[i].n == 0 {
		s.lanes = slices.Delete(s.lanes, i, i+1)
	}
	e.at.detach(e)
}

// removeAll ends all of dead. Many at one path cost no more than the path has.
func (s *State) removeAll(dead []*Entry) {
	for _, e := range dead {
		e.dead = true
	}
	for _, e := range dead {
		i, _ := s.lane(e.dot.Replica)
		if s.lanes[i].remove(e.dot.Seq); s.lanes[i].n == 0 {
			s.lanes = slices.Delete(s.lanes, i, i+1)
		}
		if !e.dead {
			continue // filtered out with an earlier one of its path
		}
		n, was := e.at, len(e.at.live)
		n.live = slices.DeleteFunc(n.live, func(x *Entry) bool {
			gone := x.dead
			x.dead = false
			return gone
		})
		for gone := was - len(n.live); n != nil; n = n.up {
			n.below -= gone
		}
	}
}

// insertLoose makes e, whose node is set, live, and leaves sorting its node to
// tighten.
func (s *State) insertLoose(e *Entry) {
	i, ok := s.lane(e.dot.Replica)
	if !ok {
		s.lanes = slices.Insert(s.lanes, i, lane{id: e.dot.Replica})
	}
	s.lanes[i].insert(e)
	n := e.at
	if k := len(n.live); k > 0 && n.live[k-1].dot.Compare(e.dot) > 0 {
		n.loose = true
	}
	n.live = append(n.live, e)
	for ; n != nil; n = n.up {
		n.below++
	}
}

// tighten puts the entries of n in order.
func (n *node) tighten() {
	if n.loose {
		slices.SortFunc(n.live, func(a, b *Entry) int { return a.dot.Compare(b.dot) })
		n.loose = false
	}
}

// node returns the node at path, or nil.
func (s *State) node(path []string) *node {
	n := s.root
	for _, seg := range path {
		if n = n.kids[seg]; n == nil {
			return nil
		}
	}
	return n
}

// ensure returns the node at path, made if it is missing.
func (s *State) ensure(path []string) *node {
	n := s.root
	for _, seg := range path {
		n = n.kid(seg)
	}
	return n
}

// each calls f for every live entry in dot order.
func (s *State) each(f func(*Entry)) {
	for i := range s.lanes {
		s.lanes[i].all(f)
	}
}

// Clone returns a copy that shares no memory with s that either may change.
func (s *State) Clone() *State { return s.Sub(nil) }

// Sub returns a copy of what is at and below path, as a state whose paths start
// there, under the whole context of s. O(context + what is below). It panics if a
// transaction on s is open: what that has done has no numbers yet.
func (s *State) Sub(path []string) *State {
	if s.open != nil {
		panic("kernel: copy of a state that a transaction is changing")
	}
	out := New()
	out.ctx = *s.ctx.Clone()
	if n := s.node(path); n != nil {
		out.graft(n, out.root)
		for i := range out.lanes {
			l := &out.lanes[i]
			slices.SortFunc(l.chunks[0], func(a, b *Entry) int { return a.dot.Compare(b.dot) })
			l.chunks = chunked(l.chunks[0])
		}
	}
	return out
}

// graft copies the subtree at from to below to. Lanes get one unsorted chunk.
func (s *State) graft(from, to *node) {
	for _, e := range from.live {
		c := &Entry{dot: e.dot, at: to, val: e.val}
		i, ok := s.lane(e.dot.Replica)
		if !ok {
			s.lanes = slices.Insert(s.lanes, i, lane{id: e.dot.Replica, chunks: [][]*Entry{nil}})
		}
		s.lanes[i].chunks[0] = append(s.lanes[i].chunks[0], c)
		s.lanes[i].n++
		to.live = append(to.live, c)
	}
	to.below = from.below
	to.bases = slices.Clone(from.bases)
	s.bases += len(to.bases)
	for seg, k := range from.kids {
		s.graft(k, to.kid(seg))
	}
}

func chunked(all []*Entry) [][]*Entry {
	var out [][]*Entry
	for c := range slices.Chunk(all, laneChunk) {
		out = append(out, slices.Clip(c))
	}
	return out
}

// Equal reports whether both states are the same: content, bases and context.
// O(n).
func (s *State) Equal(o *State) bool {
	if !s.ctx.Equal(&o.ctx) || s.Len() != o.Len() || s.bases != o.bases {
		return false
	}
	return equalNodes(s.root, o.root)
}

func equalNodes(a, b *node) bool {
	if a.below != b.below || len(a.kids) != len(b.kids) || !slices.Equal(a.bases, b.bases) ||
		!slices.EqualFunc(a.live, b.live, func(x, y *Entry) bool { return x.dot == y.dot && x.val.equal(y.val) }) {
		return false
	}
	for seg, k := range a.kids {
		if o := b.kids[seg]; o == nil || !equalNodes(k, o) {
			return false
		}
	}
	return true
}
