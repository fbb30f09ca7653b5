package msgpack

import (
	"errors"
	"fmt"
	"reflect"
)

// compiler makes the forms of a Go type and of what stands in it.
type compiler struct {
	types *types
	made  map[reflect.Type]*Type // also those that are being made: types may be recursive
}

func (c *compiler) compile(t reflect.Type) (*Type, error) {
	if made, ok := c.made[t]; ok {
		return made, nil
	}
	typ := &Type{of: t}
	c.made[t] = typ
	var err error
	if typ.form, err = c.form(t); err != nil {
		return nil, err
	}
	return typ, nil
}

func (c *compiler) form(t reflect.Type) (form, error) {
	if isTimeType(t) {
		return timeForm{}, nil
	}
	if f, err := foreign(t); f != nil || err != nil {
		return f, err
	}
	switch t.Kind() {
	case reflect.Bool:
		return boolForm{}, nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return intForm{t.Bits()}, nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return uintForm{t.Bits()}, nil
	case reflect.Float32, reflect.Float64:
		return floatForm{t.Bits()}, nil
	case reflect.String:
		return stringForm{}, nil
	case reflect.Slice, reflect.Array:
		return c.listForm(t)
	case reflect.Map:
		return c.mapForm(t)
	case reflect.Struct:
		return c.structForm(t)
	case reflect.Pointer:
		return c.pointerForm(t)
	case reflect.Interface:
		if t.NumMethod() == 0 {
			return anyForm{c.types}, nil
		}
		return nil, errors.New("is an interface with methods, of which nobody knows what type to read")
	default:
		return nil, fmt.Errorf("is a %v, which has no bytes", t.Kind())
	}
}

func (c *compiler) listForm(t reflect.Type) (form, error) {
	if t.Elem().Kind() == reflect.Uint8 {
		if t.Kind() == reflect.Array {
			return byteArrayForm{t.Len()}, nil
		}
		return bytesForm{}, nil
	}
	elem, err := c.compile(t.Elem())
	if err != nil {
		return nil, fmt.Errorf("element: %w", err)
	}
	if t.Kind() == reflect.Array {
		return arrayForm{elem, t.Len()}, nil
	}
	return sliceForm{elem}, nil
}

func (c *compiler) mapForm(t reflect.Type) (form, error) {
	if hasPointer(t.Key()) {
		return nil, errors.New("has a pointer in its keys: what is read is another one")
	}
	key, err := c.compile(t.Key())
	if err != nil {
		return nil, fmt.Errorf("key: %w", err)
	}
	elem, err := c.compile(t.Elem())
	if err != nil {
		return nil, fmt.Errorf("value: %w", err)
	}
	return mapForm{key, elem}, nil
}

// hasPointer reports whether values of t, the key of a map, are compared by a pointer
// that is read as another.
func hasPointer(t reflect.Type) bool {
	switch {
	case isTimeType(t) || isForeign(t):
		return false
	case t.Kind() == reflect.Pointer:
		return true
	case t.Kind() == reflect.Array:
		return hasPointer(t.Elem())
	case t.Kind() != reflect.Struct:
		return false
	}
	for i := range t.NumField() {
		if hasPointer(t.Field(i).Type) {
			return true
		}
	}
	return false
}

func (c *compiler) pointerForm(t reflect.Type) (form, error) {
	switch k := t.Elem().Kind(); k {
	case reflect.Pointer, reflect.Interface, reflect.Map, reflect.Slice:
		return nil, fmt.Errorf("is a pointer to a %v: nil in it would be read as a nil pointer", k)
	default: // is never nil
	}
	elem, err := c.compile(t.Elem())
	if err != nil {
		return nil, err
	}
	return pointerForm{elem}, nil
}

// findZeros finds how fields that may be left out are written when they are zero.
func (t *Type) findZeros() {
	switch f := t.form.(type) {
	case arrayForm:
		f.elem.findZeros()
	case *structForm:
		if f.zeros {
			return
		}
		f.zeros = true
		for _, field := range f.fields {
			if field.typ.findZeros(); field.omitEmpty {
				w := writer{b: []byte{}}
				if field.typ.form.write(&w, reflect.Zero(field.typ.of)); w.err == nil {
					field.zero = w.b
				}
			}
		}
	}
}
