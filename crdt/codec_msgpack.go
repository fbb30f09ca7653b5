package crdt

import (
	"bytes"
	"fmt"

	"github.com/vmihailenco/msgpack/v5"
)

// MsgPack returns the codec of any Go type through MessagePack, under the given
// schema name, such as "acme/address.v1".
//
// Bytes are the identity of an element, key or value, so they are made canonical:
// map entries in order of their keys' bytes, integers in their shortest form, -0
// as 0; a NaN is refused. For elements and keys prefer types of strings, integers
// and fixed structs all the same: a pointer or interface that decodes to another
// type encodes to other bytes. Decode accepts only bytes that encode to
// themselves again; crdttest.Laws finds types that do not keep that.
func MsgPack[T any](name string) Codec[T] {
	c := Codec[T]{Name: name}
	c.Append = func(b []byte, v T) ([]byte, error) {
		var buf bytes.Buffer
		enc := msgpack.NewEncoder(&buf)
		enc.UseCompactInts(true)
		if err := enc.Encode(v); err != nil {
			return nil, err
		}
		b, err := appendCanonical(b, buf.Bytes())
		if err != nil {
			return nil, fmt.Errorf("%s: %v of type %T has no canonical form: %v", name, v, v, err) //nolint:errorlint // nothing was corrupt
		}
		return b, nil
	}
	c.Decode = func(b []byte) (T, error) {
		var v T
		// Before the decoder sees them: it trusts counts, and calls itself.
		canon, err := appendCanonical(nil, b)
		if err != nil {
			return v, fmt.Errorf("%s: %w", name, err)
		}
		if !bytes.Equal(canon, b) {
			return v, fmt.Errorf("%w: %s: % x is not in canonical form", ErrCorrupt, name, clip(b))
		}
		if err := msgpack.NewDecoder(bytes.NewReader(b)).Decode(&v); err != nil {
			return v, fmt.Errorf("%w: %s: %w", ErrCorrupt, name, err)
		}
		if again, err := c.Append(nil, v); err != nil || !bytes.Equal(again, b) {
			return v, fmt.Errorf("%w: %s: % x does not encode to itself", ErrCorrupt, name, clip(b))
		}
		return v, nil
	}
	return c
}

// clip bounds what of b goes into an error.
func clip(b []byte) []byte { return b[:min(len(b), 32)] }
