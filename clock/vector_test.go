package clock_test

import (
	"testing"

	"github.com/dovetail-crdt/dovetail/clock"
)

func TestVectorCompare(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		v, w string
		want clock.Ordering
	}{
		{"", "", clock.Equal},
		{"", "1:1", clock.Before},
		{"1:1", "", clock.After},
		{"1:1 2:2", "1:1 2:2", clock.Equal},
		{"1:1 2:2", "1:1 2:3", clock.Before},
		{"1:2 2:2", "1:1 2:3", clock.Concurrent},
		{"1:1", "2:1", clock.Concurrent},
		{"2:1", "1:1", clock.Concurrent},
		{"1:2", "1:1 2:1", clock.Concurrent},
		{"2:2", "1:1 2:1", clock.Concurrent},
		{"1:1 3:1", "1:1 2:1 3:1", clock.Before},
		{"1:1 2:1 3:1", "1:1 3:1", clock.After},
	} {
		if got := vec(tt.v).Compare(vec(tt.w)); got != tt.want {
			t.Errorf("%v.Compare(%v) = %v, want %v", vec(tt.v), vec(tt.w), got, tt.want)
		}
	}
}

func TestVectorString(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ in, want string }{
		{"", "{}"},
		{"1:7", "{0000000000000001:7}"},
		{"all:2 16:1", "{0000000000000010:1 ffffffffffffffff:2}"},
	} {
		if got := vec(tt.in).String(); got != tt.want {
			t.Errorf("vec(%q).String() = %v, want %v", tt.in, got, tt.want)
		}
	}
}

func TestVectorAdvancePanics(t *testing.T) {
	t.Parallel()
	for _, d := range []clock.Dot{{}, {Replica: 1}, {Seq: 1}, {Replica: 1, Seq: clock.MaxSeq + 1}} {
		v, want := vec("1:2"), vec("1:2")
		if panics(func() { v.Advance(d) }) == nil {
			t.Errorf("Advance(%v) = %v, want a panic", d, v)
		}
		if !v.Equal(want) {
			t.Errorf("vector = %v after a panic, want %v", v, want)
		}
	}
}

func TestVectorAllStops(t *testing.T) {
	t.Parallel()
	for id := range vec("1:1 2:1").All() {
		if id != 1 {
			t.Errorf("All() goes on to %v after break", id)
		}
		break
	}
}

// TestVectorMergeAllocs pins that merging histories of the same replicas, what
// a cluster does all day, allocates nothing.
func TestVectorMergeAllocs(t *testing.T) {
	v, w := vec("1:1 2:5 3:1"), vec("1:4 2:2 3:9")
	if got := testing.AllocsPerRun(100, func() { v.Merge(w) }); got > 0 {
		t.Errorf("%v.Merge(%v): %v allocations, want 0", v, w, got)
	}
}
