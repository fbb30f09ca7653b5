package wire_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/dovetail-crdt/dovetail/clock/wire"
)

func TestUvarintRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, hex string }{
		{"empty", ""},
		{"zero in two bytes", "8000"},
		{"one in two bytes", "8100"},
		{"127 in two bytes", "ff00"},
		{"zero in three bytes", "808000"},
		{"zero in ten bytes", "80808080808080808000"},
		{"65 bits", "ffffffffffffffffff02"},
		{"eleven bytes", "8080808080808080808001"},
		{"unending", "ffffffffffffffffffffffffffffffff"},
		{"cut", "80"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := wire.NewReader(unhex(tt.hex))
			if got := r.Uvarint(); got != 0 || !errors.Is(r.Err(), wire.ErrCorrupt) {
				t.Errorf("Uvarint(%s) = %v, %v, want 0 and ErrCorrupt", tt.hex, got, r.Err())
			}
			r = wire.NewReader(unhex(tt.hex))
			if got := r.Varint(); got != 0 || !errors.Is(r.Err(), wire.ErrCorrupt) {
				t.Errorf("Varint(%s) = %v, %v, want 0 and ErrCorrupt", tt.hex, got, r.Err())
			}
		})
	}
}

func TestCount(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		hex  string
		size int
		want int // -1 if it is refused
	}{
		{"00", 1, 0},
		{"01 aa", 1, 1},
		{"02 aa", 1, -1},
		{"02 aaaa aaaa", 2, 2},
		{"02 aaaa aa", 2, -1},
		{"01 aa", 9, -1},
		{"00", 9, 0},
		{"ffffffffffffffffff01 aa", 1, -1},
		{"80808080808080808001 aa", 1, -1}, // 1<<63, negative as an int
		{"8080808010 aa", 1, -1},           // 1<<32, zero as a 32-bit int
		{"8100 aa", 1, -1},
		{"", 1, -1},
	} {
		r := wire.NewReader(unhex(tt.hex))
		got := r.Count(tt.size)
		if got != max(tt.want, 0) || errors.Is(r.Err(), wire.ErrCorrupt) != (tt.want < 0) {
			t.Errorf("Count(%s, size %d) = %v, %v, want %v", tt.hex, tt.size, got, r.Err(), tt.want)
		}
	}
}

func TestNext(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		n    int
		want string
		ok   bool
	}{
		{0, "", true},
		{2, "bc", true},
		{3, "bcd", true},
		{4, "", false},
		{-1, "", false},
	} {
		r := wire.NewReader([]byte("abcd"))
		r.Byte()
		if got := r.Next(tt.n); string(got) != tt.want || (r.Err() == nil) != tt.ok {
			t.Errorf("Next(%d) of bcd = %q, %v, want %q, no error %v", tt.n, got, r.Err(), tt.want, tt.ok)
		}
	}
}

// TestNextHasNoRoom checks that appending to a field does not write over the
// field behind it.
func TestNextHasNoRoom(t *testing.T) {
	t.Parallel()
	in := []byte("abcd")
	r := wire.NewReader(in)
	if got := append(r.Next(2), 'x'); string(got) != "abx" || string(in) != "abcd" {
		t.Errorf("append(Next(2)) = %q and input %q, want abx and abcd", got, in)
	}
	if got := r.Next(2); string(got) != "cd" {
		t.Errorf("Next(2) = %q, want cd", got)
	}
}

// TestFirstFaultSticks reads on behind a fault: all fields are zero, the error
// stays the first one, and nothing moves.
func TestFirstFaultSticks(t *testing.T) {
	t.Parallel()
	in := bytes.Repeat([]byte{1}, 40)
	r := wire.NewReader(in)
	r.Next(3)
	r.Failf("first")
	first := r.Err()
	r.Failf("second")
	for name, zero := range map[string]bool{
		"Byte":    r.Byte() == 0,
		"Uvarint": r.Uvarint() == 0,
		"Varint":  r.Varint() == 0,
		"Uint64":  r.Uint64() == 0,
		"Count":   r.Count(1) == 0,
		"Next":    len(r.Next(1)) == 0,
		"Bytes":   len(r.Bytes()) == 0,
	} {
		if !zero {
			t.Errorf("%s behind a fault is not zero", name)
		}
	}
	if !errors.Is(r.Err(), first) || !errors.Is(r.Done(), first) {
		t.Errorf("Err() = %v, Done() = %v, want %v", r.Err(), r.Done(), first)
	}
	if r.Offset() != 3 || r.Len() != 0 {
		t.Errorf("offset %d with %d left behind a fault, want 3 with 0", r.Offset(), r.Len())
	}
	if !bytes.Equal(in, bytes.Repeat([]byte{1}, 40)) {
		t.Errorf("input changed to %x", in)
	}
}

func TestDone(t *testing.T) {
	t.Parallel()
	var zero wire.Reader
	if err := zero.Done(); err != nil {
		t.Errorf("zero Reader: Done() = %v, want nil", err)
	}
	r := wire.NewReader([]byte{1, 2})
	r.Byte()
	if r.Err() != nil || r.Len() != 1 || r.Offset() != 1 {
		t.Errorf("after a byte: %v, %d left, offset %d, want nil, 1, 1", r.Err(), r.Len(), r.Offset())
	}
	if err := r.Done(); !errors.Is(err, wire.ErrCorrupt) {
		t.Errorf("Done() with a byte left = %v, want ErrCorrupt", err)
	}
}
