package untyped

import (
	"fmt"

	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/internal/envelope"
	"github.com/dovetail-crdt/dovetail/crdt/internal/erased"
)

// Objects of a kind that is known: what code needs that works with values of many
// types, and gives each to a function that knows its type.

// NewObject returns an empty object of kind k.
func NewObject(k crdt.AnyKind) *Object {
	of := k.Erased()
	return &Object{name: of.Name(), version: of.Version(), state: of.New(), of: of}
}

// DecodeObjectAs reads a frame of kind k, and refuses what crdt.DecodeFrame refuses.
func DecodeObjectAs(k crdt.AnyKind, frame []byte) (*Object, error) {
	e, err := envelope.Split(frame)
	if err != nil {
		return nil, err
	}
	of := k.Erased()
	if string(e.Kind) != of.Name() {
		return nil, fmt.Errorf("%w: %s, want %s", crdt.ErrKind, e.Kind, of.Name())
	}
	o, err := decode(&e, []crdt.AnyKind{k})
	if err != nil {
		return nil, err
	}
	return o, o.check(of)
}

// check makes sure that o is of a kind. O(1) for what was made or checked as one
// before, and merged with nothing else since; else O(o).
func (o *Object) check(k kind) error {
	if o.name != k.Name() {
		return fmt.Errorf("%w: %s, want %s", crdt.ErrKind, o.name, k.Name())
	}
	c, isCausal := o.get().(erased.Causal)
	if isCausal && o.of != nil {
		return nil
	}
	schema := k.Schema()
	switch {
	case schema != nil && o.version > k.Version():
		return fmt.Errorf("%w: %s version %d, known %d", crdt.ErrVersion, o.name, o.version, k.Version())
	case isCausal != (schema != nil):
		return fmt.Errorf("%w: %s with a context and without", crdt.ErrKind, o.name)
	case !isCausal:
		return nil
	}
	if err := c.Validate(schema); err != nil {
		return envelope.Corrupt(o.name, err)
	}
	o.of = k
	return nil
}

// ObjectOf returns s as an object, which shares its state with s. S must not be a
// view.
func ObjectOf[S crdt.Lattice[S]](k crdt.Kind[S], s S) (*Object, error) {
	state, err := k.Typed().State(s)
	if err != nil {
		return nil, err
	}
	return &Object{name: k.Name, version: k.Version, state: state, of: k.Erased()}, nil
}

// ValueOf returns o as a value of its type, which shares its state with o. The error
// is crdt.ErrKind if o is of another kind.
func ValueOf[S crdt.Lattice[S]](k crdt.Kind[S], o *Object) (s S, err error) {
	of := k.Erased()
	if err := o.check(of); err != nil {
		return s, err
	}
	typed := k.Typed()
	s, ok := typed.Value(o.state)
	if !ok && o.byName {
		typedObject := Object{name: o.name, version: o.version, of: of}
		if typedObject.state, err = typedObject.alike(o); err == nil {
			o.state, o.of, o.byName = typedObject.state, of, false
			s, ok = typed.Value(o.state)
		}
	}
	if !ok {
		return s, fmt.Errorf("%w: %s is of another Go type", crdt.ErrKind, o.name)
	}
	return s, nil
}

// Mutate runs fn in a transaction on o and returns the delta, nil if nothing has
// changed; see crdt.Mutate. The object that fn is given is good until it returns. O must
// be of a known kind: made by NewObject, DecodeObjectAs or ObjectOf, or looked at by
// ValueOf since it was merged with something that was not.
func (o *Object) Mutate(src crdt.Source, fn func(*crdt.Tx, *Object) error, opts ...crdt.Option) (delta *Object, err error) {
	if o.of == nil {
		return nil, fmt.Errorf("crdt: Mutate of a %s that was not checked to be one", o.name)
	}
	d, err := o.of.Mutate(o.state, src, func(tx *crdt.Tx, s erased.State) error {
		if _, ok := s.(erased.Causal); ok {
			return fn(tx, o)
		}
		return fn(tx, o.with(s))
	}, opts)
	if err != nil || d == nil {
		return nil, err
	}
	return o.with(d), nil
}

// Revoke returns the delta that takes o back, which is a delta, by name: merged
// anywhere, before o or after it, it ends what o made, and nothing else. It is for a
// change of which its writer cannot learn whether it was stored.
//
// What o itself ended stays ended wherever o has been: a revoked overwrite leaves
// neither the old value nor the new one there. So a delta that makes nothing, a mere
// removal, cannot be revoked; nor can one with a running total of a counter, which
// others may have counted on, nor one of a lattice without a context. Ok is false then.
//
// The result shares nothing with o. O(o).
func (o *Object) Revoke() (revocation *Object, ok bool) {
	c, ok := o.get().(erased.Causal)
	if !ok {
		return nil, false
	}
	r, ok := c.Revocation()
	if !ok || r.IsBottom() {
		return nil, false
	}
	return o.with(erased.Causal{State: r}), true
}

// On returns fn as a function of an object of kind k.
func On[S crdt.Lattice[S]](k crdt.Kind[S], fn func(*crdt.Tx, S) error) func(*crdt.Tx, *Object) error {
	return func(tx *crdt.Tx, o *Object) error {
		s, err := ValueOf(k, o)
		if err != nil {
			return err
		}
		return fn(tx, s)
	}
}
