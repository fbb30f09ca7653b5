package clock_test

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/dovetail-crdt/dovetail/clock"
)

// wall is a wall clock that stands still until a test moves it.
type wall struct{ ms int64 }

func (w *wall) now() time.Time { return time.UnixMilli(w.ms) }

// at returns the timestamp of a millisecond and a logical part.
func at(ms int64, logical uint16) clock.Timestamp {
	return clock.TimestampOf(time.UnixMilli(ms)) + clock.Timestamp(logical)
}

const lastMilli = 1<<48 - 1 // the last millisecond that a timestamp can tell

// TestHLCModel moves the wall clock at will, also backwards, and checks what
// every reading promises.
func TestHLCModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		const bound = 50 // milliseconds
		w := &wall{}
		h := clock.NewHLC(w.now, bound*time.Millisecond)
		millis := rapid.OneOf(rapid.Int64Range(0, 200), rapid.Int64Range(lastMilli-100, lastMilli))
		stamps := rapid.Map(millis, func(ms int64) clock.Timestamp { return at(ms, uint16(ms%3)) })
		var last clock.Timestamp
		t.Repeat(map[string]func(*rapid.T){
			"wall": func(t *rapid.T) { w.ms = millis.Draw(t, "ms") },
			"now":  func(t *rapid.T) { last = checkReading(t, h.Now(), last, at(w.ms, 0)) },
			"stamp": func(t *rapid.T) {
				over := rapid.SliceOfN(stamps, 0, 4).Draw(t, "over")
				floor := last
				for _, o := range over {
					if o <= saturated(w.ms+bound) {
						floor = max(floor, o)
					}
				}
				last = checkReading(t, h.Stamp(over...), floor, at(w.ms, 0))
			},
			"observe": func(t *rapid.T) {
				ts := stamps.Draw(t, "timestamp")
				want := ts <= saturated(w.ms+bound)
				if got := h.Observe(ts); got != want {
					t.Fatalf("Observe(%v) at %v = %v, want %v", ts, at(w.ms, 0), got, want)
				}
				if want {
					last = max(last, ts)
				}
			},
			"restart": func(t *rapid.T) {
				b, err := h.MarshalBinary()
				if err != nil {
					t.Fatal(err)
				}
				h = clock.NewHLC(w.now, bound*time.Millisecond)
				if err := h.UnmarshalBinary(b); err != nil {
					t.Fatalf("UnmarshalBinary(%x) = %v, want no error", b, err)
				}
			},
		})
	})
}

func saturated(ms int64) clock.Timestamp { return clock.TimestampOf(time.UnixMilli(ms)) }

// checkReading checks that got is the smallest timestamp above floor that is
// not behind the wall clock, and returns it.
func checkReading(t *rapid.T, got, floor, wall clock.Timestamp) clock.Timestamp {
	if want := max(wall, floor.Next()); got != want {
		t.Fatalf("reading above %v with the wall at %v = %v, want %v", floor, wall, got, want)
	}
	return got
}

func TestHLCStamp(t *testing.T) {
	t.Parallel()
	day := at(86400_000, 0)
	for _, tt := range []struct {
		name  string
		bound time.Duration
		over  []clock.Timestamp
		want  clock.Timestamp
	}{
		{"nothing", time.Second, nil, day},
		{"past", time.Second, []clock.Timestamp{1, at(5, 5)}, day},
		{"present", time.Second, []clock.Timestamp{day}, day + 1},
		{"largest of several", time.Second, []clock.Timestamp{day, day + 9, day + 3}, day + 10},
		{"logical part runs over", time.Second, []clock.Timestamp{day + 1<<16 - 1}, day + 1<<16},
		{"at the bound", time.Second, []clock.Timestamp{at(86401_000, 0)}, at(86401_000, 1)},
		{"beyond the bound", time.Second, []clock.Timestamp{at(86401_000, 1)}, day},
		{"within and beyond", time.Second, []clock.Timestamp{at(86402_000, 0), day + 4}, day + 5},
		{"default bound", 0, []clock.Timestamp{at(86460_000, 0)}, at(86460_000, 1)},
		{"beyond the default bound", 0, []clock.Timestamp{at(86460_000, 1)}, day},
		{"largest", time.Second, []clock.Timestamp{clock.MaxTimestamp}, day},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := clock.NewHLC((&wall{ms: 86400_000}).now, tt.bound)
			if got := h.Stamp(tt.over...); got != tt.want {
				t.Errorf("Stamp(%v) = %v, want %v", tt.over, got, tt.want)
			}
			if next := h.Now(); next != tt.want+1 {
				t.Errorf("Now() = %v after %v, want %v", next, tt.want, tt.want+1)
			}
		})
	}
}

// TestHLCLargeBound checks the end of the bound, which saturates and does not
// wrap to a small timestamp that nothing is within.
func TestHLCLargeBound(t *testing.T) {
	t.Parallel()
	const most = math.MaxInt64 / int64(time.Millisecond) // in the largest Duration
	for _, tt := range []struct {
		name   string
		wallMS int64
		ts     clock.Timestamp
		want   bool
	}{
		{"at the bound", 0, at(most, 0), true},
		{"beyond it", 0, at(most, 1), false},
		{"late wall", lastMilli - most, at(lastMilli, 0), true},
		{"late wall, beyond", lastMilli - most, at(lastMilli, 1), false},
		{"saturates", lastMilli - most + 1, clock.MaxTimestamp, true},
		{"wall at the end", lastMilli, clock.MaxTimestamp, true},
		{"wall past the end", lastMilli + 1, clock.MaxTimestamp, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := clock.NewHLC((&wall{ms: tt.wallMS}).now, math.MaxInt64)
			if got := h.Observe(tt.ts); got != tt.want {
				t.Errorf("Observe(%v) = %v, want %v", tt.ts, got, tt.want)
			}
		})
	}
}

func TestHLCSaturates(t *testing.T) {
	t.Parallel()
	w := &wall{ms: lastMilli}
	h := clock.NewHLC(w.now, time.Minute)
	for _, over := range []clock.Timestamp{clock.MaxTimestamp - 1, clock.MaxTimestamp, 0} {
		if got := h.Stamp(over); got != clock.MaxTimestamp {
			t.Errorf("Stamp(%v) = %v, want MaxTimestamp", over, got)
		}
	}
	w.ms = 0
	if got := h.Now(); got != clock.MaxTimestamp {
		t.Errorf("Now() = %v behind MaxTimestamp, want MaxTimestamp", got)
	}
}

// TestHLCUnmarshalKeepsLater checks that an old state does not take a running
// clock back.
func TestHLCUnmarshalKeepsLater(t *testing.T) {
	t.Parallel()
	w := &wall{ms: 1000}
	h := clock.NewHLC(w.now, 0)
	old := mustEncode(t, h)
	first := h.Now()
	if err := h.UnmarshalBinary(old); err != nil {
		t.Fatalf("UnmarshalBinary(%x) = %v, want no error", old, err)
	}
	w.ms = 0
	if got := h.Now(); got != first+1 {
		t.Errorf("Now() = %v after reading an old state, want %v", got, first+1)
	}
}

func TestNewHLCPanics(t *testing.T) {
	t.Parallel()
	if panics(func() { clock.NewHLC(nil, 0) }) == nil {
		t.Error("NewHLC(nil, 0) returned, want a panic")
	}
	if panics(func() { clock.NewHLC((&wall{}).now, -1) }) == nil {
		t.Error("NewHLC(wall, -1) returned, want a panic")
	}
}
