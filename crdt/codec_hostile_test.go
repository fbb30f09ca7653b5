package crdt_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/dovetail-crdt/dovetail/crdt"
)

// Bytes that no encoder wrote are ErrCorrupt, whatever the Go type they are read as:
// no panic, and no memory beyond a multiple of their length.
func TestMsgPackHostileBytes(t *testing.T) {
	type due struct{ Due time.Time }
	for _, tt := range []struct {
		name   string
		in     string
		decode func([]byte) error
	}{
		{"map behind the header of an extension", "\xc7\x05\x01\xdf\x00\x0f\xff\xff", decoding[map[string]any]},
		{"the same below a map", "\x81\xa1a\xc7\x05\x01\xdf\x00\x0f\xff\xff", decoding[map[string]map[string]any]},
		{"nil as a time", "\xc0", decoding[time.Time]},
		{"nil as a time in a struct", "\x81\xa3Due\xc0", decoding[due]},
		{"map as a key", "\x81\x80\x01", decoding[map[any]any]},
		{"array as a key", "\x81\x90\x01", decoding[map[any]int]},
		{"bytes as a key", "\x81\xc4\x01a\x01", decoding[map[any]int]},
		{"map as a key below an interface", "\x81\xa1a\x81\x80\x01", decoding[map[string]any]},
		{"array in a key", "\x81\x91\x90\x01", decoding[map[[1]any]int]},
		{"time of another length", "\xd5\xff\x00\x00", decoding[time.Time]},
		{"extension that is no time", "\xd6\x01\x00\x00\x00\x00", decoding[any]},
		{"nil as a number", "\xc0", decoding[int]},
		{"number that does not fit", "\xcd\x01\x00", decoding[uint8]},
		{"more elements than the array has", "\x92\x01\x02", decoding[[1]int]},
		{"fewer elements than the array has", "\x91\x01", decoding[[2]int]},
	} {
		func() {
			defer func() {
				if r := recover(); r != nil {
					t.Errorf("%s: Decode(%x) panics: %v", tt.name, tt.in, r)
				}
			}()
			var err error
			n := allocated(func() { err = tt.decode([]byte(tt.in)) })
			if !errors.Is(err, crdt.ErrCorrupt) || n > 1<<16 {
				t.Errorf("%s: Decode(%x) = %v, want ErrCorrupt, and allocates %d bytes", tt.name, tt.in, err, n)
			}
		}()
	}
}

// A Go type of which values would not come back as they were is refused where the
// codec is made.
func TestMsgPackRefusesTypes(t *testing.T) {
	t.Parallel()
	type secret struct{ hidden int }
	type stamped struct {
		time.Time
		Note string
	}
	_ = secret{}.hidden
	for name, of := range map[string]func(){
		"a channel":                        func() { crdt.MsgPack[chan int]("x") },
		"a function in a struct":           func() { crdt.MsgPack[struct{ F func() }]("x") },
		"an interface with methods":        func() { crdt.MsgPack[struct{ S fmt.Stringer }]("x") },
		"an error":                         func() { crdt.MsgPack[[]error]("x") },
		"a complex number":                 func() { crdt.MsgPack[complex128]("x") },
		"an address":                       func() { crdt.MsgPack[uintptr]("x") },
		"a field that nobody can set":      func() { crdt.MsgPack[secret]("x") },
		"a field that hides the others":    func() { crdt.MsgPack[stamped]("x") },
		"a pointer to a pointer":           func() { crdt.MsgPack[**int]("x") },
		"a pointer as a key":               func() { crdt.MsgPack[map[*int]int]("x") },
		"two fields of one name":           func() { crdt.MsgPack[twoNames]("x") },
		"a method of the MessagePack kind": func() { crdt.MsgPack[lower]("x") },
		"no name":                          func() { crdt.MsgPack[int]("") },
	} {
		panics(t, name, "crdt: ", of)
	}
}

type twoNames struct {
	A int `msgpack:"x"`
	B int `msgpack:"x"`
}
