package msgpack

import (
	"bytes"
	"fmt"
	"io"
	"reflect"

	"github.com/vmihailenco/msgpack/v5"
	"github.com/vmihailenco/msgpack/v5/msgpcode"
)

// encode appends the canonical form of what the library writes.
func encode(b []byte, v reflect.Value) ([]byte, error) {
	buf := bytes.NewBuffer(b)
	enc := msgpack.GetEncoder()
	enc.Reset(buf)
	enc.UseCompactInts(true)
	if err := recovering(func() error { return enc.EncodeValue(v) }); err != nil {
		return nil, err
	}
	msgpack.PutEncoder(enc)
	written := buf.Bytes()
	return written, canonicalize(written[len(b):])
}

// decode reads bytes that were checked.
func decode(b []byte, v reflect.Value) error {
	in := bytes.NewReader(b)
	dec := msgpack.GetDecoder()
	dec.Reset(in)
	dec.SetMapDecoder(func(d *msgpack.Decoder) (any, error) { return decodeMap(d, in) })
	if err := recovering(func() error { return dec.DecodeValue(v) }); err != nil {
		return err
	}
	msgpack.PutDecoder(dec)
	return nil
}

// decodeMap reads a map in an interface: the keys are all strings or none is, so the
// first tells the type of the map.
func decodeMap(d *msgpack.Decoder, in *bytes.Reader) (any, error) {
	at := in.Size() - int64(in.Len())
	n, err := d.DecodeMapLen()
	if err != nil || n == 0 {
		return map[string]any{}, err
	}
	head, err := d.PeekCode()
	if err != nil {
		return nil, err
	}
	if _, err := in.Seek(at, io.SeekStart); err != nil {
		return nil, err
	}
	if msgpcode.IsString(head) {
		return d.DecodeMap()
	}
	return d.DecodeUntypedMap()
}

// recovering makes a panic an error: values may have methods of the user, and there
// are values at which the library panics.
func recovering(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return f()
}

// maxGoDepth is how deep a Go value may be: pointers and interfaces count too.
const maxGoDepth = 8 * MaxDepth

// isDeep reports whether v is deeper than that many levels, as a value that stands in
// itself is. The library would overflow the stack, which ends the process.
func isDeep(v reflect.Value, levels int) bool {
	if levels == 0 {
		return true
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		return !v.IsNil() && isDeep(v.Elem(), levels-1)
	case reflect.Slice, reflect.Array:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return false
		}
		for i := range v.Len() {
			if isDeep(v.Index(i), levels-1) {
				return true
			}
		}
	case reflect.Map:
		for it := v.MapRange(); it.Next(); {
			if isDeep(it.Key(), levels-1) || isDeep(it.Value(), levels-1) {
				return true
			}
		}
	case reflect.Struct:
		if marshalsItself(v.Type()) {
			return false
		}
		for f, field := range v.Fields() { // those that are written
			if (f.IsExported() || f.Anonymous) && f.Tag.Get("msgpack") != "-" && isDeep(field, levels-1) {
				return true
			}
		}
	default: // nothing stands in it
	}
	return false
}
