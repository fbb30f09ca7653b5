package clock

import (
	"encoding/binary"
	"fmt"
	"iter"
	"slices"

	"github.com/dovetail-crdt/dovetail/clock/wire"
)

// Siblings is a dotted version vector set: the values that were written
// concurrently to one object, each named by the dot of its write, and the context
// of them all. A write replaces the values in the context that its client had
// read, wherever they are, and those alone; what the client had not seen stays
// beside it.
//
// The set of Preguiça et al. (arXiv:1011.5808) counts the events of each object
// densely, so that one number a replica is the context, and a value's place in
// its list is its dot. Dots here are numbered over all objects of a replica, and
// parts of a state travel alone, so either would claim events that are missing:
// one that is still to come would be taken for dead and dropped. A value has its
// own number therefore, and what is covered is a Context with gaps, which the
// claim of each event closes where nothing is missing.
//
// The zero value holds nothing. Siblings must not be copied by assignment while
// either copy is changed; use Clone. It is not safe for concurrent use. Values
// are copied by assignment and must not be changed by anybody.
type Siblings[V any] struct {
	// Invariants:
	//  1. live ascends by replica and, within one, descends by number: the newest
	//     first; no dot stands twice;
	//  2. each dot of live is in ctx. The other dots of ctx are dead.
	ctx  Context
	live []sibling[V]
}

type sibling[V any] struct {
	dot   Dot
	value V
}

// compare orders by replica, and within one the newest first.
func (x *sibling[V]) compare(y *sibling[V]) int {
	if x.dot.Replica == y.dot.Replica {
		return y.dot.Compare(x.dot)
	}
	return x.dot.Compare(y.dot)
}

// Write adds v as the value of event e in place of the values in seen, the
// context that the client had read: what Context returned then, here or at
// another replica. If seen is nil or empty the write is blind and replaces
// nothing. Write keeps neither argument; seen may be s.Context(), which replaces
// all. O(n) for n values, and the costs of Context.Merge.
//
// An error matches ErrEvent: e is not valid, or s or seen know a later event of
// its replica than e claims there is. S is then as it was.
//
// Write to a zero Siblings makes the delta of the write: merging it does what
// the write does.
func (s *Siblings[V]) Write(e Event, seen *Context, v V) error {
	if !e.IsValid() {
		return fmt.Errorf("%w: %v, claiming none after number %d", ErrEvent, e.Dot, e.After)
	}
	known := s.ctx.Max(e.Dot.Replica)
	if seen != nil {
		known = max(known, seen.Max(e.Dot.Replica))
	}
	if known > e.After {
		return fmt.Errorf("%w: %v claims no event after number %d, but number %d is known", ErrEvent, e.Dot, e.After, known)
	}
	if seen != nil {
		s.Discard(seen)
	}
	s.ctx.AddRange(e.Dot.Replica, Interval{e.After + 1, e.Dot.Seq})
	i := 0
	for i < len(s.live) && s.live[i].dot.Replica < e.Dot.Replica {
		i++
	}
	s.live = slices.Insert(s.live, i, sibling[V]{e.Dot, v})
	return nil
}

// Discard removes the values in seen, and those that have yet to come. It
// reports whether that changed s, keeps seen not, and allows it to be
// s.Context(). O(n) for n values, and the costs of Context.Merge.
func (s *Siblings[V]) Discard(seen *Context) (changed bool) {
	kept := 0
	for i := range s.live {
		if !seen.Contains(s.live[i].dot) {
			s.move(kept, i)
			kept++
		}
	}
	changed = s.cut(kept)
	return s.ctx.Merge(seen) || changed
}

// move moves value i down to place to.
func (s *Siblings[V]) move(to, i int) {
	if to != i {
		s.live[to] = s.live[i]
	}
}

// cut keeps the first n values and no reference to the others.
func (s *Siblings[V]) cut(n int) (changed bool) {
	changed = n < len(s.live)
	clear(s.live[n:])
	s.live = s.live[:n]
	return changed
}

// Merge makes s the join of both: a value stays if each side either has it or has
// never heard of it. It reports whether that changed s. It neither changes nor
// keeps o; o may be s. O(n) for n values, a search of a context for each that
// one side lacks, and the costs of Context.Merge. It allocates for new values.
func (s *Siblings[V]) Merge(o *Siblings[V]) (changed bool) {
	kept, born, j := 0, 0, 0
	for i := range s.live {
		x := &s.live[i]
		for j < len(o.live) && o.live[j].compare(x) < 0 {
			born += s.lacks(&o.live[j])
			j++
		}
		if j < len(o.live) && o.live[j].dot == x.dot {
			j++
		} else if o.ctx.Contains(x.dot) {
			continue
		}
		s.move(kept, i)
		kept++
	}
	for ; j < len(o.live); j++ {
		born += s.lacks(&o.live[j])
	}
	changed = s.cut(kept)
	if born > 0 {
		s.insert(o, born)
	}
	return s.ctx.Merge(&o.ctx) || changed
}

// lacks returns 1 if s has never heard of x, else 0.
func (s *Siblings[V]) lacks(x *sibling[V]) int {
	if s.ctx.Contains(x.dot) {
		return 0
	}
	return 1
}

// insert copies the values of o that s has never heard of, born in number: from
// the back, so that none is moved twice.
func (s *Siblings[V]) insert(o *Siblings[V], born int) {
	i, j := len(s.live)-1, len(o.live)-1
	s.live = slices.Grow(s.live, born)[:len(s.live)+born]
	for at := len(s.live) - 1; at > i; {
		switch x := &o.live[j]; {
		case i >= 0 && s.live[i].compare(x) > 0:
			s.live[at] = s.live[i]
			i, at = i-1, at-1
		case s.lacks(x) == 0:
			j--
		default:
			s.live[at] = *x
			j, at = j-1, at-1
		}
	}
}

// Context returns the context of all values, the dead ones included: what a
// client hands back with its next write, best sealed in a Token. It is s's own:
// it must not be changed, and changes with s.
func (s *Siblings[V]) Context() *Context { return &s.ctx }

// Values yields the values in order of replica, the newest of each first, which
// is the same wherever the same was merged. S must not change meanwhile.
func (s *Siblings[V]) Values() iter.Seq[V] {
	return func(yield func(V) bool) {
		for i := range s.live {
			if !yield(s.live[i].value) {
				return
			}
		}
	}
}

// All yields the values with their dots, in the order of Values.
func (s *Siblings[V]) All() iter.Seq2[Dot, V] {
	return func(yield func(Dot, V) bool) {
		for i := range s.live {
			if !yield(s.live[i].dot, s.live[i].value) {
				return
			}
		}
	}
}

// Len returns the number of values; more than one is a conflict.
func (s *Siblings[V]) Len() int { return len(s.live) }

// IsBottom reports whether s knows of no event.
func (s *Siblings[V]) IsBottom() bool { return s.ctx.IsEmpty() }

// Equal reports whether both have the same context and the same dots in it
// live. A dot names one value for ever, so values are not compared.
func (s *Siblings[V]) Equal(o *Siblings[V]) bool {
	return slices.EqualFunc(s.live, o.live, func(x, y sibling[V]) bool { return x.dot == y.dot }) && s.ctx.Equal(&o.ctx)
}

// Clone returns a copy that shares no memory with s but what values refer to.
func (s *Siblings[V]) Clone() *Siblings[V] {
	return &Siblings[V]{ctx: *s.ctx.Clone(), live: slices.Clone(s.live)}
}

// AppendBinary appends the context and, for each of its replicas in order, the
// number of values and of each, newest first, the distance of its number from
// the one before (minus one; of the first, from the replica's largest) and its
// length and bytes. The encoding is canonical if that of values is. Value appends
// the bytes of v to b; its first error is returned.
func (s *Siblings[V]) AppendBinary(b []byte, value func(b []byte, v V) ([]byte, error)) ([]byte, error) {
	b, err := s.ctx.AppendBinary(b)
	live := s.live
	for i := range s.ctx.rows {
		row := &s.ctx.rows[i]
		n := 0
		for n < len(live) && live[n].dot.Replica == row.id {
			n++
		}
		b = wire.AppendUvarint(b, uint64(n))
		top := row.last().Hi + 1
		for j := range live[:n] {
			b = wire.AppendUvarint(b, top-1-live[j].dot.Seq)
			top = live[j].dot.Seq
			start := len(b)
			if b, err = value(b, live[j].value); err != nil {
				return nil, fmt.Errorf("clock: value of %v: %w", live[j].dot, err)
			}
			var size [binary.MaxVarintLen64]byte
			b = slices.Insert(b, start, binary.AppendUvarint(size[:0], uint64(len(b)-start))...)
		}
		live = live[n:]
	}
	return b, err
}

// ReadSiblings reads what AppendBinary wrote from r; after a fault of r the
// result is empty. Value reads a value from exactly the bytes that were written
// for it, which it must not keep; its error is a fault of r. Memory is bounded by
// the input's length, apart from what value allocates.
func ReadSiblings[V any](r *wire.Reader, value func(b []byte) (V, error)) *Siblings[V] {
	s := &Siblings[V]{ctx: *ReadContext(r)}
	for i := range s.ctx.rows {
		row := &s.ctx.rows[i]
		top := row.last().Hi + 1
		for range r.Count(2) {
			dist := r.Uvarint()
			if dist > top-1 || !row.contains(top-1-dist) {
				r.Failf("value at a distance of %d from number %d, which is not in the context", dist, top)
				return &Siblings[V]{}
			}
			top -= 1 + dist
			d := Dot{row.id, top}
			b := r.Bytes()
			if r.Err() != nil {
				return &Siblings[V]{}
			}
			v, err := value(b)
			if err != nil {
				r.Failf("value of %v: %v", d, err)
				return &Siblings[V]{}
			}
			s.live = append(s.live, sibling[V]{d, v})
		}
	}
	if r.Err() != nil {
		return &Siblings[V]{}
	}
	return s
}
