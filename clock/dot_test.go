package clock_test

import (
	"cmp"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/dovetail-crdt/dovetail/clock"
)

func TestDotIsValid(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		d    clock.Dot
		want bool
	}{
		{clock.Dot{}, false},
		{clock.Dot{Seq: 1}, false},
		{clock.Dot{Replica: 1}, false},
		{clock.Dot{Replica: 1, Seq: 1}, true},
		{clock.Dot{Replica: 1<<64 - 1, Seq: clock.MaxSeq}, true},
		{clock.Dot{Replica: 1, Seq: clock.MaxSeq + 1}, false},
	} {
		if got := tt.d.IsValid(); got != tt.want {
			t.Errorf("%v.IsValid() = %v, want %v", tt.d, got, tt.want)
		}
	}
}

func TestEventIsValid(t *testing.T) {
	t.Parallel()
	d := clock.Dot{Replica: 1, Seq: 5}
	for _, tt := range []struct {
		e    clock.Event
		want bool
	}{
		{clock.Event{}, false},
		{clock.Event{Dot: d}, true},
		{clock.Event{Dot: d, After: 4}, true},
		{clock.Event{Dot: d, After: 5}, false},
		{clock.Event{Dot: d, After: 6}, false},
		{clock.Event{Dot: clock.Dot{Seq: 5}}, false},
	} {
		if got := tt.e.IsValid(); got != tt.want {
			t.Errorf("%+v.IsValid() = %v, want %v", tt.e, got, tt.want)
		}
	}
}

// TestInvalidEventDoesNotRoundTrip checks that an event whose claim is not
// before its dot cannot reach a peer as another event.
func TestInvalidEventDoesNotRoundTrip(t *testing.T) {
	t.Parallel()
	d := clock.Dot{Replica: 1, Seq: 5}
	for _, e := range []clock.Event{{}, {Dot: d, After: 5}, {Dot: d, After: 6}, {Dot: d, After: 1<<64 - 1}} {
		var got clock.Event
		if err := got.UnmarshalBinary(mustEncode(t, &e)); err == nil {
			t.Errorf("%+v decodes as %+v, want an error", e, got)
		}
	}
}

func TestDotOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		ds := dots().Draw(t, "dots")
		slices.SortFunc(ds, clock.Dot.Compare)
		for i := 1; i < len(ds); i++ {
			a, b := ds[i-1], ds[i]
			if a.Replica > b.Replica || a.Replica == b.Replica && a.Seq > b.Seq {
				t.Fatalf("sorted: %v before %v", a, b)
			}
			if got := a.Compare(b); (got == 0) != (a == b) || got != -b.Compare(a) {
				t.Fatalf("%v.Compare(%v) = %v, other way round %v", a, b, got, b.Compare(a))
			}
			if got, want := a.Replica.Compare(b.Replica), cmp.Compare(uint64(a.Replica), uint64(b.Replica)); got != want {
				t.Fatalf("%v.Compare(%v) = %v, want %v", a.Replica, b.Replica, got, want)
			}
		}
	})
}
