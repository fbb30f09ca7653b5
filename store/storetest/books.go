package storetest

import (
	"context"
	"errors"
	"maps"
	"slices"

	"pgregory.net/rapid"

	"github.com/dovetail-crdt/dovetail/store"
)

func batch(ctx context.Context, t rapid.TB, e store.Batcher, b *store.Batch) {
	t.Helper()
	if err := e.Batch(ctx, b); err != nil {
		t.Fatalf("Batch of %d deltas, %d puts, %d deletes: %v", len(b.Deltas), len(b.Puts), len(b.Deletes), err)
	}
}

// books fails unless the engine has these books, in order.
func books(ctx context.Context, t rapid.TB, e store.Batcher, want map[string]string) {
	t.Helper()
	got := make(map[string]string)
	var keys []string
	for b, err := range e.Books(ctx) {
		if err != nil {
			t.Fatalf("Books after %q: %v", keys, err)
		}
		keys = append(keys, b.Key)
		got[b.Key] = string(b.Value)
	}
	if !slices.Equal(keys, slices.Sorted(maps.Keys(want))) || !maps.Equal(got, want) {
		t.Fatalf("Books yields %q with values %q, want %q in order of key", keys, got, want)
	}
}

// checkBooks puts, replaces and deletes random books.
func checkBooks(t tb, open func() store.Batcher) {
	ctx := t.Context()
	key := rapid.StringOfN(rapid.RuneFrom([]rune("\x00ab/\u00ff")), 1, 3, -1)
	value := rapid.StringOfN(rapid.RuneFrom([]rune("\x00z")), 0, 3, -1)
	rapid.Check(t, func(rt *rapid.T) {
		e := open()
		want := make(map[string]string)
		for range rapid.IntRange(1, 6).Draw(rt, "batches") {
			b := &store.Batch{}
			for i, k := range rapid.SliceOfNDistinct(key, 0, 5, rapid.ID).Draw(rt, "keys") {
				if i%2 == 0 {
					v := value.Draw(rt, "value")
					b.Puts = append(b.Puts, store.Book{Key: k, Value: []byte(v)})
					want[k] = v
				} else {
					b.Deletes = append(b.Deletes, k)
					delete(want, k)
				}
			}
			if len(want) > 0 && rapid.Bool().Draw(rt, "delete one") {
				k := rapid.SampledFrom(slices.Sorted(maps.Keys(want))).Draw(rt, "key")
				if !slices.ContainsFunc(b.Puts, func(p store.Book) bool { return p.Key == k }) {
					b.Deletes = append(b.Deletes, k)
					delete(want, k)
				}
			}
			batch(ctx, rt, e, b)
			books(ctx, rt, e, want)
		}
		n := 0
		for _, err := range e.Books(ctx) {
			if n++; err != nil {
				rt.Fatalf("Books: %v", err)
			}
			break // an early stop is no error
		}
		if n > len(want) {
			rt.Fatalf("Books yields something where there is nothing")
		}
		closing(rt, e)
	})
}

// checkBooksOwned scribbles over what Batch was given and what Books returned.
func checkBooksOwned(t tb, open func() store.Batcher) {
	e := open()
	defer closing(t, e)
	ctx := t.Context()
	b := &store.Batch{
		Deltas:  []store.Delta{{Key: "k", Frame: addition(1, "a")}},
		Puts:    []store.Book{{Key: "x", Value: []byte("one")}, {Key: "y", Value: []byte("two")}},
		Deletes: []string{"z"},
	}
	m := make(model)
	m.merge(store.Delta{Key: "k", Frame: slices.Clone(b.Deltas[0].Frame)})
	batch(ctx, t, e, b)
	scribble(b.Deltas[0].Frame)
	for i := range b.Puts {
		scribble(b.Puts[i].Value)
		b.Puts[i].Key = "scribbled"
	}
	b.Deletes[0] = "x"
	want := map[string]string{"x": "one", "y": "two"}
	for range 2 {
		books(ctx, t, e, want)
		for b, err := range e.Books(ctx) {
			if err != nil {
				t.Fatalf("Books: %v", err)
			}
			scribble(b.Value)
		}
	}
	books(ctx, t, e, want)
	m.whole(ctx, t, e)
}

// checkBooksApart uses the same keys for books and for objects.
func checkBooksApart(t tb, open func() store.Batcher) {
	e := open()
	defer closing(t, e)
	ctx := t.Context()
	batch(ctx, t, e, &store.Batch{Puts: []store.Book{{Key: "k", Value: []byte("v")}}})
	if rec, err := e.Load(ctx, "k"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("Load of the key of a book = %d frames, %v; want ErrNotFound", len(rec.Frames), err)
	}
	if keys := keysOf(ctx, t, e, "", ""); len(keys) > 0 {
		t.Errorf("Scan yields %q, which are books", keys)
	}
	m := make(model)
	d := store.Delta{Key: "k", Frame: addition(1, "a")}
	m.merge(d)
	merge(ctx, t, e, d)
	books(ctx, t, e, map[string]string{"k": "v"})
	batch(ctx, t, e, &store.Batch{Deletes: []string{"k"}})
	books(ctx, t, e, nil)
	m.whole(ctx, t, e)
}
