// Package memory is the engine that keeps objects and books in memory. Nothing
// survives the process: it is for tests, simulations and caches, and the model
// that other engines are compared with.
package memory

import (
	"context"
	"errors"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/untyped"
	"github.com/dovetail-crdt/dovetail/store"
)

// Engine implements store.Batcher and store.KeyLister. It is safe for concurrent use.
type Engine struct {
	store.Kinds

	mu      sync.Mutex
	objects map[string]*untyped.FrameSet
	books   map[string][]byte
	closed  bool
}

// New returns an empty engine. Kinds are needed for lattices of your own, which
// it cannot join without; it keeps their frames side by side if they are missing.
// Typed access makes its kind known by itself.
func New(kinds ...crdt.AnyKind) *Engine {
	e := &Engine{objects: make(map[string]*untyped.FrameSet), books: make(map[string][]byte)}
	e.Know(kinds...)
	return e
}

// Load implements store.Engine. O(size of the object).
func (e *Engine) Load(ctx context.Context, key string) (store.Record, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.ready(ctx); err != nil {
		return store.Record{}, err
	}
	r := e.objects[key]
	if r == nil {
		return store.Record{}, store.ErrNotFound
	}
	frames, err := r.AppendFrames(nil)
	if err != nil {
		return store.Record{}, &store.KeyError{Key: key, Err: err}
	}
	return store.Record{Key: key, Frames: frames}, nil
}

// ready returns why the engine cannot serve.
func (e *Engine) ready(ctx context.Context) error {
	if e.closed {
		return store.ErrClosed
	}
	return ctx.Err()
}

// Merge implements store.Engine. O(deltas).
func (e *Engine) Merge(ctx context.Context, deltas ...store.Delta) error {
	return e.Batch(ctx, &store.Batch{Deltas: deltas})
}

// Batch implements store.Batcher.
func (e *Engine) Batch(ctx context.Context, b *store.Batch) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.ready(ctx); err != nil {
		return err
	}
	for _, d := range b.Deltas {
		e.merge(d)
	}
	for _, p := range b.Puts {
		e.books[p.Key] = slices.Clone(p.Value)
	}
	for _, k := range b.Deletes {
		delete(e.books, k)
	}
	return nil
}

// merge joins d into its object, or keeps it beside. It cannot fail.
func (e *Engine) merge(d store.Delta) {
	r := e.objects[d.Key]
	if r == nil {
		r = &untyped.FrameSet{}
		e.objects[d.Key] = r
	}
	known := e.Known()
	_, err := r.Add(d.Frame, known...)
	if err == nil {
		return
	}
	if errors.Is(err, crdt.ErrCorrupt) {
		r.Keep(d.Frame)
	}
	e.Kept(d.Key, d.Frame, err)
}

// Scan implements store.Engine.
func (e *Engine) Scan(ctx context.Context, prefix string, after store.Cursor) iter.Seq2[store.Record, error] {
	return func(yield func(store.Record, error) bool) {
		keys, err := e.keys(ctx, prefix, string(after))
		if err != nil {
			yield(store.Record{}, err)
			return
		}
		for _, k := range keys {
			r, err := e.Load(ctx, k)
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
}

// Keys implements store.KeyLister. O(n log n) for n keys, whatever the objects are.
func (e *Engine) Keys(ctx context.Context, prefix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		keys, err := e.keys(ctx, prefix, "")
		if err != nil {
			yield("", err)
			return
		}
		for _, k := range keys {
			if !yield(k, nil) {
				return
			}
		}
	}
}

// keys returns the keys with the prefix that are larger than after, in order.
func (e *Engine) keys(ctx context.Context, prefix, after string) (keys []string, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.ready(ctx); err != nil {
		return nil, err
	}
	for k := range e.objects {
		if strings.HasPrefix(k, prefix) && k > after {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	return keys, nil
}

// Books implements store.Batcher.
func (e *Engine) Books(ctx context.Context) iter.Seq2[store.Book, error] {
	return func(yield func(store.Book, error) bool) {
		e.mu.Lock()
		err := e.ready(ctx)
		books := make([]store.Book, 0, len(e.books))
		for _, k := range slices.Sorted(maps.Keys(e.books)) {
			books = append(books, store.Book{Key: k, Value: slices.Clone(e.books[k])})
		}
		e.mu.Unlock()
		if err != nil {
			yield(store.Book{}, err)
			return
		}
		for _, b := range books {
			if !yield(b, nil) {
				return
			}
		}
	}
}

// Close implements store.Engine.
func (e *Engine) Close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.closed = true
	return nil
}
