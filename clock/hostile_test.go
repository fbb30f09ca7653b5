package clock_test

import (
	"bytes"
	"errors"
	"runtime"
	"slices"
	"testing"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/clock/wire"
)

const (
	id1       = "0000000000000001 "
	id2       = "0000000000000002 "
	above     = "80808080808080808001" // MaxSeq+1
	overflow  = "ffffffffffffffffff02" // 65 bits
	unending  = "ffffffffffffffffffffff01"
	hugeCount = "ffffffffffffffffff01"
)

// hostiles are bytes that no encoder wrote, beyond the ones that TestCut and
// TestTrailing make of every golden. The value is what the receiver holds.
// Overlapping, adjacent and unsorted intervals have no bytes: a Context writes
// distances.
var hostiles = []struct {
	name  string
	value codec
	hex   string
}{
	{"replica/zero", new(clock.ReplicaID(5)), "0000000000000000"},
	{"dot/zero replica", &clock.Dot{Replica: 5, Seq: 5}, "0000000000000000 01"},
	{"dot/number zero", &clock.Dot{Replica: 5, Seq: 5}, id1 + "00"},
	{"dot/long number", &clock.Dot{Replica: 5, Seq: 5}, id1 + "8100"},
	{"dot/number above largest", &clock.Dot{Replica: 5, Seq: 5}, id1 + above},
	{"dot/number of 65 bits", &clock.Dot{Replica: 5, Seq: 5}, id1 + overflow},
	{"dot/unending number", &clock.Dot{Replica: 5, Seq: 5}, id1 + unending},
	{"event/zero replica", &someEvent, "0000000000000000 01 01 00"},
	{"event/number zero", &someEvent, id1 + "00 00 00"},
	{"event/claims itself", &someEvent, id1 + "05 00 00"},
	{"event/claims before zero", &someEvent, id1 + "05 06 00"},
	{"event/claim wraps", &someEvent, id1 + "05" + hugeCount + "00"},
	{"event/long claim", &someEvent, id1 + "05 8100 00"},
	{"event/long time", &someEvent, id1 + "05 01 8000"},
	{"event/time of 65 bits", &someEvent, id1 + "05 01" + overflow},
	{"ordering/unknown", new(clock.After), "04"},
	{"ordering/negative", new(clock.After), "ff"},
	{"vector/zero replica", vec("5:5"), "01 0000000000000000 01"},
	{"vector/number zero", vec("5:5"), "01" + id1 + "00"},
	{"vector/number above largest", vec("5:5"), "01" + id1 + above},
	{"vector/long number", vec("5:5"), "01" + id1 + "8100"},
	{"vector/long count", vec("5:5"), "8100" + id1 + "01"},
	{"vector/unsorted", vec("5:5"), "02" + id2 + "01" + id1 + "01"},
	{"vector/twice", vec("5:5"), "02" + id1 + "01" + id1 + "02"},
	{"vector/huge count", vec("5:5"), hugeCount + id1 + "01"},
	{"vector/one too many", vec("5:5"), "02" + id1 + "01"},
	{"context/zero replica", ctx("5:5"), "01 0000000000000000 01 0000"},
	{"context/no interval", ctx("5:5"), "01" + id1 + "00"},
	{"context/no interval but bytes", ctx("5:5"), "01" + id1 + "00 0000"},
	{"context/unsorted", ctx("5:5"), "02" + id2 + "01 0000" + id1 + "01 0000"},
	{"context/twice", ctx("5:5"), "02" + id1 + "01 0000" + id1 + "01 0500"},
	{"context/long count", ctx("5:5"), "8100" + id1 + "01 0000"},
	{"context/long interval count", ctx("5:5"), "01" + id1 + "8100 0000"},
	{"context/long distance", ctx("5:5"), "01" + id1 + "01 8000 00"},
	{"context/long length", ctx("5:5"), "01" + id1 + "01 00 8000"},
	{"context/huge count", ctx("5:5"), hugeCount + id1 + "01 0000"},
	{"context/huge interval count", ctx("5:5"), "01" + id1 + hugeCount + "0000 0000"},
	{"context/starts above largest", ctx("5:5"), "01" + id1 + "01 ffffffffffffffff7f 00"},
	{"context/ends above largest", ctx("5:5"), "01" + id1 + "01 00 ffffffffffffffff7f"},
	{"context/ends just above largest", ctx("5:5"), "01" + id1 + "01 01 feffffffffffffff7f"},
	{"context/length wraps", ctx("5:5"), "01" + id1 + "01 01" + hugeCount},
	{"context/distance wraps", ctx("5:5"), "01" + id1 + "02 0000 " + hugeCount + "00"},
	{"context/behind the largest", ctx("5:5"), "01" + id1 + "02 00 feffffffffffffff7f 0000"},
	{"context/just behind the largest", ctx("5:5"), "01" + id1 + "02 00 fdffffffffffffff7f 0000"},
	{"context/sum above largest", ctx("5:5"), "01" + id1 + "02 0000 fdffffffffffffff7f 00"},
}

var someEvent = clock.Event{Dot: clock.Dot{Replica: 5, Seq: 5}, After: 3, Time: 9}

// refuse checks that v refuses b with ErrCorrupt and stays as it is.
func refuse(t *testing.T, v codec, b []byte) {
	t.Helper()
	was, in := mustEncode(t, v), slices.Clone(b)
	if err := v.UnmarshalBinary(b); !errors.Is(err, clock.ErrCorrupt) {
		t.Errorf("%T: UnmarshalBinary(%x) = %v, want ErrCorrupt", v, b, err)
	}
	if got := mustEncode(t, v); !bytes.Equal(got, was) {
		t.Errorf("%T: UnmarshalBinary(%x) left %x, want %x as before", v, b, got, was)
	}
	if !bytes.Equal(b, in) {
		t.Errorf("%T: UnmarshalBinary(%x) changed its argument to %x", v, in, b)
	}
}

func TestHostile(t *testing.T) {
	t.Parallel()
	for _, tt := range hostiles {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			refuse(t, tt.value, unhex(tt.hex))
		})
	}
}

// TestHostileOffset checks what the package promises of every refusal.
func TestHostileOffset(t *testing.T) {
	t.Parallel()
	for _, tt := range hostiles {
		b := unhex(tt.hex)
		var e *wire.Error
		if err := zero(tt.value).UnmarshalBinary(b); !errors.As(err, &e) {
			t.Errorf("%s: UnmarshalBinary(%x) = %v, want an error that names the offset", tt.name, b, err)
		} else if e.Offset < 0 || e.Offset > len(b) || e.What == "" {
			t.Errorf("%s: UnmarshalBinary(%x) = %v, want an offset in 0..%d and a reason", tt.name, b, err, len(b))
		}
	}
}

// isToken reports whether v is a token: its own decoder takes any bytes, and
// only Open refuses them.
func isToken(v codec) bool { _, ok := v.(*clock.Token); return ok }

func TestCut(t *testing.T) {
	t.Parallel()
	for _, tt := range goldens {
		if b := unhex(tt.hex); !isToken(tt.value) {
			for n := range b {
				refuse(t, copyOf(t, tt.value), b[:n:n])
			}
		}
	}
}

func TestTrailing(t *testing.T) {
	t.Parallel()
	for _, tt := range goldens {
		if b := unhex(tt.hex); !isToken(tt.value) {
			refuse(t, copyOf(t, tt.value), append(b, 0))
			refuse(t, copyOf(t, tt.value), append(b, b...))
		}
	}
}

// copyOf returns a value like v that a test may decode into.
func copyOf(t *testing.T, v codec) codec {
	t.Helper()
	c := zero(v)
	if err := c.UnmarshalBinary(mustEncode(t, v)); err != nil {
		t.Fatalf("%T %v does not decode: %v", v, v, err)
	}
	return c
}

// TestHostileMemory bounds what a decoder allocates for bytes that it refuses:
// counts are the sender's, memory is ours. Not parallel, it counts bytes.
func TestHostileMemory(t *testing.T) {
	padding := make([]byte, 4096)
	for i := range padding {
		padding[i] = 0xff
	}
	for _, tt := range hostiles {
		b := append(unhex(tt.hex), padding...)
		if got, limit := allocated(func() { _ = tt.value.UnmarshalBinary(b) }), uint64(16*len(b)); got > limit {
			t.Errorf("%s: %d bytes allocated for %d bytes of input, want at most %d", tt.name, got, len(b), limit)
		}
	}
}

func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}
