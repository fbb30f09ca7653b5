package msgpack

import (
	"bytes"
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"time"
)

// foreignForm is that of types that write themselves: the bytes of MarshalBinary, or
// else of MarshalText. Their own code is trusted with memory and time for the bytes
// that it is given, but not to be right: what it reads must be written as it was, and
// its panic is an error.
type foreignForm struct {
	write1 func(v any) ([]byte, error) // v is a pointer
	read1  func(v any, b []byte) error
	of     reflect.Type
}

func (f *foreignForm) write(w *writer, v reflect.Value) {
	if isNilable(f.of) && v.IsNil() {
		w.b = append(w.b, headNil)
		return
	}
	var raw []byte
	if err := calm(func() (err error) { raw, err = f.write1(addressable(v).Addr().Interface()); return err }); err != nil {
		w.failf("%v: %w", f.of, err)
		return
	}
	w.size(bin, len(raw))
	w.b = append(w.b, raw...)
}

func (f *foreignForm) read(r *reader, v reflect.Value) {
	if isNilable(f.of) && r.isNil() {
		return
	}
	at := r.Offset()
	raw := r.Next(r.size(bin))
	if r.Err() != nil {
		return
	}
	p := reflect.New(f.of)
	if err := calm(func() error { return f.read1(p.Interface(), bytes.Clone(raw)) }); err != nil {
		r.Failf("%v: %v", f.of, err)
		return
	}
	again := writer{}
	if f.write(&again, p.Elem()); again.err != nil || !bytes.Equal(again.b, r.all[at:r.Offset()]) {
		r.Failf("%v does not encode to itself (%v)", f.of, again.err)
	} else if v.IsValid() {
		v.Set(p.Elem())
	}
}

// calm makes a panic of a user's code an error.
func calm(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return f()
}

func isNilable(t reflect.Type) bool { return t.Kind() == reflect.Slice || t.Kind() == reflect.Map }

// foreign returns the form of a type that writes itself, or nil. A type that only
// writes itself, or in a way of MessagePack's libraries, is an error, and so is one
// that has the method from one field of several, which would be all that is written.
func foreign(t reflect.Type) (form, error) {
	if t.Kind() == reflect.Pointer || t.Kind() == reflect.Interface {
		return nil, nil
	}
	p := reflect.PointerTo(t)
	_, encodes := p.MethodByName("EncodeMsgpack")
	_, marshals := p.MethodByName("MarshalMsgpack")
	if encodes || marshals {
		return nil, errors.New("has a method EncodeMsgpack or MarshalMsgpack, which is not called: write a Codec for it")
	}
	binary := implements[encoding.BinaryMarshaler](p)
	text := implements[encoding.TextMarshaler](p)
	switch {
	case !binary && !text:
		return nil, nil
	case binary && !implements[encoding.BinaryUnmarshaler](p), !binary && !implements[encoding.TextUnmarshaler](p):
		return nil, errors.New("can marshal itself and not unmarshal")
	}
	if embedded := embedsForeign(t); embedded != "" {
		return nil, fmt.Errorf("writes itself as its embedded %s alone: give that a name", embedded)
	}
	if binary {
		return &foreignForm{
			func(v any) ([]byte, error) { return v.(encoding.BinaryMarshaler).MarshalBinary() },
			func(v any, b []byte) error { return v.(encoding.BinaryUnmarshaler).UnmarshalBinary(b) },
			t,
		}, nil
	}
	return &foreignForm{
		func(v any) ([]byte, error) { return v.(encoding.TextMarshaler).MarshalText() },
		func(v any, b []byte) error { return v.(encoding.TextUnmarshaler).UnmarshalText(b) },
		t,
	}, nil
}

func isTimeType(t reflect.Type) bool { return t == reflect.TypeFor[time.Time]() }

func implements[I any](t reflect.Type) bool { return t.Implements(reflect.TypeFor[I]()) }

// isForeign reports whether t writes itself.
func isForeign(t reflect.Type) bool {
	f, _ := foreign(t)
	return f != nil
}

// embedsForeign returns the name of an embedded field that writes itself beside other
// fields.
func embedsForeign(t reflect.Type) string {
	if t.Kind() != reflect.Struct || t.NumField() == 1 {
		return ""
	}
	for f := range t.Fields() {
		p := f.Type
		if p.Kind() != reflect.Pointer {
			p = reflect.PointerTo(p)
		}
		if f.Anonymous && (implements[encoding.BinaryMarshaler](p) || implements[encoding.TextMarshaler](p)) {
			return f.Name
		}
	}
	return ""
}
