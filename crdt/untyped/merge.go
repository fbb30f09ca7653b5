package untyped

import (
	"fmt"
	"iter"

	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/internal/erased"
)

// Merge makes o the join of o and d and reports whether that changed o; see
// crdt.Lattice. Objects of different kinds do not merge: crdt.ErrKind.
func (o *Object) Merge(d *Object) (changed bool, err error) {
	if err := sameKind(o, d); err != nil {
		return false, err
	}
	changed, ok := o.get().Merge(d.get())
	if !ok {
		same, err := o.alike(d)
		if err != nil {
			return false, err
		}
		changed, _ = o.get().Merge(same)
	}
	o.merged(d)
	return changed, nil
}

// Strip returns the part of d that o lacks: merged into o it does what d would, and
// nothing in it could be left out. It is nil if d would change nothing, and all of d if
// d is of a lattice that does not know its parts (see Decomposer). It shares nothing
// with o or d that any of them may change.
//
// Of a causal object that is: live entries whose dot o has not heard of; dead dots that
// o has not heard of or has live; bases of counter resets that are larger than those of
// o. What o has heard of is asked of o itself, never of a vector. O(d), as Merge; of a
// lattice that does not know its parts O(o). The error is crdt.ErrKind, for objects of
// different kinds.
//
// Part of a delta is less than what its events did. Who passes it on must not have the
// receiver count those events as applied, unless the rest reached it before.
func (o *Object) Strip(d *Object) (news *Object, err error) { return o.strip(d, false) }

// MergeStrip merges d into o and returns what Strip would have returned. Only what is
// new is merged, so a delta that o knows costs no more than finding that out. O(d).
func (o *Object) MergeStrip(d *Object) (news *Object, err error) { return o.strip(d, true) }

func (o *Object) strip(d *Object, merge bool) (*Object, error) {
	if err := sameKind(o, d); err != nil {
		return nil, err
	}
	from := d
	part, ok := o.get().Strip(d.get(), merge)
	if !ok {
		same, err := o.alike(d)
		if err != nil {
			return nil, err
		}
		part, _ = o.get().Strip(same, merge)
		from = o
	}
	if merge {
		o.merged(d)
	}
	if part == nil {
		return nil, nil
	}
	return &Object{d.name, d.version, part, from.of, from.byName}, nil
}

// merged takes note that d came into o.
func (o *Object) merged(d *Object) {
	o.version = max(o.version, d.version)
	if d.of == nil {
		o.of = nil // d may hold what the kind cannot
	}
}

// Contains reports whether merging d into o would change nothing; see crdt.Contains. The
// error is crdt.ErrKind, for objects of different kinds.
func (o *Object) Contains(d *Object) (bool, error) {
	news, err := o.Strip(d)
	return err == nil && news == nil, err
}

func sameKind(o, d *Object) error {
	if _, _ = o.get(), d.get(); o.name != d.name {
		return fmt.Errorf("%w: %s into %s", crdt.ErrKind, d.name, o.name)
	}
	return nil
}

// alike returns the state of d in the form of that of o, if one of them was known by its
// name alone.
func (o *Object) alike(d *Object) (erased.State, error) {
	if o.of == nil || d.of == nil || !o.byName && !d.byName {
		return nil, fmt.Errorf("%w: %s in two forms", crdt.ErrKind, o.name)
	}
	content, err := d.state.AppendContent(nil)
	if err != nil {
		return nil, fmt.Errorf("%w: %s in two forms", err, o.name)
	}
	s, err := o.of.Decode(content)
	if err != nil {
		return nil, fmt.Errorf("%w: %s in two forms", err, o.name)
	}
	return s, nil
}

// Decomposer is a lattice of one's own that knows its parts, as those of package crdt do:
// Strip then returns the least that is needed. One that does not implement it is one
// part.
type Decomposer[S any] interface {
	crdt.Lattice[S]
	// Parts yields the irreducible parts of the receiver, in an order that depends
	// on its value alone. They are the caller's. The receiver must not change
	// meanwhile.
	Parts() iter.Seq[S]
	// Without returns the join of those parts of the receiver that are not below s:
	// bottom if there are none. It shares nothing with either that may change.
	Without(s S) S
}
