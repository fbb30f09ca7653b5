package crdt

import (
	"bytes"
	"fmt"

	"github.com/vmihailenco/msgpack/v5"
)

// MsgPack returns the codec of any Go type through MessagePack, under the given
// schema name, such as "acme/address.v1". Map keys are sorted, and floats and
// integers take their shortest form.
//
// Bytes are the identity of an element or key, so for those roles prefer types
// of strings, integers and fixed structs. Decode refuses bytes that do not
// encode to themselves again, which catches most types whose bytes are not
// canonical as soon as they are read; crdttest.Laws catches them before.
func MsgPack[T any](name string) Codec[T] {
	c := Codec[T]{Name: name}
	c.Append = func(b []byte, v T) ([]byte, error) {
		var buf bytes.Buffer
		enc := msgpack.NewEncoder(&buf)
		enc.SetSortMapKeys(true)
		enc.UseCompactInts(true)
		enc.UseCompactFloats(true)
		if err := enc.Encode(v); err != nil {
			return nil, err
		}
		return append(b, buf.Bytes()...), nil
	}
	c.Decode = func(b []byte) (T, error) {
		var v T
		dec := msgpack.NewDecoder(bytes.NewReader(b))
		if err := dec.Decode(&v); err != nil {
			return v, fmt.Errorf("%w: %s: %w", ErrCorrupt, name, err)
		}
		again, err := c.Append(nil, v)
		if err != nil || !bytes.Equal(again, b) {
			return v, fmt.Errorf("%w: %s: % x is not the canonical form of %v", ErrCorrupt, name, b, v)
		}
		return v, nil
	}
	return c
}
