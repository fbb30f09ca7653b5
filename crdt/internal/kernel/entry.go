package kernel

import (
	"cmp"
	"slices"

	"github.com/dovetail-crdt/dovetail/clock"
)

// Entry is what one dot keeps alive: a value at a path. It belongs to one state
// and points into its tree.
//
// While the transaction that made it is open its number is provisional: above
// clock.MaxSeq, so that it stands where its real number will stand, behind all
// that its replica did before.
type Entry struct {
	dot  clock.Dot
	at   *node
	val  Value
	dead bool // being removed with others; see State.removeAll
}

func (e *Entry) provisional() bool { return e.dot.Seq > clock.MaxSeq }

// Value is the content of an entry. Total is set for a counter's running total;
// otherwise Put holds a value that only the type understands. Deny marks a write
// that says no (a remove of RWSet, a disable of DWFlag): it is live as any other,
// but nothing is present because of it.
type Value struct {
	Put   string
	Deny  bool
	Total *Total // never changed once shared
}

// Total is the running total of one run of increments of one writer. Run is the
// number of the run's first dot. The writer's runs numbered in [Lo, Run) are
// closed: they are final and count no more.
type Total struct {
	Run, Lo uint64
	Sum     uint64 // mod 2^64
}

func (v Value) equal(w Value) bool {
	if v.Total == nil || w.Total == nil {
		return v.Total == w.Total && v.Put == w.Put && v.Deny == w.Deny
	}
	return *v.Total == *w.Total
}

// Base is what resets took away from a run: its total as of Seq. By is the event
// of the reset, for extraction and stability only.
type Base struct {
	Replica clock.ReplicaID
	Run     uint64
	Seq     uint64
	Lo      uint64
	Sum     uint64
	By      clock.Dot
}

func (b Base) compareRun(id clock.ReplicaID, run uint64) int {
	return cmp.Or(cmp.Compare(b.Replica, id), cmp.Compare(b.Run, run))
}

// wins reports whether b replaces o, a base of the same run: the larger
// sequence number does, and of equals the larger reset (any fixed choice is
// right, since both took the same total).
func (b Base) wins(o Base) bool {
	return cmp.Or(cmp.Compare(b.Seq, o.Seq), b.By.Compare(o.By)) > 0
}

// node is one path. It exists while something is live at or below it, while it
// holds bases, or while a transaction that touched it is open.
type node struct {
	up    *node
	seg   string
	kids  map[string]*node
	live  []*Entry // in dot order
	bases []Base   // by replica and run, each once
	below int      // live entries at and below
	loose bool     // live is not in order; see State.tighten
}

func (n *node) isEmpty() bool { return n.below == 0 && len(n.kids) == 0 && len(n.bases) == 0 }

// kid returns the child of that segment, made if it is missing.
func (n *node) kid(seg string) *node {
	if k := n.kids[seg]; k != nil {
		return k
	}
	if n.kids == nil {
		n.kids = make(map[string]*node)
	}
	k := &node{up: n, seg: seg}
	n.kids[seg] = k
	return k
}

// sorted returns the children in order of their bytes.
func (n *node) sorted() []*node {
	out := make([]*node, 0, len(n.kids))
	for _, k := range n.kids {
		out = append(out, k)
	}
	slices.SortFunc(out, func(a, b *node) int { return cmp.Compare(a.seg, b.seg) })
	return out
}

// appendPath appends the segments from the root down to n.
func (n *node) appendPath(p []string) []string {
	from := len(p)
	for ; n.up != nil; n = n.up {
		p = append(p, n.seg)
	}
	slices.Reverse(p[from:])
	return p
}

// attach puts e among the live entries of n.
func (n *node) attach(e *Entry) {
	i, _ := slices.BinarySearchFunc(n.live, e.dot, func(x *Entry, d clock.Dot) int { return x.dot.Compare(d) })
	n.live = slices.Insert(n.live, i, e)
	for ; n != nil; n = n.up {
		n.below++
	}
}

// detach removes e from the live entries of its node.
func (n *node) detach(e *Entry) {
	i := slices.Index(n.live, e)
	n.live = slices.Delete(n.live, i, i+1)
	for ; n != nil; n = n.up {
		n.below--
	}
}

// prune removes n, and the nodes above it, from the tree as far as they are
// empty.
func (n *node) prune() {
	for n.up != nil && n.isEmpty() {
		delete(n.up.kids, n.seg)
		n = n.up
	}
}

func (n *node) findBase(id clock.ReplicaID, run uint64) (int, bool) {
	return slices.BinarySearchFunc(n.bases, run, func(b Base, r uint64) int { return b.compareRun(id, r) })
}
