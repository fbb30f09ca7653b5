package crdt

import (
	"fmt"
	"reflect"

	"github.com/dovetail-crdt/dovetail/crdt/internal/envelope"
	"github.com/dovetail-crdt/dovetail/crdt/internal/msgpack"
)

// MsgPack returns the codec of any Go type through vmihailenco/msgpack/v5, under the
// given schema name, such as "acme/address.v1". That library's tags are heeded, except
// alias and intern.
//
// Bytes are the identity of an element, key or value, so each value has one form: map
// entries in order of their keys' bytes, struct fields in order of their names',
// integers in their shortest form, -0 as 0, times as their instant (read in the local
// zone); a NaN is refused. A type that marshals itself to binary or text is written as
// that. In an interface a value is written as what it is, and read as what its bytes
// are: nil, bool, the smallest integer type that holds it, float32, float64, string,
// []byte, time.Time, []any, and map[string]any or map[any]any. A map in an interface
// whose keys are strings and others is refused.
//
// MsgPack panics if there are values of T that would not come back: if T has an
// interface with methods, an unexported field that no tag leaves out, a channel, a
// function. A field that comes or goes changes the bytes, so it needs another name of
// the codec, unless it has omitempty.
//
// Bytes are checked against T before the library reads them. What reading takes of
// memory is bounded by 128 bytes for each byte read, and some; if T has structs larger
// than 32 bytes of which all may be left out, or maps of keys and values larger than
// 16, in proportion to their size.
func MsgPack[T any](name string) Codec[T] {
	declared(envelope.CheckName("codec name", name))
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
