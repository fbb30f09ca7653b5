package clock_test

import (
	"math"
	"testing"

	"github.com/dovetail-crdt/dovetail/clock"
)

func TestContextString(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ in, want string }{
		{"", "{}"},
		{"1:7", "{0000000000000001:7}"},
		{"1:9,1-7", "{0000000000000001:1-7,9}"},
		{"all:2-3,5 16:1", "{0000000000000010:1 ffffffffffffffff:2-3,5}"},
	} {
		if got := ctx(tt.in).String(); got != tt.want {
			t.Errorf("ctx(%q).String() = %v, want %v", tt.in, got, tt.want)
		}
	}
}

func TestContextMinus(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, a, b, want string }{
		{"nothing", "1:1-9", "", "1:1-9"},
		{"all", "1:1-9", "1:1-9", ""},
		{"more than all", "1:3-4", "1:1-9", ""},
		{"other replica", "1:1-9", "2:1-9", "1:1-9"},
		{"hole", "1:1-9", "1:5", "1:1-4,6-9"},
		{"holes", "1:1-9", "1:2,4-5,9", "1:1,3,6-8"},
		{"cut over a gap", "1:1-3,5-9", "1:3-5", "1:1-2,6-9"},
		{"front", "1:5-9", "1:1-5", "1:6-9"},
		{"back", "1:5-9", "1:9-12", "1:5-8"},
		{"largest number", "1:1-max", "1:max", "1:1-9223372036854775806"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got, want := ctx(tt.a).Minus(ctx(tt.b)), ctx(tt.want); !got.Equal(want) {
				t.Errorf("%v.Minus(%v) = %v, want %v", ctx(tt.a), ctx(tt.b), got, want)
			}
		})
	}
}

// TestContextSharesNothing appends to a value and to what it was made from: if
// they shared spare memory, the second append would overwrite the first.
func TestContextSharesNothing(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		make func(*clock.Context) *clock.Context
	}{
		{"clone", (*clock.Context).Clone},
		{"merge", func(c *clock.Context) *clock.Context { return join(&clock.Context{}, c) }},
		{"minus", func(c *clock.Context) *clock.Context { return c.Minus(&clock.Context{}) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			const odd = "1:1,3,5,7"
			c := ctx(odd)
			d := tt.make(c)
			c.Add(clock.Dot{Replica: 1, Seq: 11})
			d.Add(clock.Dot{Replica: 1, Seq: 21})
			c.Add(clock.Dot{Replica: 1, Seq: 13})
			if want := ctx(odd + ",11,13"); !c.Equal(want) {
				t.Errorf("original = %v, want %v", c, want)
			}
			if want := ctx(odd + ",21"); !d.Equal(want) {
				t.Errorf("result = %v, want %v", d, want)
			}
		})
	}
}

func TestContextRunsOfIsTheCallers(t *testing.T) {
	t.Parallel()
	c, want := ctx("1:1,3,5"), ctx("1:1,3,5")
	clear(c.RunsOf(1))
	if !c.Equal(want) {
		t.Errorf("context = %v after its RunsOf was cleared, want %v", c, want)
	}
}

func TestContextAddRangePanics(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		id   clock.ReplicaID
		in   clock.Interval
	}{
		{"zero replica", 0, clock.Interval{Lo: 1, Hi: 1}},
		{"number zero", 1, clock.Interval{Lo: 0, Hi: 1}},
		{"empty", 1, clock.Interval{Lo: 3, Hi: 2}},
		{"too large", 1, clock.Interval{Lo: 1, Hi: clock.MaxSeq + 1}},
		{"wraps", 1, clock.Interval{Lo: 1, Hi: math.MaxUint64}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, want := ctx("1:2"), ctx("1:2")
			if panics(func() { c.AddRange(tt.id, tt.in) }) == nil {
				t.Errorf("AddRange(%v, %v) = %v, want a panic", tt.id, tt.in, c)
			}
			if !c.Equal(want) {
				t.Errorf("context = %v after a panic, want %v", c, want)
			}
		})
	}
}

func TestContextIteratorsStop(t *testing.T) {
	t.Parallel()
	c := ctx("1:1,3,5 2:1")
	for stop := 1; stop <= 4; stop++ {
		n := 0
		for range c.Intervals() {
			if n++; n == stop {
				break
			}
		}
		if n != stop {
			t.Errorf("%v.Intervals() yielded %d, want %d", c, n, stop)
		}
	}
	for id := range c.Replicas() {
		if id != 1 {
			t.Errorf("%v.Replicas() goes on to %v after break", c, id)
		}
		break
	}
}

// TestContextExtendAllocs pins that a dot behind the last interval extends it
// in place: a context with holes must not be copied for each event after them.
func TestContextExtendAllocs(t *testing.T) {
	for _, in := range []string{"1:1-3", "1:1-3,5-7", "1:1,3,5,7,9,11,13"} {
		c := ctx(in)
		got := testing.AllocsPerRun(100, func() { c.Add(clock.Dot{Replica: 1, Seq: c.Max(1) + 1}) })
		if got > 0 {
			t.Errorf("Add behind the last interval of %v: %v allocations, want 0", ctx(in), got)
		}
	}
}

// TestContextHoleAllocs pins that dots which leave holes do not copy the runs of
// their row each time, wherever they come.
func TestContextHoleAllocs(t *testing.T) {
	const n = 4096
	for _, tt := range []struct {
		name string
		seq  func(i uint64) uint64
	}{
		{"upwards", func(i uint64) uint64 { return 2*i + 2 }},
		{"downwards", func(i uint64) uint64 { return 2 * (n - i) }},
		{"both ways", func(i uint64) uint64 { return 2*n + 2*i*(i%2) - 2*i*(1-i%2) + 2 }},
		{"scattered", func(i uint64) uint64 { return 2 * (i*1237%n + 1) }},
	} {
		merges := func() {
			c := ctx("1:1")
			for i := range uint64(n) {
				one := clock.Context{}
				one.Add(clock.Dot{Replica: 1, Seq: tt.seq(i) + 1})
				c.Merge(&one)
			}
			if holes := len(c.RunsOf(1)); holes < n-1 {
				t.Errorf("%s: %d runs, want %d", tt.name, holes, n)
			}
		}
		// One for each that is merged; copying the row each time would take another.
		// The least of three, for what the runtime allocates meanwhile counts too.
		got := math.Inf(1)
		for range 3 {
			got = min(got, testing.AllocsPerRun(1, merges))
		}
		if got > n+n/8 {
			t.Errorf("%s: %v allocations for %d merges, want few more", tt.name, got, n)
		}
	}
}

// TestContextSmallMergeAllocs pins that a delta of few replicas allocates
// nothing in a context that knows them, whether or not it is news.
func TestContextSmallMergeAllocs(t *testing.T) {
	c := ctx("1:1-9 2:1-9 3:1-9 4:1-9,11-13,15 5:1-9")
	for _, in := range []string{"2:5", "2:5 5:1-9", "4:12", "4:12,15 5:3"} {
		d := ctx(in)
		if got := testing.AllocsPerRun(100, func() { c.Merge(d) }); got > 0 {
			t.Errorf("Merge(%v): %v allocations, want 0", d, got)
		}
	}
	d := ctx("2:10 5:10")
	if got := testing.AllocsPerRun(100, func() {
		c.Merge(d)
		for i := range d.Rows() {
			id, last, _ := d.Row(i)
			d.Add(clock.Dot{Replica: id, Seq: last.Hi + 1})
		}
	}); got > 0 {
		t.Errorf("Merge behind the last: %v allocations, want 0", got)
	}
}

func TestContextRowPanics(t *testing.T) {
	t.Parallel()
	for _, i := range []int{-1, 2} {
		if panics(func() { ctx("1:1 2:2").Row(i) }) == nil {
			t.Errorf("Row(%d) of 2 returns, want a panic", i)
		}
	}
}
