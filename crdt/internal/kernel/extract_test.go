package kernel_test

import (
	"testing"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt/internal/kernel"
	"github.com/dovetail-crdt/dovetail/crdt/internal/textbook"
)

func set(runs ...clock.Interval) *clock.Context {
	c := &clock.Context{}
	for i, in := range runs {
		if in.Hi > 0 {
			c.AddRange(clock.ReplicaID(i+1), in)
		}
	}
	return c
}

func dots(all ...clock.Dot) *clock.Context {
	c := &clock.Context{}
	for _, d := range all {
		c.Add(d)
	}
	return c
}

func upTo(n uint64) clock.Interval { return clock.Interval{Lo: 1, Hi: n} }

// resetBetween returns a, which added 5 and then 3, b, which saw and reset the first
// before it saw the second, and both deltas of a.
func resetBetween(t *testing.T) (a, b *site, five, eight *kernel.State) {
	t.Helper()
	a, b = newSite(t, 1), newSite(t, 2)
	five, eight = a.inc(5), a.inc(3)
	b.see(five)
	b.reset()
	b.see(eight)
	return a, b, five, eight
}

// TestHealCarriesBases is 7d: without the base of the reset the peer would count
// 8 where 3 is right.
func TestHealCarriesBases(t *testing.T) {
	t.Parallel()
	a, b, five, _ := resetBetween(t)
	c := newSite(t, 3)
	c.see(five)
	for _, out := range []*kernel.State{
		b.s.ExtractKilled(set(upTo(1)), dots(a.dot(1))),
		first(b.s.ExtractHeld(set(upTo(1)))),
	} {
		s := newSite(t, 3).see(c.s, out)
		s.shows("healed", 3, 1, 1)
	}
}

// TestHealCarriesBasesAlone is 7e: here the total is known to the peer, so only
// the base travels.
func TestHealCarriesBasesAlone(t *testing.T) {
	t.Parallel()
	a, b, five, eight := resetBetween(t)
	c := newSite(t, 3)
	c.see(five, eight)
	for _, out := range []*kernel.State{
		b.s.ExtractKilled(set(upTo(2)), dots(a.dot(1))),
		first(b.s.ExtractHeld(set(upTo(2)))),
	} {
		if out.Len() > 0 {
			t.Errorf("%d totals travel, want none", out.Len())
		}
		s := newSite(t, 3).see(c.s, out)
		s.shows("healed", 3, 1, 1)
	}
}

func first(s *kernel.State, _ *clock.Context) *kernel.State { return s }

// TestHealNeedsEveryKillList is 7f: overwrites and increments end dots as removes
// do. With the lists of removes only, what they ended would stay.
func TestHealNeedsEveryKillList(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		f    func(*kernel.Tx)
	}{
		{"overwrite", func(tx *kernel.Tx) { tx.Put(at("r"), []byte("v")) }},
		{"increment", func(tx *kernel.Tx) { tx.Inc(at("r"), 1) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a, c := newSite(t, 1), newSite(t, 3)
			c.see(a.do(tt.f))
			a.do(tt.f)
			all := dots(a.dot(1))
			healed := newSite(t, 3).see(c.s, a.s.ExtractKilled(set(upTo(1)), all))
			if !same(healed.s, a.s) {
				t.Errorf("healed is %v, want %v", textbook.From(healed.s), textbook.From(a.s))
			}
			less := newSite(t, 3).see(c.s, a.s.ExtractKilled(set(upTo(1)), dots()))
			if less.s.Len() != 2 {
				t.Errorf("%d live entries without the kill list, want 2: the counterexample does not hold", less.s.Len())
			}
		})
	}
}

// TestKillListsOfTheWholeContext pins that the lists must be those of every event
// that the context has heard of. An object can be ahead of its store's vector, as
// after a heal that was cut or one by context; if it then answers by the lists of
// what the vector has, the peer hears of a remove and not of what it ended.
func TestKillListsOfTheWholeContext(t *testing.T) {
	t.Parallel()
	a, b, c := newSite(t, 1), newSite(t, 2), newSite(t, 3)
	x := a.do(func(tx *kernel.Tx) { tx.Put(at("s", "x"), nil) })
	c.see(x)
	a.do(func(tx *kernel.Tx) { tx.Kill(at("s", "x")) })
	b.see(first(a.s.ExtractSeen(b.s.Context()))) // b's vector is empty still, and it holds no list
	wrong := newSite(t, 3).see(c.s, b.s.ExtractKilled(set(upTo(1)), dots()))
	if wrong.s.Len() != 1 || !wrong.s.Context().Contains(a.dot(2)) {
		t.Errorf("by lists x is gone: the counterexample does not hold")
	}
	if c.see(first(b.s.ExtractHeld(set(upTo(1))))); !same(c.s, a.s) {
		t.Errorf("by bitmap it is %v, want %v", textbook.From(c.s), textbook.From(a.s))
	}
}

// TestHealFindsLostRecords pins that a dot named and unknown is reported, and that
// what was lost can still come.
func TestHealFindsLostRecords(t *testing.T) {
	t.Parallel()
	a, c := newSite(t, 1), newSite(t, 3)
	x := a.do(func(tx *kernel.Tx) { tx.Put(at("s", "x"), nil) })
	a.do(func(tx *kernel.Tx) { tx.Put(at("s", "y"), nil) })
	out, held := a.s.ExtractHeld(set(upTo(1))) // c's vector has x, its record was lost
	c.see(out)
	if got := c.s.Missing(held); !got.Equal(dots(a.dot(1))) || c.s.Context().Contains(a.dot(1)) {
		t.Errorf("missing are %v, the context is %v", got, c.s.Context())
	}
	if c.see(x); !same(c.s, a.s) {
		t.Errorf("with what was lost it is %v, want %v", textbook.From(c.s), textbook.From(a.s))
	}
}
