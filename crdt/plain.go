package crdt

import (
	"fmt"

	"github.com/dovetail-crdt/dovetail/clock/wire"
	"github.com/dovetail-crdt/dovetail/crdt/internal/envelope"
)

// plain is what the lattices of this package that have no context are made of.
type plain[S any] interface {
	Lattice[S]
	unmarshalBinary(b []byte) error
}

// plainKind returns the kind of a lattice without a context; encode appends a value.
func plainKind[S plain[S]](name string, empty func() S, encode func(s S, b []byte) ([]byte, error)) Kind[S] {
	declared(envelope.CheckName("kind name", name))
	return Kind[S]{
		Name:    name,
		Version: kindVersion,
		New:     empty,
		Append: func(b []byte, s S) ([]byte, error) {
			if isNil(s) {
				s = empty()
			}
			return encode(s, b)
		},
		Decode: func(b []byte) (S, error) {
			s := empty()
			return s, s.unmarshalBinary(b)
		},
	}
}

// always is an encoder that never fails.
func always[S any](encode func(s S, b []byte) []byte) func(S, []byte) ([]byte, error) {
	return func(s S, b []byte) ([]byte, error) { return encode(s, b), nil }
}

// read decodes bytes that the codec accepted before.
func read[T any](what string, c *Codec[T], raw string) T {
	v, err := c.Decode([]byte(raw))
	if err != nil {
		panic(fmt.Sprintf("crdt: %s holds bytes that its codec %s cannot read: %v", what, c.Name, err))
	}
	return v
}

// readAscending reads a number of byte strings in ascending order up to the end of
// r and calls each with them, which may read what follows it from r.
func readAscending(r *wire.Reader, each func([]byte) error) error {
	var last []byte
	for i := range r.Count(1) {
		raw := r.Bytes()
		if i > 0 && string(raw) <= string(last) {
			r.Failf("% x behind % x", clip(raw), clip(last))
		}
		if r.Err() != nil {
			break
		}
		if err := each(raw); err != nil {
			return fmt.Errorf("% x: %w", clip(raw), err)
		}
		last = raw
	}
	return r.Done()
}

// mustBeMade panics unless a value is there that can change: nil has no place for it,
// and the zero value of a type with a codec or bounds lacks those.
func mustBeMade(ok bool, what string) {
	if !ok {
		panic("crdt: a nil or zero " + what + " cannot change: make one with the New of its kind")
	}
}
