package store_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/store"
)

// settle lets virtual time pass: it runs in a synctest bubble, where a sleep takes
// no time and is how timers of the stores come due.
func settle(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func TestTwoStores(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hub := store.NewHub()
		a, b := open(t, hub, "a", "b"), open(t, hub, "b", "a")
		mustAdd(t, a, "cart", "milk")
		synctest.Wait() // a change is pushed at once: no time passes
		mustShow(t, b, "b", "cart", "milk")
		mustAdd(t, b, "cart", "eggs")
		if _, err := sets(a).Update(t.Context(), "cart", func(tx *crdt.Tx, s *crdt.AWSet[string]) error {
			s.Remove(tx, "milk")
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		settle(time.Second)
		mustShow(t, a, "a", "cart", "eggs")
		mustShow(t, b, "b", "cart", "eggs")
		if x, y := a.Applied(), b.Applied(); !x.Equal(y) {
			t.Errorf("a has applied %v, b %v", x, y)
		}
		if a.Replica() == b.Replica() {
			t.Errorf("two stores have one replica id %v", a.Replica())
		}
	})
}

// TestThreeStores: each writes at once; a and c are linked only by b.
func TestThreeStores(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hub := store.NewHub()
		dbs := []*store.DB{open(t, hub, "a", "b"), open(t, hub, "b", "ac"), open(t, hub, "c", "b")}
		for i, db := range dbs {
			mustAdd(t, db, "all", fmt.Sprint(i))
			if _, err := counts(db).Update(t.Context(), "n", increment); err != nil {
				t.Fatal(err)
			}
		}
		settle(10 * time.Second)
		for i, db := range dbs {
			mustShow(t, db, fmt.Sprint("store ", i), "all", "0", "1", "2")
			mustCount(t, db, "n", 3)
		}
	})
}

// TestPartition: stores that are cut off from each other go on, and are equal
// soon after the cut is healed.
func TestPartition(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hub := store.NewHub()
		a, b, c := open(t, hub, "a", "bc"), open(t, hub, "b", "ac"), open(t, hub, "c", "ab")
		mustAdd(t, a, "k", "before")
		settle(time.Second)
		hub.Cut(func(from, to store.PeerID) bool { return (from == "c") != (to == "c") })
		for i := range 50 {
			mustAdd(t, a, "k", fmt.Sprintf("a%02d", i))
			mustAdd(t, c, fmt.Sprintf("c%02d", i), "c")
		}
		settle(time.Minute)
		mustShow(t, c, "c", "k", "before")
		if x, y := a.Applied(), b.Applied(); !x.Equal(y) {
			t.Errorf("a has applied %v, b on its side of the cut %v", x, y)
		}
		hub.Cut(nil)
		settle(10 * time.Second)
		for name, db := range map[string]*store.DB{"a": a, "b": b, "c": c} {
			s, _, err := sets(db).View(t.Context(), "k")
			if err != nil || s.Len() != 51 {
				t.Errorf("%s shows %d items (%v), want 51", name, s.Len(), err)
			}
			mustShow(t, db, name, "c49", "c")
			if got, want := db.Applied(), a.Applied(); !got.Equal(want) {
				t.Errorf("%s has applied %v, a %v", name, got, want)
			}
		}
	})
}

// TestNewStore: a store that joins late, and with an empty disk, gets all.
func TestNewStore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hub := store.NewHub()
		a := open(t, hub, "a", "b")
		for i := range 300 {
			mustAdd(t, a, fmt.Sprint(i), "x")
		}
		settle(time.Minute)
		b := open(t, hub, "b", "a")
		settle(10 * time.Second)
		for i := range 300 {
			mustShow(t, b, "b", fmt.Sprint(i), "x")
		}
	})
}

// TestReopen: a store that is opened again has what was written, under an id of
// its own, and goes on.
func TestReopen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hub := store.NewHub()
		e := &hooked{Engine: newEngine(t, func(func(store.Book, error) bool) {})}
		a, b := open(t, hub, "a", "b", on(e)), open(t, hub, "b", "a")
		mustAdd(t, a, "k", "1")
		was := a.Replica()
		if err := a.Close(); err != nil {
			t.Fatalf("Close: %v", err)
		}
		mustAdd(t, b, "k", "2")
		a = open(t, hub, "a", "b", on(e))
		if a.Replica() == was {
			t.Errorf("both openings write as %v", was)
		}
		s, _, err := sets(a).View(t.Context(), "k") // b's change may have come already
		if err != nil || !s.Contains("1") {
			t.Errorf("a shows %v (%v), want what was written before", s, err)
		}
		mustAdd(t, a, "k", "3")
		settle(30 * time.Second)
		mustShow(t, a, "a", "k", "1", "2", "3")
		mustShow(t, b, "b", "k", "1", "2", "3")
	})
}

// TestBacklog: messages that the receiver's queue has no room for are refused,
// and what they brought arrives all the same.
func TestBacklog(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hub := store.NewHub()
		port := hub.Join("b") // nobody receives
		a := open(t, hub, "a", "b")
		settle(40 * time.Millisecond)
		for range 1500 {
			if _, err := counts(a).Update(t.Context(), "n", increment); err != nil {
				t.Fatal(err)
			}
			synctest.Wait() // until it is sent: a's own queue has room for few
		}
		if err := port.Send(t.Context(), "b", nil); err == nil {
			t.Fatal("the queue has room for more: this test is about one that has none")
		}
		b := open(t, nil, "b", "a", func(c *store.Config) { c.Transport = port })
		settle(time.Minute)
		mustCount(t, b, "n", 1500)
		if x, y := a.Applied(), b.Applied(); !x.Equal(y) {
			t.Errorf("a has applied %v, b %v", x, y)
		}
	})
}
