package crdt

import (
	"iter"

	"github.com/dovetail-crdt/dovetail/crdt/internal/erased"
	"github.com/dovetail-crdt/dovetail/crdt/internal/kernel"
)

// Every state is the join of irreducible parts, none of which the others make
// redundant (Enes, Almeida, Baquero, Leitão, ICDE 2019). What one state lacks of
// another is the join of those parts of the other that are not below it: the
// least delta that does what the whole would. A replica that passes on only that
// sends nothing twice around a cycle of links.

// decomposer is a lattice of this package without a context: it knows its parts. One of
// one's own can be an erased.Decomposer, or it is one part.
type decomposer[S any] interface {
	// parts yields the irreducible parts of the receiver, in an order that depends on its
	// value alone. They are the caller's. The receiver must not change meanwhile.
	parts() iter.Seq[S]
	// without returns the join of those parts of the receiver that are not below s: bottom
	// if there are none. It shares nothing with either that may change.
	without(s S) S
}

// Contains reports whether merging delta into s would change nothing: whether it
// is below s in the order of the lattice. That the context of s covers the dots of
// delta does not say so: what delta ended may be live in s. Neither is changed.
// O(delta), and for most lattices of your own O(s).
func Contains[S Lattice[S]](s, delta S) bool {
	if isNil(delta) || isNil(s) {
		return delta.IsBottom()
	}
	if _, ok := any(delta).(causal); ok {
		x, d := wholes(s, delta)
		return x.News(d).IsBottom()
	}
	_, some := strip(s, delta, false)
	return !some
}

// strip returns the part of delta that s lacks, and whether there is any; and merges it
// if it is told to. Merged into s the part does what delta would, and nothing in it could
// be left out; of a lattice that does not know its parts it is all of delta. It shares
// nothing with either that may change. They have no context.
func strip[S Lattice[S]](s, delta S, merge bool) (news S, some bool) {
	switch d := any(delta).(type) {
	case decomposer[S]:
		news = d.without(s)
	case erased.Decomposer[S]:
		news = d.Without(s)
	default:
		if !merge {
			s = s.Clone()
		}
		if !s.Merge(delta) {
			return news, false
		}
		return delta.Clone(), true
	}
	if news.IsBottom() {
		return news, false
	}
	if merge {
		s.Merge(news)
	}
	return news, true
}

// parts yields the irreducible parts of s, which join to it.
func parts[S Lattice[S]](s S) iter.Seq[S] {
	switch d := any(s).(type) {
	case decomposer[S]:
		return d.parts()
	case erased.Decomposer[S]:
		return d.Parts()
	}
	return func(yield func(S) bool) {
		if !s.IsBottom() {
			yield(s.Clone())
		}
	}
}

func wholes[S any](s, delta S) (x, d *kernel.State) {
	x, d = any(s).(causal).obj().whole(), any(delta).(causal).obj().whole()
	if x == nil || d == nil {
		panic("crdt: Contains of a view of a map value or field: its context belongs to the whole object")
	}
	return x, d
}
