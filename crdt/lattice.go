package crdt

import "github.com/dovetail-crdt/dovetail/crdt/internal/kernel"

// Lattice is a replicated value: a join-semilattice whose states are merged in
// any order, any number of times, and come out equal. S is the type itself, a
// pointer: type Cart struct{…}; func (c *Cart) Merge(delta *Cart) bool.
//
// A delta is a small state of the same type, so one Merge does for both.
type Lattice[S any] interface {
	// Merge makes the receiver the join of itself and delta and reports whether
	// that changed it. It neither changes delta nor keeps any part of it that
	// either may change later. Merging a value with itself changes nothing.
	Merge(delta S) (changed bool)
	// Equal reports whether both states are the same.
	Equal(other S) bool
	// Clone returns a copy that shares nothing with the receiver that either may
	// change.
	Clone() S
	// IsBottom reports whether the receiver is the state that changes nothing it
	// is merged into.
	IsBottom() bool
}

// Nested is a causal type: one that can be the value of an AWMap or a field of a
// Doc, where it shares the context of the whole. The types of this package that
// implement it are the only ones; a lattice of your own can be an object of its
// own, not a map value.
type Nested[V any] interface {
	Lattice[V]
	// nest returns a view of o of the receiver's type and codecs.
	nest(o object) V
	// schema says what a value of this type can hold.
	schema() kernel.Schema
}
