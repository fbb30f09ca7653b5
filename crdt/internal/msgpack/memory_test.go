package msgpack_test

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"reflect"
	"testing"
)

// maxPerByte bounds what reading allocates for a byte, beside maxSmall.
const (
	maxPerByte = 128
	maxSmall   = 8 << 10
)

// many is an array of n elements.
func many(n uint16, elem string) []byte {
	b := binary.BigEndian.AppendUint16([]byte{0xdc}, n)
	return append(b, bytes.Repeat([]byte(elem), int(n))...)
}

// What is read takes 128 bytes for each byte at most, also of bytes that are made to
// take much: elements of a byte or few. The library alone takes 81 for an empty map in
// a list, since it makes lists twice, and 380 for a map of three bytes.
func TestMemoryIsInProportion(t *testing.T) {
	const n = 5000
	type key struct {
		_msgpack struct{} `msgpack:",as_array"` //nolint:unused // it is an option
		A, B     int8
	}
	for _, tt := range []struct {
		of   reflect.Type
		elem string
		fine bool // is read
	}{
		{reflect.TypeFor[[]any](), "\xc0", true},
		{reflect.TypeFor[[]any](), "\x01", true},
		{reflect.TypeFor[[]any](), "\xa0", true},
		{reflect.TypeFor[[]any](), "\xa1a", true},
		{reflect.TypeFor[[]any](), "\x90", true},
		{reflect.TypeFor[[]any](), "\x80", true},
		{reflect.TypeFor[[]any](), "\xc4\x00", true},
		{reflect.TypeFor[[]any](), "\xcd\x01\x00", true},
		{reflect.TypeFor[[]any](), "\xd6\xff\x00\x00\x00\x00", true},
		{reflect.TypeFor[[]any](), "\x92\x80\x80", true},
		{reflect.TypeFor[[]any](), "\x81\xa0\xc0", false},
		{reflect.TypeFor[[]any](), "\x81\xa0\xa1a", true},
		{reflect.TypeFor[[]any](), "\x81\x01\xa1a", true},
		{reflect.TypeFor[any](), "\x91\x90", true},
		{reflect.TypeFor[[]any](), "\x92\x81\x01\xc0\x80", true},
		{reflect.TypeFor[[]any](), "\x96\x81\x01\xc0\x81\x01\xc0\x81\x01\xc0\x80\x80\x80", true},
		{reflect.TypeFor[[]string](), "\xa0", true},
		{reflect.TypeFor[[]string](), "\xa1a", true},
		{reflect.TypeFor[[][]byte](), "\xc0", true},
		{reflect.TypeFor[[][]byte](), "\xc4\x00", true},
		{reflect.TypeFor[[][]string](), "\x90", true},
		{reflect.TypeFor[[][]string](), "\x91\xa0", true},
		{reflect.TypeFor[[]*int](), "\x01", true},
		{reflect.TypeFor[[]*[4]bool](), "\x94\xc2\xc2\xc2\xc2", true},
		{reflect.TypeFor[[]map[string]any](), "\xc0", true},
		{reflect.TypeFor[[]map[string]any](), "\x80", true},
		{reflect.TypeFor[[]map[string]any](), "\x81\xa1a\x01", true},
		{reflect.TypeFor[[]map[string]any](), "\x81\xa0\xc0", false},
		{reflect.TypeFor[[]map[string]string](), "\x81\xa0\xa1a", true},
		{reflect.TypeFor[[]map[string]int](), "\x81\xa1a\x01", true},
		{reflect.TypeFor[[]map[int8]bool](), "\x81\xd0\x80\xc2", true},
		{reflect.TypeFor[[]map[any]any](), "\x81\xa1a\x01", true},
		{reflect.TypeFor[[]map[any]any](), "\x81\xcc\x80\xc0", true},
		{reflect.TypeFor[[]map[key]string](), "\x81\x92\x01\x02\xa0", true},
		{reflect.TypeFor[[]map[string]struct{}](), "\x81\xa1a\x80", true},
		{reflect.TypeFor[[]struct{}](), "\x80", true},
		{reflect.TypeFor[[]struct{ A []any }](), "\x81\xa1A\x90", true},
		{reflect.TypeFor[[]struct {
			A, B *int `msgpack:",omitempty"`
		}](), "\x80", true},
		{reflect.TypeFor[[]key](), "\x92\x01\x02", true},
		{reflect.TypeFor[[]netip.Addr](), "\xc4\x04\x01\x02\x03\x04", true},
		{reflect.TypeFor[[]netip.Addr](), "\xc4\x00", true},
	} {
		typ, b := typeOf(t, tt.of), many(n, tt.elem)
		var err error
		got := allocated(func() { err = typ.Decode(b, reflect.New(tt.of).Elem()) })
		if perByte := float64(got) / float64(len(b)); perByte > maxPerByte || (err == nil) != tt.fine {
			t.Errorf("%d of %x as %v allocate %.0f bytes for a byte: %v", n, tt.elem, tt.of, perByte, err)
		} else {
			t.Logf("%d of %x as %v allocate %.0f bytes for a byte", n, tt.elem, tt.of, perByte)
		}
	}
}
