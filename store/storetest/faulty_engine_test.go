package storetest

import (
	"context"
	"iter"

	"github.com/dovetail-crdt/dovetail/crdt/untyped"
	"github.com/dovetail-crdt/dovetail/store"
	"github.com/dovetail-crdt/dovetail/store/memory"
)

// faulty is a sound engine with hooks that spoil it.
type faulty struct {
	*memory.Engine
	load  func(store.Record, error) (store.Record, error)
	batch func(context.Context, *store.Batch) error
	scan  func(ctx context.Context, prefix string, after store.Cursor) iter.Seq2[store.Record, error]
	keys  func(ctx context.Context, prefix string) iter.Seq2[string, error]
	books func(iter.Seq2[store.Book, error]) iter.Seq2[store.Book, error]
	close func() error
}

func (f *faulty) Load(ctx context.Context, key string) (store.Record, error) {
	r, err := f.Engine.Load(ctx, key)
	if f.load != nil {
		return f.load(r, err)
	}
	return r, err
}

func (f *faulty) Merge(ctx context.Context, deltas ...store.Delta) error {
	return f.Batch(ctx, &store.Batch{Deltas: deltas})
}

func (f *faulty) Batch(ctx context.Context, b *store.Batch) error {
	if f.batch != nil {
		return f.batch(ctx, b)
	}
	return f.Engine.Batch(ctx, b)
}

func (f *faulty) Scan(ctx context.Context, prefix string, after store.Cursor) iter.Seq2[store.Record, error] {
	if f.scan != nil {
		return f.scan(ctx, prefix, after)
	}
	return func(yield func(store.Record, error) bool) {
		for r, err := range f.Engine.Scan(ctx, prefix, after) {
			if err == nil && f.load != nil {
				r, err = f.load(r, err)
			}
			if !yield(r, err) {
				return
			}
		}
	}
}

func (f *faulty) Keys(ctx context.Context, prefix string) iter.Seq2[string, error] {
	if f.keys != nil {
		return f.keys(ctx, prefix)
	}
	return f.Engine.Keys(ctx, prefix)
}

func (f *faulty) Books(ctx context.Context) iter.Seq2[store.Book, error] {
	if f.books != nil {
		return f.books(f.Engine.Books(ctx))
	}
	return f.Engine.Books(ctx)
}

func (f *faulty) Close() error {
	if f.close != nil {
		return f.close()
	}
	return f.Engine.Close()
}

func joins(frame []byte) bool { _, err := untyped.DecodeObject(frame); return err == nil }

// fault is a way to break a promise, and the check that must notice it.
type fault struct {
	name  string
	check string
	spoil func(f *faulty)
}
