package storetest

import (
	"context"
	"iter"
	"maps"
	"runtime"
	"slices"
	"sync/atomic"

	"github.com/dovetail-crdt/dovetail/store"
)

var batcherFaults = []fault{
	{"forgets to delete books", "books", func(f *faulty) {
		f.batch = func(ctx context.Context, b *store.Batch) error {
			return f.Engine.Batch(ctx, &store.Batch{Deltas: b.Deltas, Puts: b.Puts})
		}
	}},
	{"yields books out of order", "books", func(f *faulty) {
		f.books = func(all iter.Seq2[store.Book, error]) iter.Seq2[store.Book, error] {
			return func(yield func(store.Book, error) bool) {
				byKey := map[string]store.Book{}
				for b, err := range all {
					if err != nil {
						yield(b, err)
						return
					}
					byKey[b.Key] = b
				}
				for _, k := range slices.Backward(slices.Sorted(maps.Keys(byKey))) {
					if !yield(byKey[k], nil) {
						return
					}
				}
			}
		}
	}},
	{"keeps the values of books that it was given", "books are the caller's", func(f *faulty) {
		given := map[string][]byte{}
		f.batch = func(ctx context.Context, b *store.Batch) error {
			for _, p := range b.Puts {
				given[p.Key] = p.Value
			}
			return f.Engine.Batch(ctx, b)
		}
		f.books = func(all iter.Seq2[store.Book, error]) iter.Seq2[store.Book, error] {
			return func(yield func(store.Book, error) bool) {
				for b, err := range all {
					b.Value = given[b.Key]
					if !yield(b, err) {
						return
					}
				}
			}
		}
	}},
	{"keeps books as objects", "books stand apart", func(f *faulty) {
		f.batch = func(ctx context.Context, b *store.Batch) error {
			all := *b
			for _, p := range b.Puts {
				all.Deltas = append(slices.Clip(all.Deltas), store.Delta{Key: p.Key, Frame: p.Value})
			}
			return f.Engine.Batch(ctx, &all)
		}
	}},
	{"leaves the deltas out of a batch", "batch", func(f *faulty) {
		f.batch = func(ctx context.Context, b *store.Batch) error {
			return f.Engine.Batch(ctx, &store.Batch{Puts: b.Puts, Deletes: b.Deletes})
		}
	}},
	{"writes a batch in two steps", "batch is atomic", func(f *faulty) {
		var loads atomic.Int64
		f.load = func(r store.Record, err error) (store.Record, error) {
			loads.Add(1)
			return r, err
		}
		f.batch = func(ctx context.Context, b *store.Batch) error {
			if err := f.Engine.Batch(ctx, &store.Batch{Puts: b.Puts, Deletes: b.Deletes}); err != nil {
				return err
			}
			from := loads.Load()
			for range 10_000 { // give readers time to look
				if loads.Load() > from+20 {
					break
				}
				runtime.Gosched()
			}
			return f.Engine.Batch(ctx, &store.Batch{Deltas: b.Deltas})
		}
	}},
	{"writes half of a batch that is cancelled", "batch cancelled", func(f *faulty) {
		f.batch = func(ctx context.Context, b *store.Batch) error {
			if err := f.Engine.Batch(context.WithoutCancel(ctx), &store.Batch{Puts: b.Puts}); err != nil {
				return err
			}
			return f.Engine.Batch(ctx, b)
		}
	}},
	{"has books after it was closed", "batcher closed", func(f *faulty) {
		f.books = func(iter.Seq2[store.Book, error]) iter.Seq2[store.Book, error] {
			return func(func(store.Book, error) bool) {}
		}
	}},
}
