package store_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/store"
	"github.com/dovetail-crdt/dovetail/store/memory"
	"github.com/dovetail-crdt/dovetail/store/replication"
)

// TestSessionOfALostDisk: the asker of a session loses its disk and asks again,
// from nothing, under the same number. It must not be given the rest of the old
// session, whose objects are those that it lacked before.
func TestSessionOfALostDisk(t *testing.T) {
	t.Parallel()
	w, b, a := pair(t, shortLog)
	b.put("x", "1")
	w.deliver(w.take(of[*replication.Push]())...)
	b.put("y", "1")
	b.put("z", "1")
	w.drop(anything)
	first := requestOf(w, a, b)
	old := first.message.(*replication.Request)
	serve(w, first) // lost
	again := *old
	again.Base = &replication.Applied{}
	if err := b.core.Step(a.id, &again); err != nil {
		t.Fatalf("Step: %v", err)
	}
	b.carryOut()
	keys := map[string]bool{}
	for _, p := range w.take(of[*replication.Frames]()) {
		if m, ok := p.message.(*replication.Frames); ok {
			for _, it := range m.Items {
				keys[it.Key] = true
			}
		}
	}
	if !keys["x"] {
		t.Errorf("a store that has nothing is sent %v, want x as well", keys)
	}
}

// TestItemWithoutFrames: an object without a frame is one that the peer cannot read: its
// events get neither into the index nor into the vector.
func TestItemWithoutFrames(t *testing.T) {
	t.Parallel()
	w, b, a := pair(t, shortLog)
	b.put("x", "1")
	b.put("y", "1")
	w.drop(anything)
	req := requestOf(w, a, b).message.(*replication.Request)
	m := &replication.Frames{
		Session: req.Session, Serve: 1, Index: 1, Count: 1, Snapshot: spans(span(99, 1, 5)), Held: &replication.Applied{},
		Items: []replication.Item{{Key: "ghost", Last: []clock.Dot{{Replica: 99, Seq: 5}}}},
	}
	if err := a.core.Step(b.id, m); err != nil {
		t.Fatalf("Step: %v", err)
	}
	a.carryOut()
	if a.core.Applied().Max(99) != 0 || len(a.errs) != 1 {
		t.Errorf("vector of a is %v, and it reports %v; want nothing of replica 99, and an error", a.vector(), a.errs)
	}
	for _, book := range a.books() {
		if string(book.Value) == "ghost" {
			t.Errorf("the index names %q, which is not here", book.Value)
		}
	}
}

// flaky is a transport whose first Receive fails.
type flaky struct {
	store.Transport
	failed bool
}

func (f *flaky) Receive(ctx context.Context) (store.PeerID, []byte, error) {
	if !f.failed {
		f.failed = true
		return "", nil, errors.New("connection reset")
	}
	return f.Transport.Receive(ctx)
}

// TestReceiveRecovers: a transport's error does not end reception.
func TestReceiveRecovers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hub := store.NewHub()
		a := open(t, hub, "a", "b", func(c *store.Config) { c.Transport = &flaky{Transport: c.Transport} })
		b := open(t, hub, "b", "a")
		if _, err := sets(b).Update(t.Context(), "k", addTo("x")); err != nil {
			t.Fatalf("Update: %v", err)
		}
		settle(5 * time.Second)
		if !a.Applied().Equal(b.Applied()) {
			t.Errorf("a has applied %v, b %v, after one failed Receive", a.Applied(), b.Applied())
		}
	})
}

// TestPeersNeedATransport: their debts would have nowhere to go.
func TestPeersNeedATransport(t *testing.T) {
	t.Parallel()
	db, err := store.Open(t.Context(), store.Config{Engine: memory.New(), Self: "a", Peers: []store.PeerID{"b"}})
	if err == nil {
		t.Error("Open with peers and without a transport succeeded")
		db.Close() //nolint:errcheck,gosec // the test has failed
	}
}
