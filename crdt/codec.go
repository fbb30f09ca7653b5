package crdt

import (
	"encoding/binary"
	"fmt"

	"github.com/dovetail-crdt/dovetail/crdt/internal/envelope"
)

// Codec turns values of E into canonical bytes and back. The bytes are the
// identity of an element, key or value: two values are the same exactly if their
// bytes are. Name is the schema's name; it is part of the name of every kind that
// uses the codec, so a change of the bytes needs a new name.
//
// Append appends the bytes of e to b; it fails for values that have none, and what
// it appends is held against Check when it is written. Decode
// reads exactly the bytes that Append wrote (the frame keeps their length, so
// they need none of their own), keeps no reference to them, and fails for any
// others. Check, which may be nil, returns what Decode would return as its error
// without making the value: decoders call it for every element of a frame.
type Codec[E any] struct {
	Name   string
	Append func(b []byte, e E) ([]byte, error)
	Decode func(b []byte) (E, error)
	Check  func(b []byte) error

	free bool // Check accepts all
	wide bool // Check accepts what has eight bytes
	sure bool // Append has asked Check
}

// declared returns the name of a codec that a kind is made of. It panics unless all is
// there.
func (c *Codec[E]) declared() string {
	declared(envelope.CheckName("codec name", c.Name))
	if c.Append == nil || c.Decode == nil {
		panic(fmt.Sprintf("crdt: codec %s has no Append or no Decode", c.Name))
	}
	return c.Name
}

// encode is Append, of which a zero value has none.
func (c *Codec[E]) encode(b []byte, e E) ([]byte, error) {
	if c.Append == nil {
		panic("crdt: a zero value has no codec: make one with the New of its kind")
	}
	return c.Append(b, e)
}

// write appends the bytes of e, which the codec can read.
func (c *Codec[E]) write(b []byte, e E) ([]byte, error) {
	from := len(b)
	b, err := c.encode(b, e)
	if err == nil && !c.free && !c.wide && !c.sure {
		err = c.check(b[from:])
	}
	if err != nil {
		return nil, fmt.Errorf("crdt: %s: %w", c.Name, err)
	}
	return b, nil
}

// check reports whether b is the bytes of some value.
func (c *Codec[E]) check(b []byte) error {
	switch {
	case c.free:
		return nil
	case c.Check != nil:
		return c.Check(b)
	}
	_, err := c.Decode(b)
	return err
}

// String is the codec of strings, by their bytes. Bytes that are not UTF-8 are
// kept as they are.
var String = Codec[string]{
	Name:   "string",
	Append: func(b []byte, s string) ([]byte, error) { return append(b, s...), nil },
	Decode: func(b []byte) (string, error) { return string(b), nil },
	free:   true,
}

// Bytes is the codec of byte strings. Decode returns a copy.
var Bytes = Codec[[]byte]{
	Name:   "bytes",
	Append: func(b []byte, s []byte) ([]byte, error) { return append(b, s...), nil },
	Decode: func(b []byte) ([]byte, error) { return append([]byte{}, b...), nil },
	free:   true,
}

// Uint64 is the codec of unsigned integers: eight big-endian bytes, so byte
// order is numeric order.
var Uint64 = Codec[uint64]{
	Name:   "uint64",
	Append: func(b []byte, v uint64) ([]byte, error) { return binary.BigEndian.AppendUint64(b, v), nil },
	Decode: func(b []byte) (uint64, error) {
		if len(b) != 8 {
			return 0, fmt.Errorf("%w: uint64 of %d bytes", ErrCorrupt, len(b))
		}
		return binary.BigEndian.Uint64(b), nil
	},
	wide: true,
}

// Int64 is the codec of signed integers: eight big-endian bytes with the sign
// bit flipped, so byte order is numeric order.
var Int64 = Codec[int64]{
	Name: "int64",
	Append: func(b []byte, v int64) ([]byte, error) {
		return Uint64.Append(b, uint64(v)^(1<<63))
	},
	Decode: func(b []byte) (int64, error) {
		v, err := Uint64.Decode(b)
		return int64(v ^ (1 << 63)), err
	},
	wide: true,
}

// Limits of what a frame may hold, on both sides of it.
const (
	// MaxFrame is the largest frame: 256 MiB. A value that has grown beyond it can
	// no longer be written or read as one frame, so stay well below.
	MaxFrame = envelope.MaxFrame
	// MaxWrite is the most that a transaction can write, in bytes of elements, keys and
	// values, so that its delta fits a frame.
	MaxWrite = MaxFrame - 16<<20
)
