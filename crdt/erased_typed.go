package crdt

import (
	"errors"
	"fmt"

	"github.com/dovetail-crdt/dovetail/clock"
)

// Objects of a kind that is known: what code needs that works with values of many
// types, and gives each to a function that knows its type.

// NewObject returns an empty object of kind k.
func NewObject(k AnyKind) *Object {
	return &Object{k.name(), k.contentVersion(), k.empty(), k.objectSchema()}
}

// DecodeObjectAs reads a frame of kind k, and refuses what DecodeFrame refuses.
func DecodeObjectAs(k AnyKind, frame []byte) (*Object, error) {
	e, err := splitFrame(frame)
	if err != nil {
		return nil, err
	}
	if string(e.kind) != k.name() {
		return nil, fmt.Errorf("%w: %s, want %s", ErrKind, e.kind, k.name())
	}
	o, err := e.object([]AnyKind{k})
	if err != nil {
		return nil, err
	}
	return o, o.check(k)
}

// check makes sure that o is of kind k. O(1) for what was made or checked as one
// before, and merged with nothing else since; else O(o).
func (o *Object) check(k AnyKind) error {
	if o.kind != k.name() {
		return fmt.Errorf("%w: %s, want %s", ErrKind, o.kind, k.name())
	}
	if o.schema != nil {
		return nil
	}
	schema := k.objectSchema()
	if schema != nil && o.version > k.contentVersion() {
		return fmt.Errorf("%w: %s version %d, known %d", ErrVersion, o.kind, o.version, k.contentVersion())
	}
	c, isCausal := o.state.(erasedCausal)
	switch {
	case isCausal != (schema != nil):
		return fmt.Errorf("%w: %s with a context and without", ErrKind, o.kind)
	case !isCausal:
		return nil
	}
	if err := c.Validate(schema); err != nil {
		return corrupt(o.kind, err)
	}
	o.schema = schema
	return nil
}

// ObjectOf returns s as an object, which shares its state with s. S must not be a
// view.
func ObjectOf[S Lattice[S]](k Kind[S], s S) (*Object, error) {
	o := &Object{kind: k.Name, version: k.Version}
	form := k.form()
	if form == nil {
		o.state = erasedLattice[S]{s, k}
		return o, nil
	}
	state := any(s).(causal).obj().whole()
	if state == nil {
		return nil, errors.New("crdt: a view of a map value or field is no object: take the whole object")
	}
	o.state, o.schema = erasedCausal{state}, form.schema
	return o, nil
}

// ValueOf returns o as a value of its type, which shares its state with o. The error
// is ErrKind if o is of another kind.
func ValueOf[S Lattice[S]](k Kind[S], o *Object) (s S, err error) {
	if err := o.check(k); err != nil {
		return s, err
	}
	switch state := o.state.(type) {
	case erasedCausal:
		return k.form().nest(object{state: state.State}), nil
	case erasedLattice[S]:
		return state.s, nil
	}
	if same, err := alike(erasedLattice[S]{kind: k}, o.state); err == nil {
		o.state = same
		return same.(erasedLattice[S]).s, nil
	}
	return s, fmt.Errorf("%w: %s is of another Go type", ErrKind, o.kind)
}

// Mutate runs fn in a transaction on o and returns the delta, nil if nothing has
// changed; see the function Mutate. The object that fn is given is good until it
// returns. O must be of a known kind: made by NewObject, DecodeObjectAs or ObjectOf,
// or looked at by ValueOf since it was merged with something that was not.
func (o *Object) Mutate(src Source, fn func(*Tx, *Object) error, opts ...Option) (delta *Object, err error) {
	if !src.Replica().IsValid() {
		return nil, errors.New("crdt: Mutate: the source has no replica id")
	}
	if l, ok := o.state.(interface {
		mutate(o *Object, src Source, fn func(*Tx, *Object) error) (*Object, error)
	}); ok {
		return l.mutate(o, src, fn)
	}
	if o.schema == nil {
		return nil, fmt.Errorf("crdt: Mutate of a %s that was not checked to be one", o.kind)
	}
	state, err := mutateState(o.state.(erasedCausal).State, o.schema, src, func(tx *Tx) error { return fn(tx, o) }, opts)
	if err != nil || state.IsBottom() {
		return nil, err
	}
	return &Object{o.kind, o.version, erasedCausal{state}, o.schema}, nil
}

// Version returns the version of the kind that the object's frame will have.
func (o *Object) Version() int { return o.version }

// Contains reports whether merging d into o would change nothing; see the function
// Contains. The error is ErrKind, for objects of different kinds.
func (o *Object) Contains(d *Object) (bool, error) {
	news, err := o.Strip(d)
	return err == nil && news == nil, err
}

// Revoke returns the delta that takes back o, a delta, by name; see the function
// Revoke.
func (o *Object) Revoke() (revocation *Object, ok bool) {
	r, ok := o.state.revoke()
	if !ok {
		return nil, false
	}
	return &Object{o.kind, o.version, r, o.schema}, true
}

// Live returns the dots of what is live in o, empty for a lattice without a context.
// O(o).
func (o *Object) Live() *clock.Context {
	if c, ok := o.state.(erasedCausal); ok {
		return c.Live()
	}
	return &clock.Context{}
}
