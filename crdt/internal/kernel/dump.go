package kernel

import (
	"iter"

	"github.com/dovetail-crdt/dovetail/clock"
)

// Flat is a live entry by itself.
type Flat struct {
	Dot   clock.Dot
	Path  []string
	Value Value
}

// Entries yields what is live, in dot order.
func (s *State) Entries() iter.Seq[Flat] {
	return func(yield func(Flat) bool) {
		for i := range s.lanes {
			for _, c := range s.lanes[i].chunks {
				for _, e := range c {
					if !yield(Flat{e.dot, e.at.appendPath(nil), e.val}) {
						return
					}
				}
			}
		}
	}
}

// Bases yields the bases in order of path, replica and run.
func (s *State) Bases() iter.Seq2[[]string, Base] {
	return func(yield func([]string, Base) bool) { yieldBases(s.root, yield) }
}

func yieldBases(n *node, yield func([]string, Base) bool) bool {
	for _, b := range n.bases {
		if !yield(n.appendPath(nil), b) {
			return false
		}
	}
	for _, k := range n.sorted() {
		if !yieldBases(k, yield) {
			return false
		}
	}
	return true
}
