package crdt

import (
	"fmt"

	"github.com/dovetail-crdt/dovetail/clock/wire"
)

// extreme is the one value of a MaxRegister or MinRegister: bytes that the codec
// accepts.
type extreme[T any] struct {
	set   bool
	raw   string // "" unless set
	codec Codec[T]
}

func (x *extreme[T]) of(tx *Tx, v T) (extreme[T], bool) {
	b, ok := rawOf(tx, &x.codec, v)
	if !ok {
		return extreme[T]{}, false
	}
	return extreme[T]{true, string(b), x.codec}, true
}

func (x *extreme[T]) get() (v T, ok bool) {
	if !x.set {
		return v, false
	}
	return read("register", &x.codec, x.raw), true
}

// takeIf takes the value of d, if it has one, where x has none or d's wins.
func (x *extreme[T]) takeIf(d *extreme[T], wins bool) bool {
	if !d.set || x.set && !wins {
		return false
	}
	x.set, x.raw = true, d.raw
	return true
}

// appendBinary appends 0, or 1 and the bytes of the value.
func (x *extreme[T]) appendBinary(b []byte) []byte {
	if !x.set {
		return append(b, 0)
	}
	return append(append(b, 1), x.raw...)
}

// unmarshalBinary replaces the value by what appendBinary wrote; on error it is as
// it was. No reference to b is kept.
func (x *extreme[T]) unmarshalBinary(b []byte) error {
	r := wire.NewReader(b)
	set := r.Byte()
	raw := ""
	if set == 1 {
		raw = string(r.Next(r.Len()))
	}
	if r.Err() == nil && set > 1 {
		r.Failf("register starts with byte %#02x", set)
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("crdt: register: %w", err)
	}
	if set == 1 {
		if err := x.codec.check([]byte(raw)); err != nil {
			return fmt.Errorf("crdt: register: %w", err)
		}
	}
	x.set, x.raw = set == 1, raw
	return nil
}
