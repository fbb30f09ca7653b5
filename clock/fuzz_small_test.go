package clock_test

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/dovetail-crdt/dovetail/clock"
)

// FuzzSmall reads the types of fixed parts, in bytes and in text.
func FuzzSmall(f *testing.F) {
	for _, tt := range goldens {
		f.Add(unhex(tt.hex))
	}
	for _, tt := range hostiles {
		f.Add(unhex(tt.hex))
	}
	f.Add([]byte("00000000000000ff"))
	f.Add([]byte("00000000000000FF"))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, v := range []codec{new(clock.ReplicaID), &clock.Dot{}, new(clock.Ordering), new(clock.Timestamp)} {
			decodes(t, v, b)
		}
		h := clock.NewHLC(func() time.Time { return time.UnixMilli(1) }, 0)
		if err := h.UnmarshalBinary(b); err != nil && !errors.Is(err, clock.ErrCorrupt) {
			t.Fatalf("HLC: UnmarshalBinary(%x) = %v, want ErrCorrupt", b, err)
		}
		if id, err := clock.ParseReplicaID(string(b)); err == nil && id.String() != string(b) {
			t.Fatalf("ParseReplicaID(%q) = %v", b, id)
		} else if err != nil && !errors.Is(err, clock.ErrCorrupt) {
			t.Fatalf("ParseReplicaID(%q) = %v, want ErrCorrupt", b, err)
		}
		var tok clock.Token
		if tok.UnmarshalText(b) == nil {
			if text, err := tok.MarshalText(); err != nil || !bytes.Equal(text, b) {
				t.Fatalf("token of text %q has text %q (%v)", b, text, err)
			}
		}
	})
}
