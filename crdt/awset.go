package crdt

import (
	"fmt"
	"iter"

	"github.com/dovetail-crdt/dovetail/crdt/internal/kernel"
)

// AWSet is a set in which add wins: an element that is added at one replica while
// another removes it stays. A remove ends the adds that its replica has seen and
// leaves nothing behind: no tombstone (Bieniusa et al., arXiv:1210.3368).
//
// An element is its canonical bytes under the codec, never Go's ==.
type AWSet[E any] struct {
	object
	codec Codec[E]
}

// AWSetKind returns the kind of sets of elements of that codec.
func AWSetKind[E any](c Codec[E]) Kind[*AWSet[E]] {
	return causalKind("awset<"+c.declared()+">", &AWSet[E]{codec: c})
}

// Add puts e into the set, also if it is there: the new add survives concurrent
// removes of the old one. An element that the codec refuses fails the
// transaction.
func (s *AWSet[E]) Add(tx *Tx, e E) {
	if k := tx.openPart(&s.object); k != nil {
		if b, ok := contentOf(tx, &s.object, &s.codec, e); ok {
			k.PutBelow(s.path, roleElement, b, nil)
		}
	}
}

// Remove ends the adds of e that this replica has seen; of an absent element it
// does nothing.
func (s *AWSet[E]) Remove(tx *Tx, e E) {
	if k := tx.openPart(&s.object); k != nil {
		if b, ok := contentOf(tx, &s.object, &s.codec, e); ok {
			k.KillBelow(s.path, roleElement, b)
		}
	}
}

// Clear removes every element that this replica sees. O(elements).
func (s *AWSet[E]) Clear(tx *Tx) { tx.kill(s.object) }

// Contains reports whether e is in the set; an element that the codec refuses is
// not.
func (s *AWSet[E]) Contains(e E) bool {
	if s == nil || s.state == nil {
		return false
	}
	b, err := s.codec.encode(s.state.Scratch(), e)
	if err != nil || s.err != nil {
		return false
	}
	s.state.SetScratch(b)
	return s.obj().at().HasKid(roleElement, b)
}

// Len returns the number of elements.
func (s *AWSet[E]) Len() int { return s.obj().at().Len() }

// All yields the elements in order of their bytes, which is the same at every
// replica. It walks what was there at the start: elements removed meanwhile are
// skipped, those added are not visited. O(n log n).
func (s *AWSet[E]) All() iter.Seq[E] {
	return func(yield func(E) bool) {
		for _, seg := range s.obj().at().Segments() {
			if !s.obj().at().Kid(seg).Has() {
				continue
			}
			e, err := s.codec.Decode([]byte(seg[1:]))
			if err != nil {
				panic(fmt.Sprintf("crdt: set holds an element that its codec %s cannot read: %v", s.codec.Name, err))
			}
			if !yield(e) {
				return
			}
		}
	}
}

// Merge implements Lattice.
func (s *AWSet[E]) Merge(delta *AWSet[E]) bool { return merge(s, delta) }

// Equal implements Lattice; of views it compares the elements and their dots.
func (s *AWSet[E]) Equal(o *AWSet[E]) bool { return equal(s, o) }

// Clone implements Lattice; of a view it returns a detached copy.
func (s *AWSet[E]) Clone() *AWSet[E] {
	if s == nil {
		return nil
	}
	return &AWSet[E]{s.clone(), s.codec}
}

// IsBottom implements Lattice.
func (s *AWSet[E]) IsBottom() bool { return s.obj().isBottom() }

func (s *AWSet[E]) obj() *object {
	if s == nil {
		return nil
	}
	return &s.object
}

func (s *AWSet[E]) needs() string { return "codec" }

func (s *AWSet[E]) nest(o object) *AWSet[E] { return &AWSet[E]{o, s.codec} }

func (s *AWSet[E]) schema() kernel.Schema {
	return elementsOf("set", &s.codec, noValue())
}

func (s *AWSet[E]) depth() int { return 1 }
