package store_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/store"
	"github.com/dovetail-crdt/dovetail/store/memory"
)

// stuck is a transport whose Send waits for the end of its context.
type stuck struct{ store.Transport }

func (stuck) Send(ctx context.Context, _ store.PeerID, _ []byte) error {
	<-ctx.Done()
	return ctx.Err()
}

// within fails the test unless f returns before virtual time moves on by a second.
func within(t *testing.T, what string, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() { f(); close(done) }()
	select {
	case <-done:
	case <-time.After(time.Second):
		t.Errorf("%s waits", what)
		<-done
	}
}

// TestSendWaits: a peer that takes no messages holds up neither updates nor views nor
// Close.
func TestSendWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := open(t, store.NewHub(), "a", "bc", func(c *store.Config) { c.Transport = stuck{c.Transport} })
		within(t, "an update", func() { mustAdd(t, db, "k", "x") })
		for i := range 5000 { // more than wait for a peer
			mustAdd(t, db, fmt.Sprint("k", i%10), fmt.Sprint(i))
		}
		within(t, "a view", func() { mustShow(t, db, "a", "k", "x") })
		within(t, "Applied", func() { db.Applied() })
		within(t, "Close", func() {
			if err := db.Close(); err != nil {
				t.Errorf("Close: %v", err)
			}
		})
	})
}

// slowLoad is an engine of which the loads of one object wait for their context.
type slowLoad struct {
	*memory.Engine
	key     string
	waiting chan struct{} // nil: not now
}

func (e *slowLoad) Load(ctx context.Context, key string) (store.Record, error) {
	if key == e.key && e.waiting != nil {
		e.waiting <- struct{}{}
		<-ctx.Done()
		return store.Record{}, ctx.Err()
	}
	return e.Engine.Load(ctx, key)
}

// TestHealLoadWaits: an object that takes for ever to load for a peer's heal holds up
// neither updates nor views nor pushes nor Close.
func TestHealLoadWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hub := store.NewHub()
		e := &slowLoad{Engine: memory.New(), key: "set/slow"}
		a := open(t, nil, "a", "", on(e))
		mustAdd(t, a, "slow", "x")
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
		e.waiting = make(chan struct{}, 1)
		a = open(t, hub, "a", "b", on(e)) // with no log, so b's heal is a session
		b := open(t, hub, "b", "a")
		<-e.waiting
		within(t, "an update", func() { mustAdd(t, a, "k", "x") })
		within(t, "a view", func() { mustShow(t, a, "a", "k", "x") })
		settle(10 * time.Second)
		mustShow(t, b, "b", "k", "x")
		within(t, "Close", func() {
			if err := a.Close(); err != nil {
				t.Errorf("Close: %v", err)
			}
		})
	})
}

// TestSlowBatch: a write that takes long holds up no view, of its key or another, and
// no figure; nothing is sent or acknowledged before it is durable.
func TestSlowBatch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hub := store.NewHub()
		pass := make(chan struct{})
		e := &hooked{Engine: memory.New(), batch: func(_ context.Context, b *store.Batch) error {
			if hasDelta(b, "set/k") {
				<-pass
			}
			return nil
		}}
		a, b := open(t, hub, "a", "b", on(e)), open(t, hub, "b", "a")
		acked := make(chan error, 1)
		go func() {
			_, err := sets(a).Update(t.Context(), "k", addTo("x"))
			acked <- err
		}()
		synctest.Wait()
		within(t, "a view", func() { mustShow(t, a, "a", "k") })
		within(t, "Applied", func() {
			if v := a.Applied(); v.Max(a.Replica()) != 0 {
				t.Errorf("Applied is %v with nothing durable", v)
			}
		})
		settle(10 * time.Second)
		mustShow(t, b, "b", "k")
		if len(acked) > 0 {
			t.Errorf("acknowledged before it was durable: %v", <-acked)
		}
		close(pass)
		if err := <-acked; err != nil {
			t.Error(err)
		}
		settle(time.Second)
		mustShow(t, b, "b", "k", "x")
	})
}

// TestViewBesideUpdate: while the function of an update runs, its key shows the state
// before, at once, also to the function itself. After a panic the key can be used.
func TestViewBesideUpdate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := open(t, nil, "a", "")
		mustAdd(t, db, "k", "before")
		if _, err := sets(db).Update(t.Context(), "k", func(tx *crdt.Tx, s *crdt.AWSet[string]) error {
			s.Add(tx, "after")
			within(t, "a view", func() { mustShow(t, db, "a", "k", "before") })
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		func() {
			defer func() { _ = recover() }()
			_, err := sets(db).Update(t.Context(), "k", func(tx *crdt.Tx, s *crdt.AWSet[string]) error {
				s.Add(tx, "never")
				panic("in the function")
			})
			t.Errorf("Update whose function panics returned %v", err)
		}()
		within(t, "an update", func() { mustAdd(t, db, "k", "later") })
		mustShow(t, db, "a", "k", "after", "before", "later")
	})
}

// TestContention: an update whose turn does not come in time says that nothing was done.
func TestContention(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := open(t, nil, "a", "")
		_, err := sets(db).Update(t.Context(), "k", func(*crdt.Tx, *crdt.AWSet[string]) error {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			_, err := sets(db).Update(ctx, "k", addTo("x"))
			return err
		})
		if !errors.Is(err, store.ErrContention) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Update inside an update of the key = %v, want ErrContention", err)
		}
		mustShow(t, db, "a", "k")
	})
}
