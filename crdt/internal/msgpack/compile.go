package msgpack

import (
	"fmt"
	"reflect"
	"time"
)

// compiler makes the form of a Go type from those of what stands in it. The first
// fault sticks.
type compiler struct {
	made      map[reflect.Type]*form // nil inside of the type itself
	opaque    bool
	recursive bool
	err       error
}

func (c *compiler) refuse(t reflect.Type, why string, args ...any) form {
	if c.err == nil {
		c.err = fmt.Errorf("%v %s", t, fmt.Sprintf(why, args...))
	}
	return untyped
}

func (c *compiler) compile(t reflect.Type) form {
	if f, ok := c.made[t]; ok {
		c.recursive = c.recursive || *f == nil
		return func(r *reader) { (*f)(r) }
	}
	f := new(form)
	c.made[t] = f
	*f = c.form(t)
	return *f
}

func (c *compiler) form(t reflect.Type) form {
	if isTime(t) {
		return expecting(instant)
	}
	if c.refuseMethods(t); marshalsItself(t) {
		c.opaque = true
		return orNil(expecting(bin))
	}
	switch t.Kind() {
	case reflect.Bool:
		return expecting(boolean)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return integerForm(t.Bits(), true)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return integerForm(t.Bits(), false)
	case reflect.Float32:
		return expecting(single)
	case reflect.Float64:
		return expecting(double)
	case reflect.String:
		return expecting(str)
	case reflect.Slice, reflect.Array:
		return c.listForm(t)
	case reflect.Map:
		return c.mapForm(t)
	case reflect.Struct:
		return c.structForm(t)
	case reflect.Pointer:
		return c.pointerForm(t)
	case reflect.Interface:
		if t.NumMethod() > 0 {
			return c.refuse(t, "is an interface with methods, of which nobody knows what type to read")
		}
		c.recursive = true
		return untyped
	default:
		return c.refuse(t, "is a %v, which has no bytes", t.Kind())
	}
}

func expecting(k kind) form { return func(r *reader) { r.expect(k) } }

// orNil is the form of what may be nil.
func orNil(f form) form {
	return func(r *reader) {
		if !r.isNil() {
			f(r)
		}
	}
}

func integerForm(bits int, signed bool) form {
	unused := 64 - bits
	return func(r *reader) {
		t := r.expect(integer)
		fits := t.n<<unused>>unused == t.n && !t.negative
		if n := int64(t.n); signed {
			fits = n<<unused>>unused == n && n < 0 == t.negative
		}
		if !fits {
			r.Failf("integer that the Go type cannot hold")
		}
	}
}

func (c *compiler) listForm(t reflect.Type) form {
	of, elem := bin, form(nil)
	if t.Elem().Kind() != reflect.Uint8 {
		of, elem = array, c.compile(t.Elem())
	}
	list := func(r *reader) {
		n := r.expect(of).size()
		if t.Kind() == reflect.Array && n != t.Len() {
			r.Failf("%d elements for an array of %d", n, t.Len())
		}
		if of == array {
			r.list(n, elem)
		}
	}
	if t.Kind() == reflect.Array {
		return list
	}
	return orNil(list)
}

func (c *compiler) mapForm(t reflect.Type) form {
	if t.Key().Kind() == reflect.Pointer {
		return c.refuse(t, "has pointers as keys: what is read is another pointer")
	}
	key, elem := c.compile(t.Key()), c.compile(t.Elem())
	return orNil(func(r *reader) { r.entries(r.expect(dict).size(), key, elem, false) })
}

func (c *compiler) pointerForm(t reflect.Type) form {
	switch t.Elem().Kind() {
	case reflect.Pointer, reflect.Interface, reflect.Map, reflect.Slice:
		return c.refuse(t, "is a pointer to what may be nil, which would be read as a nil pointer")
	default:
		return orNil(c.compile(t.Elem()))
	}
}

func isTime(t reflect.Type) bool { return t == reflect.TypeFor[time.Time]() }
