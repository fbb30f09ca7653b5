package store_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/store"
	"github.com/dovetail-crdt/dovetail/store/memory"
	"github.com/dovetail-crdt/dovetail/store/replication"
)

// script is a transport whose peer is the test.
type script struct {
	in  chan replication.Message
	out chan replication.Message
}

func (s *script) Send(_ context.Context, _ store.PeerID, raw []byte) error {
	m, err := replication.DecodeMessage(raw)
	if err != nil {
		return err
	}
	s.out <- m
	return nil
}

func (s *script) Receive(ctx context.Context) (store.PeerID, []byte, error) {
	select {
	case m := <-s.in:
		return "b", replication.AppendMessage(nil, m), nil
	case <-ctx.Done():
		return "", nil, ctx.Err()
	}
}

// frames returns the next message of a session.
func (s *script) frames(number uint64) *replication.Frames {
	for m := range s.out {
		if f, ok := m.(*replication.Frames); ok && f.Session == number {
			return f
		}
	}
	return nil
}

// hold is a point that goroutines reach and another lets them pass.
type hold struct{ reached, pass chan struct{} }

func newHold() *hold { return &hold{make(chan struct{}), make(chan struct{})} }

func (h *hold) here() { h.reached <- struct{}{}; <-h.pass }

func (h *hold) await(n int) {
	for range n {
		<-h.reached
	}
}

// unknowing is an engine that does not learn the kinds that the test tampers with.
type unknowing struct{ store.Batcher }

func (unknowing) Know(...crdt.AnyKind) {}

// TestSnapshotOfPendingChange: a change that the core has taken and that no batch
// has written yet must not be in the snapshot of a heal whose frames were read
// from the engine before that. The peer would count the change as applied without
// its effect, and skip it for ever when it is pushed.
//
// While the write of one update holds the lock of the DB, the test lets some
// others queue for it, which are to give their changes to the core, and behind
// them the request for a heal. The lock is handed on in that order, and their own
// writes come last.
func TestSnapshotOfPendingChange(t *testing.T) {
	t.Parallel()
	var inFrame, inBatch *hold
	e := &hooked{Engine: memory.New(), batch: func(_ context.Context, b *store.Batch) error {
		if hasDelta(b, "total/other") {
			inBatch.here()
		} else if hasDelta(b, "total/k") {
			spin(200 * time.Microsecond) // the next in the queue wakes up and finds the lock taken
		}
		return nil
	}}
	kind := crdt.PNCounterKind()
	sound := kind.Append
	kind.Append = func(b []byte, c *crdt.PNCounter) ([]byte, error) { // runs between Issue and Local
		inFrame.here()
		return sound(b, c)
	}
	broken := crdt.PNCounterKind()
	broken.Append = func([]byte, *crdt.PNCounter) ([]byte, error) { return nil, errDisk }

	net := &script{in: make(chan replication.Message), out: make(chan replication.Message, 1<<12)}
	db := open(t, nil, "a", "b", on(unknowing{e}), func(c *store.Config) { c.Transport, c.Tick = net, time.Hour })
	one := func(tx *crdt.Tx, c *crdt.PNCounter) error { c.Add(tx, 1); return nil }
	// A burned number: the log cannot answer for it, so a request makes a session.
	if _, err := store.NewObjects(db, "", broken).Update(t.Context(), "k", one); !errors.Is(err, errDisk) {
		t.Fatalf("Update whose delta cannot be encoded = %v", err)
	}
	const keys = 4
	for j := range keys { // so that there is something to load
		if _, err := store.NewObjects(db, "total/", crdt.PNCounterKind()).Update(t.Context(), fmt.Sprint("k", j), one); err != nil {
			t.Fatal(err)
		}
	}
	for i := int64(1); i <= 20; i++ {
		inFrame, inBatch = newHold(), newHold()
		results := make(chan error, keys+1)
		update := func(key string, k crdt.Kind[*crdt.PNCounter]) {
			_, err := store.NewObjects(db, "total/", k).Update(t.Context(), key, one)
			results <- err
		}
		for j := range keys {
			go update(fmt.Sprint("k", j), kind)
		}
		inFrame.await(keys)
		go update("other", crdt.PNCounterKind())
		inBatch.await(1) // with the lock
		close(inFrame.pass)
		spin(300 * time.Microsecond)
		number := uint64(2 * i)
		net.in <- &replication.Request{Session: number, Base: &replication.Applied{}, Held: &replication.Applied{}, Got: &replication.Applied{}}
		spin(2 * time.Millisecond) // long enough for the lock to be handed on in order
		close(inBatch.pass)
		seen := net.frames(number)
		for range keys + 1 {
			if err := <-results; err != nil {
				t.Fatalf("attempt %d: %v", i, err)
			}
		}
		net.in <- &replication.Request{Session: number + 1, Base: &replication.Applied{}, Held: &replication.Applied{}, Got: &replication.Applied{}}
		settled := net.frames(number + 1)
		for j := range keys {
			key := fmt.Sprint("total/k", j)
			ev, total := lastOn(t, settled, key)
			if total != i+1 {
				t.Fatalf("attempt %d: the session afterwards shows %d of %q", i, total, key)
			}
			if _, total := lastOn(t, seen, key); seen.Snapshot.Contains(span(db.Replica(), ev, ev)) && total != i+1 {
				t.Fatalf("attempt %d: snapshot %v vouches for number %d on %q, but its frame has a total of %d, want %d", i, seen.Snapshot, ev, key, total, i+1)
			}
		}
	}
}

// lastOn returns what the frames say of an object: its last event and its total.
func lastOn(t *testing.T, f *replication.Frames, key string) (seq uint64, total int64) {
	t.Helper()
	for _, it := range f.Items {
		if it.Key != key {
			continue
		}
		c, err := replication.Join(crdt.PNCounterKind(), key, it.Frames)
		if err != nil {
			t.Fatalf("Join of %q: %v", key, err)
		}
		return it.Last[0].Seq, c.Value()
	}
	return 0, 0
}

// spin keeps the goroutine busy, so that others come to wait for a lock, which
// nothing tells of.
func spin(d time.Duration) {
	for end := time.Now().Add(d); time.Now().Before(end); {
		runtime.Gosched()
	}
}
