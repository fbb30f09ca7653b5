package clock_test

import (
	"bytes"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"weak"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/clock/wire"
)

func event(id clock.ReplicaID, seq, after uint64) clock.Event {
	return clock.Event{Dot: clock.Dot{Replica: id, Seq: seq}, After: after}
}

// siblings returns what has the context that s spells, live at those dots
// (replica.number), each of which is its value.
func siblings(context string, live ...string) *clock.Siblings[string] {
	s, seen := &clock.Siblings[string]{}, ctx(context)
	for _, l := range live {
		var id, seq uint64
		if _, err := fmt.Sscanf(l, "%d.%d", &id, &seq); err != nil {
			panic(err)
		}
		one := &clock.Siblings[string]{}
		if err := one.Write(event(clock.ReplicaID(id), seq, seq-1), nil, l); err != nil {
			panic(err)
		}
		s.Merge(one)
		seen = seen.Minus(one.Context())
	}
	dead := &clock.Siblings[string]{}
	dead.Discard(seen)
	s.Merge(dead)
	return s
}

// show returns values and context of s.
func show(s *clock.Siblings[string]) string {
	return fmt.Sprintf("%v %v", slices.Collect(s.Values()), s.Context())
}

func appendString(b []byte, s string) ([]byte, error) { return append(b, s...), nil }

func readString(b []byte) (string, error) { return string(b), nil }

func encodeSiblings(t interface{ Fatal(...any) }, s *clock.Siblings[string]) []byte {
	b, err := s.AppendBinary(nil, appendString)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func decodeSiblings(b []byte) (*clock.Siblings[string], error) {
	r := wire.NewReader(b)
	s := clock.ReadSiblings(r, readString)
	return s, r.Done()
}

// siblingsGoldens pins the bytes, as goldens does.
var siblingsGoldens = []struct {
	name  string
	value *clock.Siblings[string]
	hex   string
}{
	{"empty", siblings(""), "00"},
	{"one", siblings("1:1", "1.1"), "01" + id1 + "01 0000 01 00 03 312e31"},
	{"dead", siblings("1:1-7"), "01" + id1 + "01 0006 00"},
	{
		"newest first", siblings("1:1-7,300", "1.300", "1.5", "1.4"),
		"01" + id1 + "02 0006 a30200 03 00 05 312e333030 a602 03 312e35 00 03 312e34",
	},
	{
		"two replicas", siblings("1:1-4 2:2", "1.3", "2.2"),
		"02" + id1 + "01 0003" + id2 + "01 0100 01 01 03 312e33 01 00 03 322e32",
	},
	{"none of the first", siblings("1:1 2:1", "2.1"), "02" + id1 + "01 0000" + id2 + "01 0000 00 01 00 03 322e31"},
	{"largest", siblings("1:max", "1.9223372036854775807"), "01" + id1 + "01 feffffffffffffff7f00 01 00 15 312e39323233333732303336383534373735383037"},
}

func TestSiblingsGolden(t *testing.T) {
	t.Parallel()
	for _, tt := range siblingsGoldens {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			want := unhex(tt.hex)
			for _, room := range []int{0, 99} {
				got, err := tt.value.AppendBinary(append(make([]byte, 0, 3+room), "abc"...), appendString)
				if err != nil || string(got[:3]) != "abc" || !bytes.Equal(got[3:], want) {
					t.Fatalf("AppendBinary(abc, %v) = %x, %v, want abc and %x", show(tt.value), got, err, want)
				}
			}
			back, err := decodeSiblings(want)
			if err != nil || !back.Equal(tt.value) || show(back) != show(tt.value) {
				t.Errorf("ReadSiblings(%x) = %v, %v, want %v", want, show(back), err, show(tt.value))
			}
			for n := range want {
				if s, err := decodeSiblings(want[:n:n]); !errors.Is(err, clock.ErrCorrupt) {
					t.Errorf("ReadSiblings(%x) = %v, %v, want ErrCorrupt", want[:n], show(s), err)
				}
			}
			if s, err := decodeSiblings(append(want, 0)); !errors.Is(err, clock.ErrCorrupt) {
				t.Errorf("ReadSiblings(%x, 0) = %v, %v, want ErrCorrupt", want, show(s), err)
			}
		})
	}
}

// TestSiblingsLongValue has a length of more than one byte.
func TestSiblingsLongValue(t *testing.T) {
	t.Parallel()
	for _, n := range []int{127, 128, 20000} {
		s := &clock.Siblings[string]{}
		long := strings.Repeat("ab", n)[:n]
		if err := s.Write(event(1, 1, 0), nil, long); err != nil {
			t.Fatal(err)
		}
		back, err := decodeSiblings(encodeSiblings(t, s))
		if err != nil || show(back) != show(s) {
			t.Errorf("value of %d bytes reads as %.20v, %v", n, show(back), err)
		}
	}
}

var siblingsHostiles = []struct{ name, hex string }{
	{"context", "01" + id1 + "00 00"},
	{"no count", "01" + id1 + "01 0003"},
	{"number zero", "01" + id1 + "01 0003 01 04 00"},
	{"number below zero", "01" + id1 + "01 0003 01 05 00"},
	{"distance wraps", "01" + id1 + "01 0003 01 ffffffffffffffffff01 00"},
	{"in a gap", "01" + id1 + "02 0000 0000 01 01 00"},
	{"below the first", "01" + id1 + "01 0300 01 01 00"},
	{"second below zero", "01" + id1 + "01 0003 02 02 00 01 00"},
	{"second wraps to the first", "01" + id1 + "01 0003 02 01 00 ffffffffffffffffff01 00"},
	{"second wraps above the first", "01" + id1 + "01 0003 02 01 00 feffffffffffffffff01 00"},
	{"huge count", "01" + id1 + "01 0003" + hugeCount + "00 00"},
	{"one too many", "01" + id1 + "01 0003 02 00 00"},
	{"long distance", "01" + id1 + "01 0003 01 8000 00"},
	{"long length", "01" + id1 + "01 0003 01 00 8000"},
	{"huge length", "01" + id1 + "01 0003 01 00" + hugeCount},
	{"value cut", "01" + id1 + "01 0003 01 00 02 61"},
}

func TestSiblingsHostile(t *testing.T) {
	t.Parallel()
	for _, tt := range siblingsHostiles {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := unhex(tt.hex)
			s, err := decodeSiblings(b)
			var e *wire.Error
			if !errors.Is(err, clock.ErrCorrupt) || !errors.As(err, &e) || !s.IsBottom() || s.Len() > 0 {
				t.Errorf("ReadSiblings(%x) = %v, %v, want nothing and ErrCorrupt", b, show(s), err)
			}
		})
	}
}

// TestSiblingsHostileMemory is TestHostileMemory for a large type of value.
func TestSiblingsHostileMemory(t *testing.T) {
	read := func([]byte) ([4096]byte, error) { return [4096]byte{}, nil }
	for _, tt := range siblingsHostiles {
		b := append(unhex(tt.hex), bytes.Repeat([]byte{0xff}, 4096)...)
		got := allocated(func() { clock.ReadSiblings(wire.NewReader(b), read) })
		if limit := uint64(16 * len(b)); got > limit {
			t.Errorf("%s: %d bytes allocated for %d bytes of input, want at most %d", tt.name, got, len(b), limit)
		}
	}
}

func TestSiblingsValueErrors(t *testing.T) {
	t.Parallel()
	bad := errors.New("bad value")
	s := siblings("1:1", "1.1")
	if b, err := s.AppendBinary(nil, func([]byte, string) ([]byte, error) { return nil, bad }); !errors.Is(err, bad) || b != nil {
		t.Errorf("AppendBinary = %x, %v, want %v", b, err, bad)
	}
	r := wire.NewReader(encodeSiblings(t, s))
	got := clock.ReadSiblings(r, func([]byte) (string, error) { return "", bad })
	if err := r.Done(); !errors.Is(err, clock.ErrCorrupt) || !strings.Contains(err.Error(), bad.Error()) || got.Len() > 0 {
		t.Errorf("ReadSiblings = %v, %v, want ErrCorrupt and %v", show(got), err, bad)
	}
}

// TestSiblingsSharesNothing changes a copy and checks the other.
func TestSiblingsSharesNothing(t *testing.T) {
	t.Parallel()
	s := siblings("1:1-5 2:2 3:1", "1.3", "2.2", "3.1")
	want, merged := show(s), &clock.Siblings[string]{}
	merged.Merge(s)
	for _, c := range []*clock.Siblings[string]{s.Clone(), merged} {
		if err := c.Write(event(2, 9, 8), ctx("1:3"), "new"); err != nil {
			t.Fatal(err)
		}
		c.Discard(ctx("3:1,7"))
	}
	if got := show(s); got != want {
		t.Errorf("%v after its copies changed, want %v", got, want)
	}
}

func TestSiblingsIteratorsStop(t *testing.T) {
	t.Parallel()
	s := siblings("1:1 2:1", "1.1", "2.1")
	for v := range s.Values() {
		if v != "1.1" {
			t.Errorf("Values() goes on to %v after break", v)
		}
		break
	}
	for d := range s.All() {
		if d.Replica != 1 {
			t.Errorf("All() goes on to %v after break", d)
		}
		break
	}
}

func TestSiblingsEqual(t *testing.T) {
	t.Parallel()
	all := []*clock.Siblings[string]{
		{},
		siblings("1:1-2"),
		siblings("1:1-2", "1.1"),
		siblings("1:1-2", "1.2"),
		siblings("1:1-2", "1.1", "1.2"),
		siblings("1:1-3", "1.1"),
		siblings("2:1-2", "2.1"),
	}
	for i, a := range all {
		for j, b := range all {
			if got, want := a.Equal(b), i == j; got != want {
				t.Errorf("%v.Equal(%v) = %v, want %v", show(a), show(b), got, want)
			}
		}
	}
}

// TestSiblingsForgets checks that no memory refers to a value that was replaced.
func TestSiblingsForgets(t *testing.T) {
	var s clock.Siblings[*[64]byte]
	var old []weak.Pointer[[64]byte]
	for i := range uint64(3) {
		v := &[64]byte{}
		old = append(old, weak.Make(v))
		if err := s.Write(event(1, i+1, i), nil, v); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Write(event(1, 4, 3), s.Context(), &[64]byte{}); err != nil {
		t.Fatal(err)
	}
	runtime.GC()
	for i, p := range old {
		if p.Value() != nil {
			t.Errorf("value %d is still there", i)
		}
	}
	runtime.KeepAlive(&s)
}

// TestSiblingsAllocs pins that what a register does all day, once it has room,
// allocates nothing: a write over all, and a merge of it.
func TestSiblingsAllocs(t *testing.T) {
	here, there := siblings("1:1 2:1", "1.1", "2.1"), siblings("1:1 2:1", "1.1", "2.1")
	seq := uint64(1)
	got := testing.AllocsPerRun(100, func() {
		if err := here.Write(event(1, seq+1, seq), here.Context(), "new"); err != nil {
			t.Fatal(err)
		}
		seq++
		there.Merge(here)
	})
	if got > 0 {
		t.Errorf("write and merge: %v allocations, want 0", got)
	}
	if !there.Equal(here) || here.Len() != 1 {
		t.Errorf("%v beside %v, want one value in both", show(there), show(here))
	}
}

func FuzzSiblings(f *testing.F) {
	for _, tt := range siblingsGoldens {
		f.Add(unhex(tt.hex))
	}
	for _, tt := range siblingsHostiles {
		f.Add(unhex(tt.hex))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		in := bytes.Clone(b)
		s, err := decodeSiblings(b)
		if !bytes.Equal(in, b) {
			t.Fatalf("ReadSiblings(%x) changed its argument to %x", in, b)
		}
		if err != nil {
			if !errors.Is(err, clock.ErrCorrupt) {
				t.Fatalf("ReadSiblings(%x) = %v, want ErrCorrupt", b, err)
			}
			return
		}
		if err := clock.CheckSiblings(s); err != nil {
			t.Fatalf("ReadSiblings(%x): %v", b, err)
		}
		if again := encodeSiblings(t, s); !bytes.Equal(again, b) {
			t.Fatalf("ReadSiblings(%x) = %v, which has bytes %x", b, show(s), again)
		}
		into := &clock.Siblings[string]{}
		if into.Merge(s); !into.Equal(s) || into.Merge(s) {
			t.Fatalf("%v merged into nothing is %v", show(s), show(into))
		}
	})
}
