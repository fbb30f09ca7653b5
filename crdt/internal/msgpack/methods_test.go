package msgpack_test

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt/internal/msgpack"
)

// lower marshals itself, and is read in lower case. It panics at "!".
type lower string

func (l lower) MarshalText() ([]byte, error) {
	if l == "?" {
		panic("asked")
	}
	return []byte(l), nil
}

func (l *lower) UnmarshalText(b []byte) error {
	switch string(b) {
	case "!":
		panic("shouted at")
	case ".":
		return errors.New("a stop")
	}
	*l = lower(bytes.ToLower(b))
	return nil
}

// even is empty if it is 0 or another even number.
type even int

func (e even) IsZero() bool { return e%2 == 0 }

type parity struct {
	N even `msgpack:",omitempty"`
}

type optional struct {
	Any  any        `msgpack:",omitempty"`
	Due  *time.Time `msgpack:",omitempty"`
	Line line       `msgpack:",omitempty"`
	Two  [2]int     `msgpack:",omitempty"`
	N    *int       `msgpack:",omitempty"`
}

// What the methods of a type do not read back has no bytes, and bytes that they do not
// read, or read as something else, are corrupt. Their panics are errors.
func TestMethodsAreChecked(t *testing.T) {
	t.Parallel()
	zero, four := 0, 4
	for _, tt := range []struct {
		v    any
		want string // no bytes if it is empty
	}{
		{lower("eur"), "\xc4\x03eur"},
		{lower("EUR"), ""},
		{lower("!"), ""},
		{lower("?"), ""},
		{lower("."), ""},
		{map[lower]int{"a": 1}, "\x81\xc4\x01a\x01"},
		{map[lower]int{"A": 1}, ""},
		{struct{ time.Time }{}, "\xc4\x0f\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff"},
		{parity{3}, "\x81\xa1N\x03"},
		{parity{0}, "\x80"},
		{parity{2}, "\x80"}, // it says that it is nothing
		{optional{}, "\x82\xa3Two\x92\x00\x00\xa4Line\x82\xa4Item\xa0\xa5Price\x92\x00\x00"},
		{optional{N: &zero, Line: line{Item: "x"}}, "\x83\xa1N\x00\xa3Two\x92\x00\x00\xa4Line\x82\xa4Item\xa1x\xa5Price\x92\x00\x00"},
		{optional{Any: 0}, "\x82\xa3Two\x92\x00\x00\xa4Line\x82\xa4Item\xa0\xa5Price\x92\x00\x00"},
		{optional{Any: &four, Due: new(time.Time)}, "\x83\xa3Any\x04\xa3Two\x92\x00\x00\xa4Line\x82\xa4Item\xa0\xa5Price\x92\x00\x00"},
		{optional{Any: &zero}, ""},
		{map[string]any{"f": lower("X")}, "\x81\xa1f\xc4\x01X"},
		{map[string]any{"m": map[any]int{1: 1, "x": 2}}, ""},
		{map[string]any{"m": map[any]int{1: 1, true: 2}}, "\x81\xa1m\x82\x01\x01\xc3\x02"},
		{map[any]int{1: 1, "x": 2}, "\x82\x01\x01\xa1x\x02"},
	} {
		v := reflect.New(reflect.TypeOf(tt.v)).Elem()
		v.Set(reflect.ValueOf(tt.v))
		typ := typeOf(t, v.Type())
		got, err := typ.Append(nil, v)
		if string(got) != tt.want || (err == nil) != (tt.want != "") {
			t.Errorf("Append(%#v) = %q, %v, want %q", tt.v, got, err, tt.want)
			continue
		}
		if err == nil {
			checkRead(t, typ, v.Type(), got)
		}
	}
	for _, tt := range []struct {
		of reflect.Type
		in string
	}{
		{reflect.TypeFor[lower](), "\xc4\x01!"},
		{reflect.TypeFor[lower](), "\xc4\x01A"},
		{reflect.TypeFor[lower](), "\xc4\x01."},
		{reflect.TypeFor[lower](), "\xa1a"},
		{reflect.TypeFor[parity](), "\x81\xa1N\x02"},
		{reflect.TypeFor[optional](), "\x83\xa3Any\x00\xa3Two\x92\x00\x00\xa4Line\x82\xa4Item\xa0\xa5Price\x92\x00\x00"},
		{reflect.TypeFor[map[lower]int](), "\x82\xc4\x01A\x01\xc4\x01a\x01"},
	} {
		typ := typeOf(t, tt.of)
		check, decode := typ.Check([]byte(tt.in)), typ.Decode([]byte(tt.in), reflect.New(tt.of).Elem())
		if !errors.Is(check, clock.ErrCorrupt) || !errors.Is(decode, clock.ErrCorrupt) {
			t.Errorf("%v: of %q Check says %v, Decode %v", tt.of, tt.in, check, decode)
		}
	}
}

type embedsPointer struct{ *line }

type hidden struct {
	X    int `msgpack:"line"`
	line `msgpack:"line"`
}

type onlyReads struct{ N int }

func (*onlyReads) UnmarshalText([]byte) error { return nil }

// A type is refused if the library would write it as something else than it reads.
func TestRefusedTypes(t *testing.T) {
	t.Parallel()
	for want, of := range map[string]reflect.Type{
		"embedded pointer line":     reflect.TypeFor[embedsPointer](),
		"two fields of one name":    reflect.TypeFor[hidden](),
		"unmarshal and not marshal": reflect.TypeFor[[]onlyReads](),
		"written as an array": reflect.TypeFor[struct {
			_msgpack struct{} `msgpack:",as_array"`
			N        int      `msgpack:",omitempty"`
		}](),
		`"n,alias:m", which is not understood`: reflect.TypeFor[struct {
			N int `msgpack:"n,alias:m"`
		}](),
		`"alias:m", which is not understood`: reflect.TypeFor[struct {
			N int `msgpack:"alias:m"`
		}](),
	} {
		if _, err := msgpack.Of(of); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want an error about %s", of, err, want)
		}
	}
}
