package clock_test

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/dovetail-crdt/dovetail/clock"
)

func TestTimestampOf(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		in   time.Time
		want clock.Timestamp
	}{
		{"epoch", time.Unix(0, 0), 0},
		{"just before the epoch", time.Unix(0, -1), 0},
		{"zero time", time.Time{}, 0},
		{"part of a millisecond", time.Unix(0, 999_999), 0},
		{"one millisecond", time.UnixMilli(1), 1 << 16},
		{"last millisecond", time.UnixMilli(1<<48 - 1), (1<<48 - 1) << 16},
		{"one later", time.UnixMilli(1 << 48), clock.MaxTimestamp},
		{"largest milliseconds", time.UnixMilli(math.MaxInt64), clock.MaxTimestamp},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := clock.TimestampOf(tt.in); got != tt.want {
				t.Errorf("TimestampOf(%v) = %x, want %x", tt.in, uint64(got), uint64(tt.want))
			}
		})
	}
}

// TestTimestampOfFar asks for times whose milliseconds do not fit an int64: they
// are past the year 10889, or before the epoch, all the same.
func TestTimestampOfFar(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		sec  int64
		want clock.Timestamp
	}{
		{1 << 54, clock.MaxTimestamp},
		{1 << 61, clock.MaxTimestamp},
		{-1 << 54, 0},
		{-1<<54 - 1<<52, 0},
	} {
		if got := clock.TimestampOf(time.Unix(tt.sec, 0)); got != tt.want {
			t.Errorf("TimestampOf(second %d) = %x, want %x", tt.sec, uint64(got), uint64(tt.want))
		}
	}
}

func TestTimestampParts(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		ts := clock.Timestamp(rapid.Uint64().Draw(t, "timestamp"))
		if got := clock.TimestampOf(ts.Time()) + clock.Timestamp(ts.Logical()); got != ts {
			t.Fatalf("%x: Time %v and Logical %d make %x", uint64(ts), ts.Time(), ts.Logical(), uint64(got))
		}
		if next := ts.Next(); next != ts+1 && ts != clock.MaxTimestamp {
			t.Fatalf("%x.Next() = %x, want one more", uint64(ts), uint64(next))
		}
	})
}

func TestTimestampNext(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ in, want clock.Timestamp }{
		{0, 1},
		{1<<16 - 1, 1 << 16}, // the logical part runs over into the physical one
		{clock.MaxTimestamp - 1, clock.MaxTimestamp},
		{clock.MaxTimestamp, clock.MaxTimestamp},
	} {
		if got := tt.in.Next(); got != tt.want {
			t.Errorf("%x.Next() = %x, want %x", uint64(tt.in), uint64(got), uint64(tt.want))
		}
	}
}
