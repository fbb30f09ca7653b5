package crdt

import (
	"fmt"
	"reflect"

	"github.com/dovetail-crdt/dovetail/crdt/internal/msgpack"
)

// MsgPack returns the codec of any Go type through MessagePack, under the given
// schema name, such as "acme/address.v1".
//
// Bytes are the identity of an element, key or value, so each value has one form: map
// entries in order of their keys' bytes, struct fields in order of their names',
// integers in their shortest form, -0 as 0, times as their instant (read in UTC); a
// NaN is refused. Structs are maps of their exported fields; the tags
// msgpack:"name,omitempty", "-" and a field _msgpack with as_array are heeded. A type
// that marshals itself to binary or text is written as that. In an interface any
// value may be written and is read as what its bytes are: nil, bool, int64 (uint64
// where it must be), float32, float64, string, []byte, time.Time, []any, and
// map[string]any or map[any]any.
//
// It panics if there are values of T that would not come back: if T has an interface
// with methods, an unexported field that no tag leaves out, a channel, a function. A
// field that comes or goes changes the bytes, so it needs another name of the codec,
// unless it has omitempty.
//
// What reading takes of memory is bounded by 100 bytes for each byte read; a T with
// structs larger than that, of which all may be left out, takes their size.
func MsgPack[T any](name string) Codec[T] {
	declared(checkName("codec name", name))
	t, err := msgpack.Of(reflect.TypeFor[T]())
	if err != nil {
		panic(fmt.Sprintf("crdt: MsgPack %s: %v", name, err))
	}
	return Codec[T]{
		Name: name,
		Append: func(b []byte, v T) ([]byte, error) {
			b, err := t.Append(b, reflect.ValueOf(&v).Elem())
			if err != nil {
				return nil, fmt.Errorf("%s: a value of type %T has no bytes: %v", name, v, err) //nolint:errorlint // nothing was corrupt
			}
			return b, nil
		},
		Decode: func(b []byte) (v T, err error) {
			if err := t.Decode(b, reflect.ValueOf(&v).Elem()); err != nil {
				return *new(T), fmt.Errorf("%s: %w", name, err)
			}
			return v, nil
		},
		Check: t.Check,
		sure:  true,
	}
}

// clip bounds what of b goes into an error.
func clip(b []byte) []byte { return b[:min(len(b), 32)] }

// declared panics if what a program declares (a kind, a codec, a field) cannot be.
func declared(err error) {
	if err != nil {
		panic(err.Error())
	}
}
