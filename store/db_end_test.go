package store_test

import (
	"context"
	"errors"
	"iter"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/store"
	"github.com/dovetail-crdt/dovetail/store/memory"
)

var errDisk = errors.New("disk full")

// TestFailedWrite: after a write that failed, what is in memory is ahead of what
// is durable, so nothing more is done, and no peer hears of it.
func TestFailedWrite(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hub := store.NewHub()
		e := &hooked{Engine: memory.New()}
		a, b := open(t, hub, "a", "b", on(e)), open(t, hub, "b", "a")
		mustAdd(t, a, "k", "durable")
		e.batch = func(context.Context, *store.Batch) error { return errDisk }
		if _, err := sets(a).Update(t.Context(), "k", addTo("lost")); !errors.Is(err, store.ErrFailed) || !errors.Is(err, errDisk) {
			t.Errorf("Update whose write fails = %v, want ErrFailed and the cause", err)
		}
		e.batch = nil // the disk is well again, the store is not
		for range 2 {
			if _, err := sets(a).Update(t.Context(), "k", addTo("later")); !errors.Is(err, store.ErrFailed) {
				t.Errorf("Update after a failed write = %v, want ErrFailed", err)
			}
			if _, _, err := sets(a).View(t.Context(), "k"); !errors.Is(err, store.ErrFailed) {
				t.Errorf("View after a failed write = %v, want ErrFailed", err)
			}
			settle(time.Minute)
		}
		mustShow(t, b, "b", "k", "durable")
		if err := a.Close(); err != nil {
			t.Errorf("Close of a failed store: %v", err)
		}
		if _, _, err := sets(a).View(t.Context(), "k"); !errors.Is(err, store.ErrFailed) && !errors.Is(err, store.ErrClosed) {
			t.Errorf("View after Close of a failed store = %v", err)
		}
		a = open(t, hub, "a", "b", on(e))
		mustAdd(t, a, "k", "again")
		settle(10 * time.Second)
		mustShow(t, a, "a", "k", "again", "durable")
		mustShow(t, b, "b", "k", "again", "durable")
	})
}

// TestFailedReceive: a write that fails for a peer's change ends the store too,
// and the change is not acknowledged.
func TestFailedReceive(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hub := store.NewHub()
		e := &hooked{Engine: memory.New()}
		a, b := open(t, hub, "a", "b", on(e)), open(t, hub, "b", "a")
		settle(time.Second)
		e.batch = func(context.Context, *store.Batch) error { return errDisk }
		mustAdd(t, b, "k", "x")
		settle(time.Second)
		e.batch = nil
		if _, _, err := sets(a).View(t.Context(), "k"); !errors.Is(err, store.ErrFailed) {
			t.Errorf("View after a peer's change could not be written = %v, want ErrFailed", err)
		}
		a = open(t, hub, "a", "b", on(e))
		settle(10 * time.Second)
		mustShow(t, a, "a", "k", "x")
	})
}

// TestLoadFails: an object that cannot be read fails its update and view, and
// nothing else.
func TestLoadFails(t *testing.T) {
	t.Parallel()
	e := &hooked{Engine: memory.New(), load: func(key string) error {
		if key == "set/bad" {
			return errDisk
		}
		return nil
	}}
	db := open(t, nil, "a", "", on(e))
	var ke *store.KeyError
	if _, err := sets(db).Update(t.Context(), "bad", addTo("x")); !errors.Is(err, errDisk) || !errors.As(err, &ke) || ke.Key != "set/bad" {
		t.Errorf("Update of an object that cannot be read = %v, want a KeyError with the cause", err)
	}
	ke = nil
	if _, _, err := sets(db).View(t.Context(), "bad"); !errors.Is(err, errDisk) || !errors.As(err, &ke) {
		t.Errorf("View of an object that cannot be read = %v, want a KeyError with the cause", err)
	}
	mustAdd(t, db, "good", "x")
}

// TestClose: Close waits for what runs in the background, may be called again,
// and ends everything.
func TestClose(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { // which fails if a goroutine is left
		db, err := store.Open(t.Context(), store.Config{Engine: memory.New(), Self: "a", Peers: []store.PeerID{"b"}, Transport: store.NewHub().Join("a")})
		if err != nil {
			t.Fatal(err)
		}
		mustAdd(t, db, "k", "x")
		for range 2 {
			if err := db.Close(); err != nil {
				t.Errorf("Close: %v", err)
			}
			if _, err := sets(db).Update(t.Context(), "k", addTo("y")); !errors.Is(err, store.ErrClosed) {
				t.Errorf("Update after Close = %v, want ErrClosed", err)
			}
			if _, _, err := sets(db).View(t.Context(), "k"); !errors.Is(err, store.ErrClosed) {
				t.Errorf("View after Close = %v, want ErrClosed", err)
			}
		}
	})
}

// TestKeysAfterClose: Close makes later calls fail with ErrClosed, this one too.
func TestKeysAfterClose(t *testing.T) {
	t.Parallel()
	db := open(t, nil, "a", "")
	mustAdd(t, db, "k", "x")
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	n := 0
	for key, err := range sets(db).Keys(t.Context()) {
		if n++; !errors.Is(err, store.ErrClosed) {
			t.Errorf("Keys after Close yields %q, %v; want ErrClosed", key, err)
		}
	}
	if n != 1 {
		t.Errorf("Keys after Close yields %d pairs, want one with ErrClosed", n)
	}
}

// TestCloseDuringUpdate: an update that is under way when the store is closed
// does not come back as durable unless it is.
func TestCloseDuringUpdate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := memory.New()
		db := open(t, nil, "a", "", on(e))
		inside, on := make(chan struct{}), make(chan struct{})
		result := make(chan error, 1)
		go func() {
			_, err := sets(db).Update(t.Context(), "k", func(tx *crdt.Tx, s *crdt.AWSet[string]) error {
				s.Add(tx, "x")
				close(inside)
				<-on
				return nil
			})
			result <- err
		}()
		<-inside
		if err := db.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
		close(on)
		err := <-result
		_, lerr := e.Load(t.Context(), "set/k")
		if !errors.Is(err, store.ErrClosed) && (err != nil || lerr != nil) {
			t.Errorf("Update during Close = %v, Load = %v", err, lerr)
		}
	})
}

// TestLockCancelled: an update waits for the one before it on its key, unless its
// context ends; others do not wait.
func TestLockCancelled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := open(t, nil, "a", "")
		on := make(chan struct{})
		first := make(chan error, 1)
		go func() {
			_, err := sets(db).Update(t.Context(), "k", func(tx *crdt.Tx, s *crdt.AWSet[string]) error {
				s.Add(tx, "first")
				<-on
				return nil
			})
			first <- err
		}()
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		second, third := make(chan error, 1), make(chan error, 1)
		go func() {
			_, err := sets(db).Update(ctx, "k", addTo("second"))
			second <- err
		}()
		go func() {
			_, err := sets(db).Update(t.Context(), "k", addTo("third"))
			third <- err
		}()
		mustAdd(t, db, "other", "x")
		synctest.Wait()
		cancel()
		if err := <-second; !errors.Is(err, context.Canceled) {
			t.Errorf("Update whose context ended while it waited = %v", err)
		}
		synctest.Wait()
		if len(third) > 0 {
			t.Errorf("an update ran beside another of its key: %v", <-third)
		}
		close(on)
		if err := errors.Join(<-first, <-third); err != nil {
			t.Errorf("updates that waited their turn: %v", err)
		}
		mustShow(t, db, "a", "k", "first", "third")
	})
}

// TestCancelledWrite: a context that ends when the change was made does not stop its
// write halfway. The update is in doubt until its write is told to be durable.
func TestCancelledWrite(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pass := make(chan struct{})
		e := &hooked{Engine: memory.New(), batch: func(_ context.Context, b *store.Batch) error {
			if hasDelta(b, "set/") {
				<-pass
			}
			return nil
		}}
		db := open(t, nil, "a", "", on(e))
		ctx, cancel := context.WithCancel(t.Context())
		_, err := sets(db).Update(ctx, "k", func(tx *crdt.Tx, s *crdt.AWSet[string]) error {
			s.Add(tx, "x")
			cancel()
			return nil
		})
		var in *store.InDoubtError
		if !errors.As(err, &in) || !errors.Is(err, store.ErrInDoubt) || !errors.Is(err, context.Canceled) || in.Key != "set/k" {
			t.Fatalf("Update whose context ends inside, with a slow disk = %v; want an InDoubtError", err)
		}
		if err := in.Retry(ctx); !errors.Is(err, store.ErrInDoubt) {
			t.Errorf("Retry before the write is durable = %v, want ErrInDoubt", err)
		}
		second := make(chan error, 1)
		go func() {
			_, err := sets(db).Update(t.Context(), "k", addTo("y"))
			second <- err
		}()
		synctest.Wait()
		if len(second) > 0 {
			t.Errorf("an update ran beside a change of its key that is not durable: %v", <-second)
		}
		mustShow(t, db, "a", "k")
		close(pass)
		if err := errors.Join(in.Retry(t.Context()), <-second); err != nil {
			t.Errorf("Retry once the write is durable, and the update after it: %v", err)
		}
		if err := in.Abandon(t.Context()); !errors.Is(err, store.ErrApplied) || !errors.Is(err, store.ErrCannotAbandon) {
			t.Errorf("Abandon of an applied change = %v, want ErrApplied", err)
		}
		mustShow(t, db, "a", "k", "x", "y")
	})
}

type failingBooks struct{ *memory.Engine }

func (failingBooks) Books(context.Context) iter.Seq2[store.Book, error] {
	return func(yield func(store.Book, error) bool) { yield(store.Book{}, errDisk) }
}

// TestOpenFaults: Open refuses what it cannot run with.
func TestOpenFaults(t *testing.T) {
	t.Parallel()
	failing := &hooked{Engine: memory.New(), batch: func(context.Context, *store.Batch) error { return errDisk }}
	for _, tt := range []struct {
		name string
		cfg  store.Config
		want error // nil: any
	}{
		{"no engine", store.Config{Self: "a"}, nil},
		{"no name", store.Config{Engine: memory.New()}, nil},
		{"tick", store.Config{Engine: memory.New(), Self: "a", Tick: -1}, nil},
		{"bound", store.Config{Engine: memory.New(), Self: "a", ClockBound: -1}, nil},
		{"books", store.Config{Engine: failingBooks{memory.New()}, Self: "a"}, errDisk},
		{"first write", store.Config{Engine: failing, Self: "a"}, errDisk},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if db, err := store.Open(t.Context(), tt.cfg); err == nil || db != nil || tt.want != nil && !errors.Is(err, tt.want) {
				t.Errorf("Open = %v, %v; want an error %v", db, err, tt.want)
			}
		})
	}
}
