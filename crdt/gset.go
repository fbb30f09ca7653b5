package crdt

import (
	"fmt"
	"iter"
	"maps"
	"slices"

	"github.com/dovetail-crdt/dovetail/clock/wire"
)

// GSet is a set that only grows: what was added anywhere is in it, and nothing is
// ever removed. It has no context, so it is an object of its own or a GMap value,
// and not an AWMap value; for elements that can be removed use AWSet.
//
// An element is its canonical bytes under the codec, never Go's ==. Merging k
// elements into any number costs O(k). A transaction copies the set (Mutate), so
// adding to a large one costs O(n); an AWSet does not have that cost.
type GSet[E any] struct {
	has   map[string]struct{} // by canonical bytes, which the codec accepted
	codec Codec[E]
}

// GSetKind returns the kind of grow-only sets of elements of that codec.
func GSetKind[E any](c Codec[E]) Kind[*GSet[E]] {
	empty := func() *GSet[E] { return &GSet[E]{make(map[string]struct{}), c} }
	return plainKind("gset<"+c.declared()+">", empty, always((*GSet[E]).appendBinary))
}

// Add puts e into the set. An element that the codec refuses fails the
// transaction.
func (s *GSet[E]) Add(tx *Tx, e E) {
	if b, ok := rawOf(tx, &s.codec, e); ok {
		Record(tx, s, &GSet[E]{map[string]struct{}{string(b): {}}, s.codec})
	}
}

// Contains reports whether e is in the set; an element that the codec refuses is
// not.
func (s *GSet[E]) Contains(e E) bool {
	if s.IsBottom() {
		return false
	}
	b, err := s.codec.encode(nil, e)
	_, ok := s.has[string(b)]
	return ok && err == nil
}

// Len returns the number of elements.
func (s *GSet[E]) Len() int { return len(s.elements()) }

// All yields the elements in order of their bytes, which is the same at every
// replica: those that were there at the start. O(n log n).
func (s *GSet[E]) All() iter.Seq[E] {
	return func(yield func(E) bool) {
		for _, raw := range slices.Sorted(maps.Keys(s.elements())) {
			if !yield(read("set", &s.codec, raw)) {
				return
			}
		}
	}
}

// Merge implements Lattice. O(elements of delta).
func (s *GSet[E]) Merge(delta *GSet[E]) (changed bool) {
	mustBeMade(s != nil && s.has != nil, "GSet")
	if delta == nil {
		return false
	}
	n := len(s.has)
	maps.Copy(s.has, delta.has)
	return len(s.has) > n
}

// Equal implements Lattice. O(n).
func (s *GSet[E]) Equal(o *GSet[E]) bool { return maps.Equal(s.elements(), o.elements()) }

// Clone implements Lattice. O(n).
func (s *GSet[E]) Clone() *GSet[E] {
	if s == nil {
		return nil
	}
	return &GSet[E]{maps.Clone(s.has), s.codec}
}

func (s *GSet[E]) elements() map[string]struct{} {
	if s == nil {
		return nil
	}
	return s.has
}

// IsBottom implements Lattice; a nil set is bottom.
func (s *GSet[E]) IsBottom() bool { return s == nil || len(s.has) == 0 }

// appendBinary appends the number of elements and each with its length, in order
// of their bytes. O(n log n).
func (s *GSet[E]) appendBinary(b []byte) []byte {
	b = wire.AppendUvarint(b, uint64(len(s.has)))
	for _, raw := range slices.Sorted(maps.Keys(s.has)) {
		b = wire.AppendBytes(b, raw)
	}
	return b
}

// unmarshalBinary replaces s by what appendBinary wrote; on error s is as it was.
// Memory is bounded by the length of b, to which no reference is kept.
func (s *GSet[E]) unmarshalBinary(b []byte) error {
	r := wire.NewReader(b)
	has := make(map[string]struct{}) // which grows with what was read, not with what was announced
	err := readAscending(r, func(raw []byte) error {
		has[string(raw)] = struct{}{}
		return s.codec.check(raw)
	})
	if err != nil {
		return fmt.Errorf("crdt: gset: %w", err)
	}
	s.has = has
	return nil
}
