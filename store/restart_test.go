package store_test

import (
	"errors"
	"testing"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/store/replication"
)

// TestContinue: a store that is the one that it was keeps its id and never gives
// out a number again, whether or not its last batch became durable. (That no
// number comes twice is checked by the harness.)
func TestContinue(t *testing.T) {
	t.Parallel()
	w, a, b := pair(t, func(c *replication.CoreConfig) { c.Reserve = 4 })
	id := a.core.Replica()
	for i := range 20 {
		a.put("k", string(rune('a'+i)))
		if i%3 == 0 {
			if err := perform(a, words, "k", func(tx *crdt.Tx, s *crdt.AWSet[string]) { s.Add(tx, "lost") }); err != nil {
				t.Fatalf("update %d: %v", i, err)
			}
			a.boot(true)
		}
		if a.core.Replica() != id {
			t.Fatalf("replica id after restart %d is %v, was %v", i, a.core.Replica(), id)
		}
	}
	w.converge(300)
	if err := a.core.Err(); err != nil {
		t.Errorf("a was fenced by its own restarts: %v", err)
	}
	if got := view(b, words, "k"); got.Len() != 20 || got.Contains("lost") {
		t.Errorf("b shows %d words, lost among them %t; want the 20 that became durable", got.Len(), got.Contains("lost"))
	}
}

// TestFresh: without proof that its books are its own a store takes the fresh id.
func TestFresh(t *testing.T) {
	t.Parallel()
	w, a, _ := pair(t)
	was := a.core.Replica()
	a.put("k", "x")
	a.boot(false)
	if got := a.core.Replica(); got == was || got != a.cfg.Fresh {
		t.Fatalf("replica id after a restart without Continue is %v, want the fresh %v", got, a.cfg.Fresh)
	}
	a.put("k", "y")
	if ch := w.changes[1]; ch.span != span(a.cfg.Fresh, 1, 1) {
		t.Errorf("the first change of the new incarnation is %v", ch.span)
	}
	if !a.core.Applied().Contains(w.changes[0].span) {
		t.Errorf("the new incarnation forgot what the store applied: %v", a.vector())
	}
	w.converge(300)
}

// TestContinueNothing: a new store has nothing to continue.
func TestContinueNothing(t *testing.T) {
	t.Parallel()
	core, err := replication.NewCore(replication.CoreConfig{Self: "a", Fresh: 5, Continue: true}, nil)
	if err != nil || core.Replica() != 5 {
		t.Fatalf("NewCore(Continue) of no books = %v, %v; want replica 5", core.Replica(), err)
	}
}

// TestBurned: numbers that a crash lost name no event and never will; peers'
// vectors learn so, and hold no hole for ever.
func TestBurned(t *testing.T) {
	t.Parallel()
	w, a, b := pair(t, func(c *replication.CoreConfig) { c.Reserve = 10 })
	a.put("k", "1")
	for range 2 {
		if err := perform(a, words, "k", func(tx *crdt.Tx, s *crdt.AWSet[string]) { s.Add(tx, "lost") }); err != nil {
			t.Fatal(err)
		}
	}
	a.boot(true)
	a.put("k", "2")
	w.converge(300)
	for _, n := range w.nodes {
		last := w.changes[1].span.Last
		if v := n.vector(); !v.Contains(span(a.core.Replica(), 1, last)) {
			t.Errorf("vector of %s is %v, want %v without a hole up to %d", n.id, v, a.core.Replica(), last)
		}
	}
	b.shows("k", "1", "2")
}

// TestBurnedBelow: of two changes under way at once the later became durable and
// the earlier was lost. Its numbers must not stay holes either.
func TestBurnedBelow(t *testing.T) {
	t.Parallel()
	w, a, b := pair(t)
	if _, err := a.core.Issue("slow", 5); err != nil {
		t.Fatalf("Issue: %v", err)
	}
	a.put("fast", "x")
	a.boot(true) // the slow change had not come to Local
	w.converge(300)
	for _, n := range []*node{a, b} {
		if v := n.vector(); !v.Contains(span(a.core.Replica(), 1, w.changes[0].span.Last)) {
			t.Errorf("vector of %s is %v: numbers 1 to 5 were lost in a crash and stay a hole for ever", n.id, v)
		}
	}
}

// TestBurn: numbers that were issued in vain are told to peers as applied.
func TestBurn(t *testing.T) {
	t.Parallel()
	w, a, b := pair(t)
	tooLarge := crdt.PNCounterKind()
	tooLarge.Append = func([]byte, *crdt.PNCounter) ([]byte, error) { return nil, errors.New("too large") }
	if err := perform(a, tooLarge, "k", func(tx *crdt.Tx, c *crdt.PNCounter) { c.Add(tx, 1) }); err == nil {
		t.Fatal("an update whose delta has no frame succeeded")
	}
	a.carryOut()
	if !a.durable().Contains(span(a.core.Replica(), 1, 1)) {
		t.Errorf("durable vector is %v after number 1 was burned", a.durable())
	}
	w.converge(300)
	if !b.core.Applied().Contains(span(a.core.Replica(), 1, 1)) {
		t.Errorf("vector of b is %v, with a hole at a's burned number 1", b.vector())
	}
}

// TestReserve: numbers are given out only once they are durably reserved.
func TestReserve(t *testing.T) {
	t.Parallel()
	core, err := replication.NewCore(replication.CoreConfig{
		Self: "a", Fresh: 1, Reserve: 4,
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := core.Issue("k", 1); !errors.Is(err, replication.ErrReserve) {
		t.Errorf("Issue before the first batch = %v, want ErrReserve", err)
	}
	core.Ready()
	if _, err := core.Issue("k", 5); !errors.Is(err, replication.ErrReserve) {
		t.Errorf("Issue of 5 of 4 reserved numbers = %v, want ErrReserve", err)
	}
	ev, err := core.Issue("k", 3)
	if err != nil || ev.Dot != (clock.Dot{Replica: 1, Seq: 1}) {
		t.Fatalf("Issue of 3 = %v, %v", ev, err)
	}
	if _, err := core.Issue("k", 0); !errors.Is(err, replication.ErrReserve) {
		t.Errorf("Issue of no number = %v, want ErrReserve", err)
	}
	if _, err := core.Issue("k", 2); !errors.Is(err, replication.ErrReserve) {
		t.Errorf("Issue of 2 of 1 reserved number = %v, want ErrReserve", err)
	}
	core.Reserve(9)
	if _, err := core.Issue("k", 2); !errors.Is(err, replication.ErrReserve) {
		t.Errorf("Issue while the reservation is not durable = %v, want ErrReserve", err)
	}
	core.Ready()
	if ev, err := core.Issue("k", 9); err != nil || ev.Dot.Seq != 4 {
		t.Errorf("Issue of 9 reserved numbers = %v, %v; want number 4", ev, err)
	}
}

// TestClaims: the claim of an event is this store's own memory of its last event
// on the object, also after a restart, and whatever the record says (I3).
func TestClaims(t *testing.T) {
	t.Parallel()
	w, a, b := pair(t)
	a.put("k", "1")
	a.put("other", "2")
	a.put("k", "3", "4")
	for range 10 {
		b.put("k", "5")
	}
	w.flush()
	after := func(want uint64) {
		t.Helper()
		ev, err := a.core.Issue("k", 1)
		if err != nil || ev.After != want {
			t.Errorf("claim of the next event on k is %d (%v), want %d, a's last event on it", ev.After, err, want)
		}
		a.core.Burn(ev, 1)
		a.carryOut()
	}
	after(4)
	a.boot(true)
	after(4)
	rolled := a.engine // the record of k is lost, the books are not
	a.engine = newEngine(t, rolled.Books(t.Context()))
	a.boot(true)
	after(4)
	if ev, err := a.core.Issue("new", 1); err != nil || ev.After != 0 {
		t.Errorf("claim of the first event on an object is %d (%v), want 0", ev.After, err)
	}
	a.boot(false)
	after(0)
}
