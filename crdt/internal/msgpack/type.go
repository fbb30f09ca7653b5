package msgpack

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"

	"github.com/dovetail-crdt/dovetail/clock/wire"
)

// MaxDepth is how deep arrays and maps may stand in each other.
const MaxDepth = 64

// Type reads and writes the values of one Go type. It is safe for concurrent use.
type Type struct {
	of   reflect.Type
	form form
	// opaque: code of the user says which bytes are good, so they are checked by
	// reading and writing them once.
	opaque bool
	// recursive: a value may stand in itself.
	recursive bool
}

// Of returns the type of t, or an error that says what in t cannot be written or
// would not come back.
func Of(t reflect.Type) (*Type, error) {
	c := compiler{made: make(map[reflect.Type]*form)}
	f := c.compile(t)
	return &Type{t, f, c.opaque, c.recursive}, c.err
}

// Append appends v, which is addressable and of the type's Go type. It fails for
// values that could not be read back.
func (t *Type) Append(b []byte, v reflect.Value) ([]byte, error) {
	if t.recursive && isDeep(v, maxGoDepth) {
		return nil, errors.New("nested without end")
	}
	written, err := encode(b, v)
	if err != nil {
		return nil, err
	}
	if err := t.Check(written[len(b):]); err != nil {
		return nil, err
	}
	return written, nil
}

// Check returns the error that Decode would return. It makes no value unless the type
// has values that marshal themselves, or fields with omitempty whose bytes do not show
// that they are empty.
func (t *Type) Check(b []byte) error {
	if t.opaque {
		return t.Decode(b, reflect.New(t.of).Elem())
	}
	return t.check(b)
}

func (t *Type) check(b []byte) error {
	r := newReader(b)
	t.form(r)
	return r.Done()
}

// Decode reads b into v, which is settable and zero. It keeps no reference to b. If it
// fails, v may hold a part of the value.
func (t *Type) Decode(b []byte, v reflect.Value) error {
	if err := t.check(b); err != nil {
		return err
	}
	if err := decode(b, v); err != nil {
		return &wire.Error{What: fmt.Sprintf("%v: %v", t.of, err)}
	}
	if again, err := encode(make([]byte, 0, len(b)), v); err != nil || !bytes.Equal(again, b) {
		return &wire.Error{What: fmt.Sprintf("%v: what was read does not encode to itself (%v)", t.of, err)}
	}
	return nil
}
