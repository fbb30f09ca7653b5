package kernel_test

import (
	"math"
	"testing"

	"github.com/dovetail-crdt/dovetail/crdt/internal/kernel"
)

// Of totals 3, 7, 9, each of which ended the one before, a reader may get the
// third and then the first.
func TestLargestTotalOfARunCounts(t *testing.T) {
	t.Parallel()
	a := newSite(t, 1)
	totals := []*kernel.State{a.inc(3), a.inc(4), a.inc(2)}
	b := newSite(t, 2).see(totals[2])
	b.shows("third total alone", 9, 1, 0)
	b.see(totals[0])
	b.shows("third, then first", 9, 2, 0)
	b.see(totals[1])
	b.shows("all three", 9, 1, 0)
	orders(func(order []int) {
		c := newSite(t, 3)
		for _, i := range order {
			c.see(totals[i])
		}
		if !same(c.s, a.s) {
			t.Errorf("totals in order %v differ from the writer's state", order)
		}
	})
}

// A reset that saw 2 of a run whose later total is 9 leaves 7, in every order.
func TestResetTakesWhatItSaw(t *testing.T) {
	t.Parallel()
	a, r := newSite(t, 1), newSite(t, 2)
	two := a.inc(2)
	reset := r.see(two).reset()
	r.shows("after the reset", 0, 0, 1)
	deltas := []*kernel.State{two, reset, a.inc(7)}
	orders(func(order []int) {
		c := newSite(t, 3)
		for _, i := range order {
			c.see(deltas[i])
		}
		c.shows("reset of 2 of 9", 7, 1, 1)
	})
	late := newSite(t, 4).see(deltas[2], two)
	late.shows("without the reset", 9, 1, 0)
}

// A reset names only the total that counts: who has not seen what ended the
// older one must keep it.
func TestResetLeavesTotalsThatDoNotCount(t *testing.T) {
	t.Parallel()
	a := newSite(t, 1)
	first := a.inc(3)
	a.inc(4)
	third := a.inc(2)
	b := newSite(t, 2).see(third, first)
	d := b.reset()
	if d.Context().Contains(a.dot(1)) || !d.Context().Contains(a.dot(3)) {
		t.Errorf("reset names %v, want number 3 of %v and not number 1", d.Context(), a.id)
	}
	b.shows("after the reset", 0, 1, 1)
	if n := b.s.At(at("c")); n.Has() {
		t.Errorf("a total below its base shows")
	}
	if d := b.reset(); !d.IsBottom() {
		t.Errorf("a reset of nothing that shows made %v", d.Context())
	}
}

// A writer that sees its total dead starts a run, which closes the older one:
// its base goes, and its totals count nowhere any more.
func TestNewRunClosesOlder(t *testing.T) {
	t.Parallel()
	a := newSite(t, 1)
	five := a.inc(5)
	reset := a.reset()
	a.shows("after the reset", 0, 0, 1)
	three := a.inc(3)
	a.shows("new run", 3, 1, 0)
	if three.At(at("c")).Bases() != 0 {
		t.Errorf("the new run's delta has %d bases", three.At(at("c")).Bases())
	}
	b := newSite(t, 2).see(five, three)
	b.shows("new run and the closed one's total", 3, 2, 0)
	b.see(reset)
	b.shows("and the reset", 3, 1, 0)
	a.reset()
	a.shows("second reset", 0, 0, 1)
	a.do(func(tx *kernel.Tx) { tx.Kill(at("c")); tx.Inc(at("c"), 4); tx.Kill(at("c")) })
	a.shows("a transaction that leaves nothing", 0, 0, 1)
	d := a.do(func(tx *kernel.Tx) { tx.Inc(at("c"), 4); tx.Kill(at("c")); tx.Inc(at("c"), 6) })
	a.shows("inc, reset, inc in one transaction", 6, 1, 0)
	if d.Len() != 1 || d.At(at("c")).Bases() != 0 {
		t.Errorf("its delta has %d entries and %d bases, want 1 and 0", d.Len(), d.At(at("c")).Bases())
	}
}

// Reset inside a transaction that continued a run takes the total before it.
func TestResetInsideTransaction(t *testing.T) {
	t.Parallel()
	a := newSite(t, 1)
	five := a.inc(5)
	d := a.do(func(tx *kernel.Tx) { tx.Inc(at("c"), 4); tx.Kill(at("c")) })
	a.shows("inc and reset", 0, 0, 1)
	for _, b := range d.Bases() {
		if b.Sum != 5 || b.Seq != 1 || b.By != a.dot(2) {
			t.Errorf("base %+v, want 5 as of number 1 by number 2", b)
		}
	}
	newSite(t, 2).see(d, five).shows("at a reader", 0, 0, 1)
	d = a.do(func(tx *kernel.Tx) { tx.Inc(at("c"), 1); tx.Inc(at("c"), 2) })
	if d.Len() != 1 {
		t.Errorf("two increments in one transaction are %d entries, want 1", d.Len())
	}
	a.shows("two increments", 3, 1, 0)
}

// Two resets of one total leave one base, the larger reset's.
func TestEqualBasesKeepTheLargerReset(t *testing.T) {
	t.Parallel()
	a := newSite(t, 1)
	five := a.inc(5)
	small, large := newSite(t, 2).see(five), newSite(t, 3).see(five)
	d, e := small.reset(), large.reset()
	small.see(e)
	large.see(d)
	if !same(small.s, large.s) {
		t.Errorf("two resets merged in two orders differ")
	}
	for _, b := range small.s.Bases() {
		if b.By != large.dot(1) || b.Sum != 5 || b.Seq != 1 {
			t.Errorf("base %+v, want 5 as of number 1 by %v", b, large.dot(1))
		}
	}
	a.see(d, e)
	a.shows("at the writer", 0, 0, 1)
}

// A base of a larger number wins, whoever made it.
func TestLaterBaseWins(t *testing.T) {
	t.Parallel()
	a := newSite(t, 1)
	two, nine := a.inc(2), a.inc(7)
	early, late := newSite(t, 3).see(two).reset(), newSite(t, 2).see(nine).reset()
	ten := a.inc(1)
	deltas := []*kernel.State{early, late, ten}
	orders(func(order []int) {
		c := newSite(t, 4)
		for _, i := range order {
			c.see(deltas[i])
		}
		c.shows("resets of 2 and of 9 of 10", 1, 1, 1)
	})
}

// Sums are modulo 2^64, and a base is subtracted exactly through a wrap.
func TestSumsWrap(t *testing.T) {
	t.Parallel()
	const half = uint64(1) << 63
	a, r := newSite(t, 1), newSite(t, 2)
	d := a.inc(half)
	reset := r.see(d).reset()
	a.inc(half + 5)
	a.shows("2^63 twice and 5", 5, 1, 0)
	a.see(reset)
	a.shows("less the first 2^63", half+5, 1, 1)
	b := newSite(t, 3)
	b.inc(math.MaxUint64)
	a.see(b.s)
	a.shows("and -1 elsewhere", half+4, 2, 1)
}

// What a run closed stays closed for a reader that knows the run from its base
// alone, and bases of a closed run go in whatever order it is told.
func TestClosedByBase(t *testing.T) {
	t.Parallel()
	a := newSite(t, 1)
	five, reset, three := a.inc(5), a.reset(), a.inc(3)
	again := a.reset()
	newSite(t, 2).see(again, five).shows("second reset, then the closed run's total", 0, 1, 1)
	newSite(t, 3).see(five, again).shows("the other way round", 0, 1, 1)
	newSite(t, 4).see(five, reset, three).shows("base, then the run that closes it", 3, 1, 0)
	newSite(t, 5).see(reset, again, five).shows("both bases", 0, 0, 1)
}

// A total that a base has taken in full does not count, though it is live: what
// ended it may come later than the base.
func TestTotalAtItsBaseDoesNotCount(t *testing.T) {
	t.Parallel()
	a, b := newSite(t, 1), newSite(t, 2)
	five := a.inc(5)
	reset := newSite(t, 3).see(five).reset()
	b.see(five)
	for part := range reset.Parts() {
		if !part.Context().Contains(a.dot(1)) { // which ends the total
			b.s.Merge(part)
		}
	}
	b.valid(b.s)
	b.shows("without what ended the total", 0, 1, 1)
	if b.s.At(at("c")).Has() {
		t.Error("a total that was taken in full shows")
	}
	if d := b.reset(); !d.IsBottom() {
		t.Errorf("a reset of nothing that shows made %v", d.Context())
	}
}
