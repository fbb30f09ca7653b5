package kernel_test

import (
	"testing"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt/internal/kernel"
	"github.com/dovetail-crdt/dovetail/crdt/internal/textbook"
)

// TestHealCutsTheContext is 7g: with kill lists the context is cut by the base, or
// it would end what the peer has and the frame does not carry.
func TestHealCutsTheContext(t *testing.T) {
	t.Parallel()
	a, b, c := newSite(t, 1), newSite(t, 2), newSite(t, 3)
	x := a.do(func(tx *kernel.Tx) { tx.Put(at("s", "x"), nil) })
	b.see(x)
	b.do(func(tx *kernel.Tx) { tx.Put(at("s", "y"), nil) })
	c.see(x, b.s.ExtractKilled(set(upTo(1)), dots()))
	if !same(c.s, b.s) {
		t.Errorf("healed is %v, want %v", textbook.From(c.s), textbook.From(b.s))
	}
}

// TestRawCutIsNotCanonical is 2c and 2d: number 1 is an event on another object,
// which the claim of number 2 covers and the cut by the vector drops. Filled, the
// states are equal again.
func TestRawCutIsNotCanonical(t *testing.T) {
	t.Parallel()
	a, c, v := claims(t)
	c.see(a.s.ExtractKilled(set(upTo(1)), dots()))
	if same(c.s, a.s) {
		t.Errorf("a raw cut leaves %v: the counterexample does not hold", textbook.From(c.s))
	}
	if !c.s.Fill(v) || c.s.Fill(v) || a.s.Fill(v) {
		t.Errorf("Fill does not report what it does")
	}
	if c.valid(c.s); !same(c.s, a.s) {
		t.Errorf("filled is %v, want %v", textbook.From(c.s), textbook.From(a.s))
	}
}

// TestFillStaysBelow pins that Fill adds no number above the last of a replica and
// no replica: bytes would change with each event on another object, and the
// replica's own next claim would contradict the context.
func TestFillStaysBelow(t *testing.T) {
	t.Parallel()
	a, _, _ := claims(t)
	want := a.s.Clone()
	if a.s.Fill(set(upTo(9), upTo(9))) || !same(a.s, want) {
		t.Errorf("filled is %v, want %v", textbook.From(a.s), textbook.From(want))
	}
}

// TestCutByContextIsCanonical is 2e.
func TestCutByContextIsCanonical(t *testing.T) {
	t.Parallel()
	a, c, _ := claims(t)
	if c.see(first(a.s.ExtractSeen(c.s.Context()))); !same(c.s, a.s) {
		t.Errorf("healed is %v, want %v", textbook.From(c.s), textbook.From(a.s))
	}
}

// claims is a site whose one event, number 2, claims number 1 too; an empty one;
// and the vector of both stores.
func claims(t *testing.T) (a, c *site, v *clock.Context) {
	t.Helper()
	a, c = newSite(t, 1), newSite(t, 3)
	tx := a.s.Begin(1, 0)
	tx.Put(at("x"), nil)
	if _, err := tx.Commit(2, 0); err != nil {
		t.Fatal(err)
	}
	return a, c, set(upTo(2))
}

// TestCutByContextCarriesBases pins that a context which has the event of a reset
// need not have its bases: here the event's own total was ended by name.
func TestCutByContextCarriesBases(t *testing.T) {
	t.Parallel()
	a, b, c := newSite(t, 1), newSite(t, 2), newSite(t, 3)
	five, eight := a.inc(5), a.inc(3)
	b.see(five)
	b.do(func(tx *kernel.Tx) { tx.Kill(at("c")); tx.Inc(at("c"), 10) })
	c.see(five, eight, b.inc(1)) // ends b's first total by name
	b.see(eight)
	c.shows("before", 19, 2, 0)
	c.see(first(b.s.ExtractSeen(c.s.Context())))
	c.shows("healed", 14, 2, 1)
	if !same(c.s, b.s) {
		t.Errorf("healed is %v, want %v", textbook.From(c.s), textbook.From(b.s))
	}
}

// TestFillFromAPeersVector pins why Fill takes what the store itself applied.
func TestFillFromAPeersVector(t *testing.T) {
	t.Parallel()
	a, c := newSite(t, 1), newSite(t, 3)
	x := a.do(func(tx *kernel.Tx) { tx.Put(at("s", "x"), nil) })
	tx := a.s.Begin(1, 0)
	tx.Put(at("s", "y"), nil)
	y, err := tx.Commit(2, 1)
	if err != nil {
		t.Fatal(err)
	}
	c.see(y)
	own := c.s.Clone()
	own.Fill(dots(a.dot(2)))
	own.Merge(x)
	c.s.Fill(set(upTo(2)))
	c.s.Merge(x)
	if own.Len() != 2 || c.s.Len() != 1 {
		t.Errorf("after x arrives: %d entries, filled from a peer's vector %d; want 2, and 1 for x is lost", own.Len(), c.s.Len())
	}
}
