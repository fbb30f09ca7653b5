package clock_test

import (
	"bytes"
	"errors"
	"reflect"
	"testing"

	"github.com/dovetail-crdt/dovetail/clock"
)

// seed adds the goldens and hostile inputs of v's type to the corpus.
func seed(f *testing.F, v codec) {
	f.Helper()
	for _, tt := range goldens {
		if reflect.TypeOf(tt.value) == reflect.TypeOf(v) {
			f.Add(unhex(tt.hex))
		}
	}
	for _, tt := range hostiles {
		if reflect.TypeOf(tt.value) == reflect.TypeOf(v) {
			f.Add(unhex(tt.hex))
		}
	}
}

// decodes reads b into v. It checks that a refusal matches ErrCorrupt, and that
// accepted bytes are the ones v has: the encoding is canonical.
func decodes(t *testing.T, v codec, b []byte) bool {
	t.Helper()
	in := bytes.Clone(b)
	err := v.UnmarshalBinary(b)
	if !bytes.Equal(in, b) {
		t.Fatalf("%T: UnmarshalBinary(%x) changed its argument to %x", v, in, b)
	}
	if err != nil {
		if !errors.Is(err, clock.ErrCorrupt) {
			t.Fatalf("%T: UnmarshalBinary(%x) = %v, want ErrCorrupt", v, b, err)
		}
		return false
	}
	if again := mustEncode(t, v); !bytes.Equal(again, b) {
		t.Fatalf("%T: UnmarshalBinary(%x) = %v, which has bytes %x", v, b, v, again)
	}
	return true
}

func FuzzContext(f *testing.F) {
	seed(f, &clock.Context{})
	f.Fuzz(func(t *testing.T, b []byte) {
		var c clock.Context
		if !decodes(t, &c, b) {
			return
		}
		if err := clock.CheckContext(&c); err != nil {
			t.Fatalf("UnmarshalBinary(%x): %v", b, err)
		}
		var again clock.Context
		for id, in := range c.Intervals() {
			if !again.AddRange(id, in) {
				t.Fatalf("%v yields %v of %v twice", &c, in, id)
			}
		}
		if !again.Equal(&c) {
			t.Fatalf("intervals of %v make %v", &c, &again)
		}
	})
}

func FuzzVector(f *testing.F) {
	seed(f, &clock.Vector{})
	f.Fuzz(func(t *testing.T, b []byte) {
		var v clock.Vector
		if !decodes(t, &v, b) {
			return
		}
		if err := clock.CheckVector(&v); err != nil {
			t.Fatalf("UnmarshalBinary(%x): %v", b, err)
		}
	})
}

func FuzzEvent(f *testing.F) {
	seed(f, &clock.Event{})
	f.Fuzz(func(t *testing.T, b []byte) {
		var e clock.Event
		if !decodes(t, &e, b) {
			return
		}
		if !e.IsValid() {
			t.Fatalf("UnmarshalBinary(%x) = %+v, which is not valid", b, e)
		}
		var d clock.Dot
		if dot := mustEncode(t, &e.Dot); !bytes.HasPrefix(b, dot) || !decodes(t, &d, dot) || d != e.Dot {
			t.Fatalf("event %x with dot %v does not start with its bytes %x", b, e.Dot, dot)
		}
	})
}

// FuzzToken opens arbitrary bytes under a fixed key. What opens must be what
// SealToken makes of the context; the fuzzer cannot forge any other.
func FuzzToken(f *testing.F) {
	seed(f, &clock.Token{})
	f.Add(forge([]byte{2, 0}))
	f.Add(forge([]byte{1, 0, 0}))
	one := unhex("01" + id1 + "01 0000")
	f.Add(forge(append(append([]byte{2}, one...), one...)))
	f.Fuzz(func(t *testing.T, b []byte) {
		var tok clock.Token
		if err := tok.UnmarshalBinary(b); err != nil {
			if len(b) <= clock.MaxTokenBytes || !errors.Is(err, clock.ErrToken) {
				t.Fatalf("UnmarshalBinary(%d bytes) = %v", len(b), err)
			}
			return
		}
		if raw := mustEncode(t, &tok); !bytes.Equal(raw, b) {
			t.Fatalf("token of %x has bytes %x", b, raw)
		}
		c, err := tok.Open(tokenKey, "scope")
		switch {
		case tok.IsZero():
			if err != nil || !c.IsEmpty() {
				t.Fatalf("zero token: Open() = %v, %v, want the empty context", c, err)
			}
		case err != nil:
			if !errors.Is(err, clock.ErrToken) || c != nil {
				t.Fatalf("Open(%x) = %v, %v, want ErrToken", b, c, err)
			}
		default:
			applied, err := tok.OpenApplied(tokenKey, "scope")
			if err != nil || !c.Covers(applied) {
				t.Fatalf("token %x opens as %v, of which was applied %v, %v", b, c, applied, err)
			}
			if sealed, err := clock.SealTokenExcept(tokenKey, "scope", c, c.Minus(applied)); err != nil || sealed != tok {
				t.Fatalf("token %x opens as %v, which is sealed as %v, %v", b, c, sealed, err)
			}
		}
	})
}
