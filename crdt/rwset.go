package crdt

import (
	"fmt"
	"iter"
	"slices"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt/internal/kernel"
)

// RWSet is a set in which remove wins: an element that is removed at one replica
// while another adds it goes, and stays away until an add that has seen the
// remove. Each write of an element ends the writes of it that its replica has
// seen; the element is in the set while an add of it is live and no remove is.
//
// A remove stays as a tombstone, of an absent element too, until a write that has
// seen it or Prune ends it: it costs what an element does. Tombstones do not make
// a map key present. Reset, and removing the key or field of the set, forgets the
// removes that it saw: an unseen add that had lost to one of them is shown then.
//
// An element is its canonical bytes under the codec, never Go's ==.
type RWSet[E any] struct {
	object
	codec Codec[E]
}

// RWSetKind returns the kind of sets of elements of that codec.
func RWSetKind[E any](c Codec[E]) Kind[*RWSet[E]] {
	return causalKind("rwset<"+c.declared()+">", &RWSet[E]{codec: c})
}

func (s *RWSet[E]) elem(e E) object { return s.below(segment(roleElement, &s.codec, e)) }

// Add puts e into the set, unless a remove that this replica has not seen keeps
// it out. It is an event also if e is there: a Reset that has not seen it leaves
// it. An element that the codec refuses fails the transaction.
func (s *RWSet[E]) Add(tx *Tx, e E) { tx.put(s.elem(e), nil) }

// Remove takes e out of the set, and concurrent adds of it with it. It is an
// event also if e is absent: an add that has not seen this remove loses to it. An
// element that the codec refuses fails the transaction.
func (s *RWSet[E]) Remove(tx *Tx, e E) { tx.deny(s.elem(e)) }

// Clear removes each element that this replica sees in the set, as Remove does:
// concurrent adds of these elements lose. On behalf of a reader it removes those
// of them of which the reader saw an add. O(n log n).
func (s *RWSet[E]) Clear(tx *Tx) {
	if tx.openPart(&s.object) == nil {
		return
	}
	for _, seg := range s.present() {
		if e := s.below(seg, nil); tx.seen == nil || tx.sawAdd(e.at()) {
			tx.deny(e)
		}
	}
}

// sawAdd reports whether the transaction may end an add that is live at n, where
// no remove is.
func (tx *Tx) sawAdd(n node) bool {
	for d := range n.Here() {
		if tx.saw(d) {
			return true
		}
	}
	return false
}

// Reset forgets the adds and removes that this replica has seen. What it has not
// seen decides. O(elements and tombstones).
func (s *RWSet[E]) Reset(tx *Tx) { tx.kill(s.object) }

// Prune ends the tombstones that no replica needs any more: at each element that
// is removed it ends the removes and the adds that they beat, if all of them are
// in stable. Nothing that is shown changes. It is an event, and best done in a
// transaction that writes anyway. O(n log n) for n elements and tombstones.
//
// Stable is what every member has applied, as far as all that each member did
// before it applied it is applied here. Applied, not covered: a context will not
// do. Prune does not keep it. Otherwise replicas differ for ever:
//
//   - Adds that are not stable: r0 adds x, r2 removes it; all have the remove,
//     and r0 prunes both. R1, which has not seen the add, resets the set and so
//     ends the remove alone. Now x is to be shown; where the prune was, it is gone.
//   - What a member did before is not here: r1 adds x, then applies the remove.
//     R0 prunes it and gets the add, which had lost, afterwards: x is shown.
func (s *RWSet[E]) Prune(tx *Tx, stable *clock.Context) { tx.prune(s.object, stable) }

// Contains reports whether e is in the set; an element that the codec refuses is
// not. O(concurrent writes of e).
func (s *RWSet[E]) Contains(e E) bool {
	if s == nil || s.state == nil {
		return false
	}
	o := s.elem(e)
	return granted(o.at())
}

// Len returns the number of elements. O(elements and tombstones).
func (s *RWSet[E]) Len() int {
	return s.sum(func(n node) int {
		if granted(n) {
			return 1
		}
		return 0
	})
}

// Tombstones returns the number of removes that are kept: one an element
// removed, more if they were concurrent. O(elements and tombstones).
func (s *RWSet[E]) Tombstones() int {
	return s.sum(func(n node) int {
		_, no := votes(n)
		return no
	})
}

// sum adds up f over all elements, present or not, in any order.
func (s *RWSet[E]) sum(f func(node) int) (total int) {
	for _, n := range s.obj().at().Kids() {
		total += f(n)
	}
	return total
}

// All yields the elements in order of their bytes, which is the same at every
// replica. It walks what was there at the start: elements removed meanwhile are
// skipped, those added are not visited. O(n log n).
func (s *RWSet[E]) All() iter.Seq[E] {
	return func(yield func(E) bool) {
		for _, seg := range s.present() {
			if !granted(s.obj().at().Kid(seg)) {
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

// present returns the segments of the elements that are in the set, in order.
func (s *RWSet[E]) present() []string {
	n := s.obj().at()
	return slices.DeleteFunc(n.Segments(), func(seg string) bool { return !granted(n.Kid(seg)) })
}

// Merge implements Lattice.
func (s *RWSet[E]) Merge(delta *RWSet[E]) bool { return merge(s, delta) }

// Equal implements Lattice; of views it compares the writes and their dots.
func (s *RWSet[E]) Equal(o *RWSet[E]) bool { return equal(s, o) }

// Clone implements Lattice; of a view it returns a detached copy.
func (s *RWSet[E]) Clone() *RWSet[E] {
	if s == nil {
		return nil
	}
	return &RWSet[E]{s.clone(), s.codec}
}

// IsBottom implements Lattice.
func (s *RWSet[E]) IsBottom() bool {
	return s == nil || s.obj().isBottom() && s.obj().at().Below() == 0
}

func (s *RWSet[E]) obj() *object {
	if s == nil {
		return nil
	}
	return &s.object
}

func (s *RWSet[E]) needs() string { return "codec" }

func (s *RWSet[E]) nest(o object) *RWSet[E] { return &RWSet[E]{o, s.codec} }

func (s *RWSet[E]) schema() kernel.Schema {
	return elementsOf("set", &s.codec, votesSchema{"element", true})
}

func (s *RWSet[E]) depth() int { return 1 }
