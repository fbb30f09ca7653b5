package store_test

import (
	"errors"
	"iter"
	"testing"

	"github.com/dovetail-crdt/dovetail/store"
	"github.com/dovetail-crdt/dovetail/store/memory"
	"github.com/dovetail-crdt/dovetail/store/replication"
)

// newEngine returns an engine with these books and no objects.
func newEngine(t *testing.T, books iter.Seq2[store.Book, error]) *memory.Engine {
	t.Helper()
	e := memory.New()
	b := &store.Batch{}
	for book, err := range books {
		if err != nil {
			t.Fatalf("Books: %v", err)
		}
		b.Puts = append(b.Puts, book)
	}
	if err := e.Batch(t.Context(), b); err != nil {
		t.Fatalf("Batch: %v", err)
	}
	return e
}

// restored brings a back as a backup of it that claims to be the original: its
// peer b has a's second change and it does not.
func restored(t *testing.T) (w *world, a, b *node) {
	t.Helper()
	w, a, b = pair(t, func(c *replication.CoreConfig) { c.Reserve = 2 })
	a.put("k", "1")
	backup := newEngine(t, a.engine.Books(t.Context()))
	for range 9 {
		a.put("k", "2")
	}
	w.deliver(w.take(of[*replication.Push]())...)
	w.drop(anything)
	a.engine, a.holds = backup, map[int]bool{0: true}
	w.changes = w.changes[:0] // of which the copy has nothing
	b.holds = nil
	a.boot(true)
	w.drop(anything)
	return w, a, b
}

// fenced fails unless n issues nothing more, for being a copy.
func fenced(t *testing.T, n *node, how string) {
	t.Helper()
	if err := n.core.Err(); !errors.Is(err, store.ErrIdentity) {
		t.Errorf("after %s Err() = %v, want ErrIdentity", how, err)
	}
	if ev, err := n.core.Issue("k", 1); !errors.Is(err, store.ErrIdentity) {
		t.Errorf("after %s Issue = %v, %v; want ErrIdentity", how, ev, err)
	}
}

// TestIdentityByVector: a peer's vector has events of this replica that it never
// issued.
func TestIdentityByVector(t *testing.T) {
	t.Parallel()
	w, a, b := restored(t)
	if err := a.core.Err(); err != nil {
		t.Fatalf("fenced before anything was heard: %v", err)
	}
	b.tick(100)
	w.deliver(w.take(of[*replication.Hello](from("b", "a")))...)
	fenced(t, a, "a hello")
}

// TestIdentityByPush: a peer pushes them.
func TestIdentityByPush(t *testing.T) {
	t.Parallel()
	w, a, b := restored(t)
	was := a.image()
	m := &replication.Push{Changes: []replication.Change{{
		Key: "k", Span: span(a.core.Replica(), 900, 900), After: 1, Frame: w.frame(t),
	}}}
	if err := a.core.Step(b.id, m); err != nil {
		t.Fatalf("Step: %v", err)
	}
	a.carryOut()
	fenced(t, a, "a push")
	if a.image() != was {
		t.Errorf("a change under a doubtful identity was merged")
	}
}

// TestIdentityByHeal: a request has them, or the end of a session.
func TestIdentityByHeal(t *testing.T) {
	t.Parallel()
	_, a, _ := restored(t)
	all := spans(span(a.core.Replica(), 1, 900))
	m := &replication.Request{Session: 1, Base: all, Held: &replication.Applied{}, Got: &replication.Applied{}}
	if err := a.core.Step("b", m); err != nil {
		t.Fatalf("Step: %v", err)
	}
	fenced(t, a, "a request")

	w, a, b := restored(t)
	other := spans(span(77, 1, 1))
	if err := a.core.Step("b", &replication.Hello{Have: other}); err != nil {
		t.Fatalf("Step: %v", err)
	}
	req := request(a, w).message.(*replication.Request)
	if err := a.core.Step(b.id, &replication.Frames{Session: req.Session, Snapshot: all, Held: &replication.Applied{}}); err != nil {
		t.Fatalf("Step: %v", err)
	}
	fenced(t, a, "a session")
}

// TestIdentityOfNumbersReserved: that a peer has as much as was issued is no
// alarm, nor are numbers that were reserved before a crash.
func TestIdentityOfNumbersReserved(t *testing.T) {
	t.Parallel()
	w, a, _ := pair(t)
	for range 3 {
		a.put("k", "x")
		w.converge(300)
		a.boot(true)
	}
	w.converge(300)
	if err := a.core.Err(); err != nil {
		t.Errorf("fenced without reason: %v", err)
	}
}

// TestRestoredPeer is rule R10: what a peer says that it has applied replaces
// what it said before. B told a of a change and then came back from a backup
// without it: a must not ask for what nobody has.
func TestRestoredPeer(t *testing.T) {
	t.Parallel()
	w, a, b := pair(t)
	b.put("k", "gone")
	w.drop(anything)
	b.tick(100)
	w.deliver(w.take(of[*replication.Hello](from("b", "a")))...)
	b.engine, w.changes, b.holds = memory.New(), nil, nil
	b.boot(false)
	w.drop(anything)
	b.tick(1)
	w.deliver(w.take(from("b", "a"))...)
	for range 500 {
		a.tick(1)
		b.tick(1)
		if ps := w.take(of[*replication.Request]()); len(ps) > 0 {
			t.Fatalf("%v for what the peer no longer has: base %v, a has %v, b %v", ps[0], ps[0].message.(*replication.Request).Base, a.vector(), b.vector())
		}
		w.flush()
	}
}

// frame returns the frame of some delta.
func (w *world) frame(t *testing.T) []byte {
	t.Helper()
	n := newWorld(t).open("x", "")
	n.put("k", "x")
	return n.w.changes[0].frame
}
