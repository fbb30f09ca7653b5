package crdt

import (
	"fmt"
	"iter"

	"github.com/dovetail-crdt/dovetail/crdt/internal/kernel"
)

// Every state is the join of irreducible parts, none of which the others make
// redundant (Enes, Almeida, Baquero, Leitão, ICDE 2019). What one state lacks of
// another is the join of those parts of the other that are not below it: the
// least delta that does what the whole would. A replica that passes on only that
// sends nothing twice around a cycle of links.

// Decomposer is a lattice without a context that knows its parts, as those of this
// package do. A lattice of one's own that does not implement it is one part.
type Decomposer[S any] interface {
	Lattice[S]
	// Parts yields the irreducible parts of the receiver, in an order that depends
	// on its value alone. They are the caller's. The receiver must not change
	// meanwhile.
	Parts() iter.Seq[S]
	// Without returns the join of those parts of the receiver that are not below s:
	// bottom if there are none. It shares nothing with either that may change.
	Without(s S) S
}

// Strip returns the part of delta that s lacks: merged into s it does what delta
// would, and nothing in it could be left out. It is bottom if delta would change
// nothing; of a lattice that is not a Decomposer the zero S then, and else all of
// delta. It shares nothing with s or delta that any of them may change.
//
// Of a causal type that is: live entries whose dot s has not heard of; dead dots
// that s has not heard of or has live; bases of counter resets that are larger
// than those of s. What s has heard of is asked of s itself, never of a vector.
// O(delta), as Merge; of a lattice that is not a Decomposer O(s).
//
// Part of a delta is less than what its events did. Who passes it on must not
// have the receiver count those events as applied, unless the rest reached it
// before.
func Strip[S Lattice[S]](s, delta S) (news S) {
	news, _ = strip(s, delta)
	return news
}

// Contains reports whether merging delta into s would change nothing: whether it
// is below s in the order of the lattice. That the context of s covers the dots of
// delta does not say so: what delta ended may be live in s. Neither is changed.
// O(delta), and for a lattice of your own that is not a Decomposer O(s).
func Contains[S Lattice[S]](s, delta S) bool {
	_, some := strip(s, delta)
	return !some
}

// strip is Strip that tells whether there is anything.
func strip[S Lattice[S]](s, delta S) (news S, some bool) {
	if isNil(delta) || isNil(s) {
		if delta.IsBottom() {
			return news, false
		}
		return delta.Clone(), true
	}
	if c, ok := any(delta).(nestable[S]); ok {
		x, d := wholes(s, delta)
		out := x.News(d)
		return c.nest(object{state: out}), !out.IsBottom()
	}
	if d, ok := any(delta).(Decomposer[S]); ok {
		news = d.Without(s)
		return news, !news.IsBottom()
	}
	if s.Clone().Merge(delta) {
		return delta.Clone(), true
	}
	return news, false
}

// MergeStrip merges delta into s and returns what Strip would have returned, and
// whether that changed s. Only what is new is merged, so a delta that s knows
// costs no more than finding that out. O(delta).
func MergeStrip[S Lattice[S]](s, delta S) (news S, changed bool) {
	_, isCausal := any(delta).(nestable[S])
	_, isDecomposer := any(delta).(Decomposer[S])
	switch {
	case isCausal, isDecomposer:
		if news, changed = strip(s, delta); changed {
			s.Merge(news)
		}
	case s.Merge(delta):
		news, changed = delta.Clone(), true
	}
	return news, changed
}

func wholes[S any](s, delta S) (x, d *kernel.State) {
	x, d = any(s).(causal).obj().whole(), any(delta).(causal).obj().whole()
	if x == nil || d == nil {
		panic("crdt: parts of a view of a map value or field: its context belongs to the whole object")
	}
	return x, d
}

// Parts yields the irreducible parts of s, which join to it: of a causal type the
// live entries and the dead dots of each replica in order of their numbers, dead
// ones side by side as one part, then the bases of counter resets. They are the
// caller's. S must not change meanwhile.
func Parts[S Lattice[S]](s S) iter.Seq[S] {
	if c, ok := any(s).(nestable[S]); ok {
		x, _ := wholes(s, s)
		return func(yield func(S) bool) {
			for p := range x.Parts() {
				if !yield(c.nest(object{state: p})) {
					return
				}
			}
		}
	}
	if d, ok := any(s).(Decomposer[S]); ok {
		return d.Parts()
	}
	return func(yield func(S) bool) {
		if !s.IsBottom() {
			yield(s.Clone())
		}
	}
}

// Strip returns the part of d that o lacks; see the function of that name. It is
// nil if d would change nothing. The error is ErrKind, for objects of different
// kinds.
func (o *Object) Strip(d *Object) (news *Object, err error) { return o.strip(d, false) }

// MergeStrip merges d into o and returns what of it was new, nil for nothing.
func (o *Object) MergeStrip(d *Object) (news *Object, err error) { return o.strip(d, true) }

func (o *Object) strip(d *Object, merge bool) (*Object, error) {
	if o.kind != d.kind {
		return nil, fmt.Errorf("%w: %s into %s", ErrKind, d.kind, o.kind)
	}
	part, ok := o.state.(stripper).strip(d.state, merge)
	if !ok {
		same, err := alike(o.state, d.state)
		if err != nil {
			return nil, fmt.Errorf("%w: %s in two forms", err, o.kind)
		}
		part, _ = o.state.(stripper).strip(same, merge)
	}
	if merge {
		o.version = max(o.version, d.version)
		if d.schema == nil {
			o.schema = nil // d may hold what the kind cannot
		}
	}
	if part == nil {
		return nil, nil
	}
	return &Object{d.kind, d.version, part, d.schema}, nil
}

// stripper is what every erased lattice does besides.
type stripper interface {
	// strip returns what is new in d, nil for nothing, and merges it if it is told
	// to. It reports as not ok what is of another form.
	strip(d erased, merge bool) (news erased, ok bool)
}

func (c erasedCausal) strip(o erased, merge bool) (erased, bool) {
	d, ok := o.(erasedCausal)
	if !ok {
		return nil, false
	}
	news := c.News(d.State)
	if news.IsBottom() {
		return nil, true
	}
	if merge {
		c.Merge(news)
	}
	return erasedCausal{news}, true
}

func (l erasedLattice[S]) strip(o erased, merge bool) (erased, bool) {
	d, ok := o.(erasedLattice[S])
	if !ok {
		return nil, false
	}
	f := strip[S]
	if merge {
		f = MergeStrip[S]
	}
	news, changed := f(l.s, d.s)
	if !changed {
		return nil, true
	}
	return erasedLattice[S]{news, l.kind}, true
}

// validate checks that a state holds only what the type of s can.
func validate[S any](s S, state *kernel.State) error {
	return state.Validate(any(s).(interface{ schema() kernel.Schema }).schema())
}
