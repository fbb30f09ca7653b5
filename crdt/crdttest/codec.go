package crdttest

import (
	"bytes"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/dovetail-crdt/dovetail/crdt"
)

// CodecLaws checks what the identity of elements, keys and values rests on, with
// values of gen, which c must accept: that one value has one encoding, which
// decodes to a value with the same encoding; that Decode keeps no reference to its
// input; that no bytes make it panic; that it accepts none but those that encode
// to themselves; and that Check, if there is one, accepts what Decode accepts.
func CodecLaws[E any](t *testing.T, c crdt.Codec[E], gen *rapid.Generator[E]) {
	t.Helper()
	rapid.Check(t, func(t *rapid.T) {
		v := gen.Draw(t, "value")
		raw, err := c.Append([]byte("head"), v)
		if err != nil || !bytes.HasPrefix(raw, []byte("head")) {
			t.Fatalf("%s: Append to head of %v = %x, %v", c.Name, v, raw, err)
		}
		raw = raw[4:]
		for range 4 { // the order of a small map is often the same
			if again, err := c.Append(nil, v); err != nil || !bytes.Equal(again, raw) {
				t.Fatalf("%s: %v encodes as\n%x and as\n%x (%v)", c.Name, v, raw, again, err)
			}
		}
		if !checkDecode(t, c, raw) {
			t.Fatalf("%s: Decode refuses what Append wrote: %x", c.Name, raw)
		}
		checkDecode(t, c, damage(t, raw))
		checkDecode(t, c, swapped(t, raw))
		checkDecode(t, c, slices.Concat(raw, raw))
		checkDecode(t, c, rapid.SliceOfN(rapid.Byte(), 0, 24).Draw(t, "noise"))
	})
}

// checkDecode reports whether c accepts raw, having checked that it means it.
func checkDecode[E any](t *rapid.T, c crdt.Codec[E], raw []byte) bool {
	in := bytes.Clone(raw)
	v, err := c.Decode(in)
	if c.Check != nil {
		if verdict := c.Check(in); (verdict == nil) != (err == nil) {
			t.Fatalf("%s: of %x Check says %v, Decode %v", c.Name, raw, verdict, err)
		}
	}
	if !bytes.Equal(in, raw) {
		t.Fatalf("%s: Decode or Check changed its input", c.Name)
	}
	if err != nil {
		return false
	}
	for i := range in {
		in[i] = ^in[i]
	}
	if again, err := c.Append(nil, v); err != nil || !bytes.Equal(again, raw) {
		t.Fatalf("%s: Decode accepts\n%x, which encodes as\n%x (%v), or it keeps its input", c.Name, raw, again, err)
	}
	return true
}
