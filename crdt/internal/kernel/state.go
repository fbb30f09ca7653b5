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
// Live entries stand in pages in order of their dots, so that merging walks runs of
// dots and encoding walks memory: all in one page while they are few (small), then
// in pages of one replica each (lanes). Tables find them by path; they are made
// when the first path is asked for, so a state that is only decoded, merged and
// encoded has none.
//
// Invariants (see check in the tests):
//  1. every live entry stands in one page, in the right order, and is found by
//     its dot; if the state is indexed, and by its path;
//  2. every live dot is in ctx;
//  3. bases stand for runs that no total or base of the same place closes;
//  4. nodes count what uses them, and none but the first two is unused, outside a
//     transaction.
type State struct {
	ctx   clock.Context
	small *page  // all entries, or nil
	live  int    // entries, without those that are pending
	nodes []node // nil until there is an inner node or somebody asks; see needNodes
	open  *Tx    // the transaction that is changing s, or nil
	// Nodes that lost their last use, or wait for the first.
	unused []nodeID
	*rest
}

// rest is what a small state that is only merged does not need: most deltas. They
// share noRest, which is never written.
type rest struct {
	lanes      []lane  // by replica; none while small is there
	emptyLanes bool    // whether a lane may be empty: none is when a change has ended
	pages      []*page // by number
	free       []uint32
	spare      []nodeID
	indexed    bool
	nbases     int // bases in the nodes
	shared     map[place]*sharedSlot
	pending    []*page // what the open transaction made
	idle       *page   // memory for a page of those, or nil
	tx         Tx      // room for it
	scratch    []byte
	work       int // see Work
}

var noRest rest //nolint:gochecknoglobals // never written, as the tests check

// New returns the empty state.
func New() *State { return &State{rest: &noRest} }

// own gives s a rest of its own to write to.
func (s *State) own() *rest {
	if s.rest == &noRest {
		s.rest = &rest{}
		if s.small != nil {
			s.pages = []*page{nil, s.small}
		}
	}
	return s.rest
}

// Work returns how many things s has gone through or moved so far where it was about
// one of them: lanes, pages of a lane, refs of a table, entries of one place, bases.
// Tests bound by it how the cost of a change grows, whatever the machine. A small
// state that nothing but merges has touched counts none.
func (s *State) Work() int { return s.work }

func (s *State) worked(n int) {
	if s.rest != &noRest {
		s.work += n
	}
}

// Scratch returns a buffer that the caller may use until the next call on s, and
// SetScratch gives it back, grown perhaps.
func (s *State) Scratch() []byte { return s.scratch[:0] }

// SetScratch keeps b for Scratch.
func (s *State) SetScratch(b []byte) { s.own().scratch = b }

// pageOf returns the page of a ref.
func (s *State) pageOf(r ref) *page {
	if k := int(r.page()); k < len(s.pages) {
		return s.pages[k]
	}
	return s.small
}

// Context returns the dots whose fate s knows. It belongs to s: the caller must
// neither change nor keep it.
func (s *State) Context() *clock.Context { return &s.ctx }

// IsBottom reports whether s is the empty state, which changes nothing that it
// is merged into.
func (s *State) IsBottom() bool { return s.ctx.IsEmpty() && s.nbases == 0 }

// IsOpen reports whether a transaction is changing s.
func (s *State) IsOpen() bool { return s.open != nil }

// Len returns the number of live entries.
func (s *State) Len() int { return s.live }

func (s *State) lane(id clock.ReplicaID) (int, bool) {
	if len(s.lanes) <= 8 {
		for i := range s.lanes {
			if s.lanes[i].id >= id {
				return i, s.lanes[i].id == id
			}
		}
		return len(s.lanes), false
	}
	return slices.BinarySearchFunc(s.lanes, id, func(l lane, id clock.ReplicaID) int { return cmp.Compare(l.id, id) })
}

// find returns the live entry of d, or 0.
func (s *State) find(d clock.Dot) ref {
	if d.Seq > clock.MaxSeq {
		i := d.Seq - clock.MaxSeq - 1
		if k := i / pageSize; k < uint64(len(s.pending)) && s.pending[k].live.has(int(i%pageSize)) && s.pending[k].id == d.Replica {
			return s.pending[k].ref(int(i % pageSize))
		}
		return 0
	}
	if p := s.small; p != nil {
		if i := p.firstDot(d); i < p.len() {
			if slot := p.at(i); p.dot[slot] == d && p.live.has(slot) {
				return p.ref(slot)
			}
		}
		return 0
	}
	if i, ok := s.lane(d.Replica); ok {
		return s.lanes[i].find(d.Seq)
	}
	return 0
}

// dotOf returns the dot of an entry, provisional of one that a transaction made.
func (s *State) dotOf(r ref) clock.Dot {
	p := s.pageOf(r)
	slot := r.slot()
	if p.form == mixed {
		return p.dot[slot]
	}
	return clock.Dot{Replica: p.id, Seq: p.seqOf(slot)}
}

// insert makes x live under d, which is not live.
func (s *State) insert(d clock.Dot, x *item) ref {
	p, slot := s.room(d, len(x.rec))
	p.put(slot, x)
	s.live++
	s.count(x.inf, 1)
	r := p.ref(slot)
	if s.indexed && x.inf.at() != outside {
		s.enter(r, x)
	}
	return r
}

// room makes a slot for d.
func (s *State) room(d clock.Dot, bytes int) (*page, int) {
	if len(s.lanes) == 0 {
		if s.small == nil {
			s.newSmall()
		}
		if s.small.len() == pageSize {
			s.repackSmall()
		}
		if p := s.small; p != nil && p.len() < pageSize && p.hasRoom(bytes) {
			return p, p.openDot(d)
		}
		s.promote()
	}
	i, ok := s.lane(d.Replica)
	if !ok {
		s.own()
		s.worked(len(s.lanes) - i)
		s.lanes = slices.Insert(s.lanes, i, lane{id: d.Replica})
	}
	return s.slotFor(&s.lanes[i], d.Seq, bytes)
}

// count adjusts what the node of an entry counts.
func (s *State) count(inf info, by int32) {
	if s.nodes == nil {
		return
	}
	n := &s.nodes[inf.at()]
	if n.tally(inf, by); n.uses == 0 && inf.at() > root {
		s.unused = append(s.unused, inf.at())
	}
}

// remove ends a live entry. It leaves page and lane untidy: see tidyPage.
func (s *State) remove(p *page, slot int) {
	x := p.item(slot)
	p.drop(slot, &x)
	if p.lo <= clock.MaxSeq {
		s.live--
	}
	s.count(x.inf, -1)
	if s.indexed && x.inf.at() != outside {
		s.leave(p.ref(slot), &x)
	}
}

// restore makes an entry live again that remove ended and that nothing tidied.
func (s *State) restore(r ref) {
	p := s.pageOf(r)
	x := p.item(r.slot())
	p.revive(r.slot(), &x)
	if p.lo <= clock.MaxSeq {
		s.live++
	}
	s.count(x.inf, 1)
	if s.indexed && x.inf.at() != outside {
		s.enter(r, &x)
	}
}

// eachLive calls f for every live entry in dot order, then for those that an open
// transaction made, until f returns false. F must not change the state.
func (s *State) eachLive(f func(p *page, slot int) bool) {
	if p := s.small; p != nil && !p.eachLive(f) {
		return
	}
	for i := range s.lanes {
		for _, e := range s.lanes[i].dir {
			if !e.p.eachLive(f) {
				return
			}
		}
	}
	for _, p := range s.pending {
		if !p.eachLive(f) {
			return
		}
	}
}

func (p *page) eachLive(f func(p *page, slot int) bool) bool {
	if p.ord != nil {
		for _, slot := range p.ord {
			if p.live.has(int(slot)) && !f(p, int(slot)) {
				return false
			}
		}
		return true
	}
	for slot := p.live.next(0); slot < pageSize; slot = p.live.next(slot + 1) {
		if !f(p, slot) {
			return false
		}
	}
	return true
}
