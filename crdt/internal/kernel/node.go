package kernel

import (
	"iter"
	"slices"

	"github.com/dovetail-crdt/dovetail/clock"
)

// Node is a read-only view of what stands at one path of a state, or of nothing.
// It is valid until the state changes.
type Node struct{ n *node }

// At returns the view of path.
func (s *State) At(path []string) Node { return Node{s.node(path)} }

// Kid returns the view of the child of that segment.
func (v Node) Kid(seg string) Node {
	if v.n == nil {
		return Node{}
	}
	return Node{v.n.kids[seg]}
}

// Has reports whether anything that shows is live at or below the path: any
// plain value that is not a denial, or a total that counts. O(1) but for counters whose totals have
// arrived out of order.
func (v Node) Has() bool { return v.n != nil && v.n.shows() }

func (n *node) shows() bool {
	if n.below == 0 {
		return false
	}
	for _, e := range n.shown() {
		if !e.val.Deny {
			return true
		}
	}
	for _, k := range n.kids {
		if k.shows() {
			return true
		}
	}
	return false
}

// Below returns the number of live entries at and below the path.
func (v Node) Below() int {
	if v.n == nil {
		return 0
	}
	return v.n.below
}

// Here yields what is live exactly at the path, in dot order: what was there at
// the start and still is when its turn comes.
func (v Node) Here() iter.Seq2[clock.Dot, Value] {
	return func(yield func(clock.Dot, Value) bool) {
		if v.n == nil || len(v.n.live) == 0 {
			return
		}
		if len(v.n.live) == 1 { // nearly always; no copy needed
			yield(v.n.live[0].dot, v.n.live[0].val)
			return
		}
		for _, e := range slices.Clone(v.n.live) {
			if slices.Contains(v.n.live, e) && !yield(e.dot, e.val) {
				return
			}
		}
	}
}

// Sum returns the value of the counter at the path, mod 2^64.
func (v Node) Sum() uint64 {
	if v.n == nil {
		return 0
	}
	return v.n.sum()
}

// Bases returns how many bases stand at the path.
func (v Node) Bases() int {
	if v.n == nil {
		return 0
	}
	return len(v.n.bases)
}

// Len returns the number of children below which something shows. O(children).
func (v Node) Len() int {
	if v.n == nil {
		return 0
	}
	n := 0
	for _, k := range v.n.kids {
		if k.shows() {
			n++
		}
	}
	return n
}

// Segments returns the children below which something shows, in order of their
// bytes. The slice is the caller's, so the state may change while it is walked.
func (v Node) Segments() []string {
	if v.n == nil {
		return nil
	}
	out := make([]string, 0, len(v.n.kids))
	for seg, k := range v.n.kids {
		if k.shows() {
			out = append(out, seg)
		}
	}
	slices.Sort(out)
	return out
}

// EqualContent reports whether what is live at and below both paths is the same,
// dots and values; bases and contexts are not compared.
func (v Node) EqualContent(o Node) bool {
	if v.Below() != o.Below() {
		return false
	}
	if v.Below() == 0 {
		return true
	}
	if !slices.EqualFunc(v.n.live, o.n.live, func(x, y *Entry) bool { return x.dot == y.dot && x.val.equal(y.val) }) {
		return false
	}
	for seg, k := range v.n.kids {
		if k.below > 0 && !(Node{k}).EqualContent(o.Kid(seg)) {
			return false
		}
	}
	return true
}

// Check calls f for every node at and below the path, children in any order, and
// stops at the first error.
func (v Node) Check(f func(depth int, seg string, n Node) error) error {
	if v.n == nil {
		return nil
	}
	return v.n.check(0, f)
}

func (n *node) check(depth int, f func(int, string, Node) error) error {
	if err := f(depth, n.seg, Node{n}); err != nil {
		return err
	}
	for _, k := range n.kids {
		if err := k.check(depth+1, f); err != nil {
			return err
		}
	}
	return nil
}

// Kids yields all children, also those that hold only bases, in order of their
// bytes.
func (v Node) Kids() iter.Seq2[string, Node] {
	return func(yield func(string, Node) bool) {
		if v.n == nil {
			return
		}
		for _, k := range v.n.sorted() {
			if !yield(k.seg, Node{k}) {
				return
			}
		}
	}
}
