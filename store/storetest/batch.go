package storetest

import (
	"context"
	"errors"
	"strconv"
	"sync"

	"pgregory.net/rapid"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/store"
	"github.com/dovetail-crdt/dovetail/store/replication"
)

// checkBatch writes deltas and books together, and nothing.
func checkBatch(t tb, open func() store.Batcher) {
	e := open()
	defer closing(t, e)
	ctx := t.Context()
	m := make(model)
	batch(ctx, t, e, &store.Batch{})
	batch(ctx, t, e, &store.Batch{Puts: []store.Book{{Key: "old", Value: []byte("1")}, {Key: "kept", Value: nil}}})
	b := &store.Batch{
		Deltas:  []store.Delta{{Key: "a", Frame: addition(1, "x")}, {Key: "b", Frame: amount(1, 5)}, {Key: "a", Frame: addition(2, "y")}},
		Puts:    []store.Book{{Key: "new", Value: []byte("2")}},
		Deletes: []string{"old", "never there"},
	}
	for _, f := range strangers() {
		b.Deltas = append(b.Deltas, store.Delta{Key: "b", Frame: f})
	}
	m.merge(b.Deltas...)
	for range 2 { // the same batch again changes nothing
		batch(ctx, t, e, b)
		m.whole(ctx, t, e)
		books(ctx, t, e, map[string]string{"kept": "", "new": "2"})
	}
}

// checkAtomic writes batches of two objects and a book while it reads them: what
// a batch wrote is there in full once a part of it is.
func checkAtomic(t tb, open func() store.Batcher) {
	e := open()
	defer closing(t, e)
	ctx := t.Context()
	const rounds = 60
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := 1; i <= rounds; i++ {
			f := amount(clock.ReplicaID(i), 1)
			err := e.Batch(ctx, &store.Batch{
				Deltas: []store.Delta{{Key: "a", Frame: f}, {Key: "b", Frame: f}},
				Puts:   []store.Book{{Key: "n", Value: strconv.AppendInt(nil, int64(i), 10)}},
			})
			if err != nil {
				t.Errorf("Batch %d: %v", i, err)
				return
			}
		}
	})
	defer wg.Wait()
	read := []struct {
		name string
		of   func() int64
	}{
		{"object a", func() int64 { return countOf(ctx, t, e, "a") }},
		{"object b", func() int64 { return countOf(ctx, t, e, "b") }},
		{"book n", func() int64 { return bookOf(ctx, t, e, "n") }},
	}
	for last := int64(0); last < rounds && !t.Failed(); {
		for _, first := range read {
			n := first.of()
			for _, second := range read {
				if m := second.of(); m < n {
					t.Errorf("%s shows %d batches, and %s, read later, %d", first.name, n, second.name, m)
				}
			}
			last = n
		}
	}
}

// countOf returns the value of the PNCounter under key, or -1 on an error.
func countOf(ctx context.Context, t rapid.TB, e store.Engine, key string) int64 {
	rec, err := e.Load(ctx, key)
	if errors.Is(err, store.ErrNotFound) {
		return 0
	}
	if err != nil {
		t.Errorf("Load(%q): %v", key, err)
		return -1
	}
	c, err := replication.Join(crdt.PNCounterKind(), key, rec.Frames)
	if err != nil {
		t.Errorf("Join of %q: %v", key, err)
		return -1
	}
	return c.Value()
}

func bookOf(ctx context.Context, t rapid.TB, e store.Batcher, key string) int64 {
	for b, err := range e.Books(ctx) {
		if err != nil {
			t.Errorf("Books: %v", err)
			return -1
		}
		if b.Key == key {
			n, err := strconv.ParseInt(string(b.Value), 10, 64)
			if err != nil {
				t.Errorf("book %q: %v", key, err)
				return -1
			}
			return n
		}
	}
	return 0
}

// checkBatchCancelled writes a batch with a context that has ended: all or
// nothing of it is there, and nothing if the error does not leave it in doubt.
func checkBatchCancelled(t tb, open func() store.Batcher) {
	e := open()
	defer closing(t, e)
	was := &store.Batch{
		Deltas: []store.Delta{{Key: "k", Frame: addition(1, "a")}},
		Puts:   []store.Book{{Key: "n", Value: []byte("1")}},
	}
	batch(t.Context(), t, e, was)
	m := make(model)
	m.merge(was.Deltas...)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	b := &store.Batch{
		Deltas: []store.Delta{{Key: "k", Frame: addition(2, "b")}},
		Puts:   []store.Book{{Key: "n", Value: []byte("2")}},
	}
	err := e.Batch(ctx, b)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Batch under a cancelled context = %v", err)
	}
	n := map[string]string{"n": "1"}
	if errors.Is(err, store.ErrInDoubt) && bookOf(t.Context(), t, e, "n") == 2 {
		m.merge(b.Deltas...)
		n["n"] = "2"
	}
	m.whole(t.Context(), t, e)
	books(t.Context(), t, e, n)
	for _, err := range e.Books(ctx) {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("Books under a cancelled context yields %v", err)
		}
	}
}

func checkBatcherClosed(t tb, open func() store.Batcher) {
	e := open()
	closing(t, e)
	if err := e.Batch(t.Context(), &store.Batch{Puts: []store.Book{{Key: "n"}}}); !errors.Is(err, store.ErrClosed) {
		t.Errorf("Batch of a closed engine = %v, want ErrClosed", err)
	}
	n := 0
	for _, err := range e.Books(t.Context()) {
		if n++; !errors.Is(err, store.ErrClosed) {
			t.Errorf("Books of a closed engine yields %v, want ErrClosed", err)
		}
	}
	if n != 1 {
		t.Errorf("Books of a closed engine yields %d pairs, want one with ErrClosed", n)
	}
}
