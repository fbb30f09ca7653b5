package storetest

import (
	"context"
	"iter"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/untyped"
	"github.com/dovetail-crdt/dovetail/store"
)

var engineFaults = []fault{
	{"keeps the frames that it was given", "arguments are not kept", func(f *faulty) {
		var late []store.Delta
		f.batch = func(ctx context.Context, b *store.Batch) error {
			late = append(late, b.Deltas...)
			return f.Engine.Batch(ctx, &store.Batch{Puts: b.Puts, Deletes: b.Deletes})
		}
		f.load = func(r store.Record, _ error) (store.Record, error) {
			if err := f.Engine.Merge(context.Background(), late...); err != nil {
				return r, err
			}
			return f.Engine.Load(context.Background(), "k")
		}
	}},
	{"adds again what it merges again", "again", func(f *faulty) {
		seen := map[string]int64{}
		f.batch = func(ctx context.Context, b *store.Batch) error {
			all := *b
			for _, d := range b.Deltas {
				if seen[string(d.Frame)]++; seen[string(d.Frame)] > 1 {
					all.Deltas = append(slices.Clip(all.Deltas), store.Delta{Key: d.Key, Frame: amount(99, seen[string(d.Frame)])})
				}
			}
			return f.Engine.Batch(ctx, &all)
		}
	}},
	{"drops the second kind", "clash", func(f *faulty) {
		kinds := map[string]string{}
		f.batch = func(ctx context.Context, b *store.Batch) error {
			all := *b
			all.Deltas = nil
			for _, d := range b.Deltas {
				k, err := untyped.FrameKind(d.Frame)
				if err == nil && kinds[d.Key] == "" {
					kinds[d.Key] = k
				}
				if err != nil || kinds[d.Key] == k {
					all.Deltas = append(all.Deltas, d)
				}
			}
			return f.Engine.Batch(ctx, &all)
		}
	}},
	{"overwrites", "join", func(f *faulty) {
		last := map[string][]byte{}
		f.batch = func(ctx context.Context, b *store.Batch) error {
			for _, d := range b.Deltas {
				last[d.Key] = slices.Clone(d.Frame)
			}
			return f.Engine.Batch(ctx, b)
		}
		f.load = func(r store.Record, err error) (store.Record, error) {
			if err == nil {
				r.Frames = [][]byte{slices.Clone(last[r.Key])}
			}
			return r, err
		}
	}},
	{"forgets a frame that it cannot join", "kept", func(f *faulty) {
		f.load = func(r store.Record, err error) (store.Record, error) {
			r.Frames = slices.DeleteFunc(r.Frames, func(b []byte) bool { return !joins(b) })
			return r, err
		}
	}},
	{"returns a kept frame twice", "kept", func(f *faulty) {
		f.load = func(r store.Record, err error) (store.Record, error) {
			for _, b := range r.Frames {
				if !joins(b) {
					r.Frames = append(r.Frames, b)
					break
				}
			}
			return r, err
		}
	}},
	{"fails on a frame that it cannot join", "kept", func(f *faulty) {
		f.batch = func(ctx context.Context, b *store.Batch) error {
			for _, d := range b.Deltas {
				if !joins(d.Frame) {
					return &store.KeyError{Key: d.Key, Err: crdt.ErrCorrupt}
				}
			}
			return f.Engine.Batch(ctx, b)
		}
	}},
	{"returns its own record", "record is the caller's", func(f *faulty) {
		cache := map[string]store.Record{}
		f.load = func(r store.Record, err error) (store.Record, error) {
			if c, ok := cache[r.Key]; ok {
				return c, err
			}
			cache[r.Key] = r
			return r, err
		}
	}},
	{"makes a record of nothing", "absent", func(f *faulty) {
		f.load = func(r store.Record, _ error) (store.Record, error) { return r, nil }
	}},
	{"scans backwards", "scan", func(f *faulty) {
		f.scan = func(ctx context.Context, prefix string, after store.Cursor) iter.Seq2[store.Record, error] {
			return func(yield func(store.Record, error) bool) {
				var all []store.Record
				for r, err := range f.Engine.Scan(ctx, prefix, after) {
					if err != nil {
						yield(r, err)
						return
					}
					all = append(all, r)
				}
				for _, r := range slices.Backward(all) {
					if !yield(r, nil) {
						return
					}
				}
			}
		}
	}},
	{"scans the cursor's own key", "scan", func(f *faulty) {
		f.scan = func(ctx context.Context, prefix string, after store.Cursor) iter.Seq2[store.Record, error] {
			return func(yield func(store.Record, error) bool) {
				for r, err := range f.Engine.Scan(ctx, prefix, "") {
					if (err != nil || r.Key >= string(after)) && !yield(r, err) {
						return
					}
				}
			}
		}
	}},
	{"scans all keys whatever the prefix", "scan", func(f *faulty) {
		f.scan = func(ctx context.Context, _ string, after store.Cursor) iter.Seq2[store.Record, error] {
			return f.Engine.Scan(ctx, "", after)
		}
	}},
	{"scans past the cap of a prefix of 0xff", "scan", func(f *faulty) {
		f.scan = func(ctx context.Context, prefix string, after store.Cursor) iter.Seq2[store.Record, error] {
			if strings.HasPrefix(prefix, "\xff") {
				prefix = ""
			}
			return f.Engine.Scan(ctx, prefix, after)
		}
	}},
	{"yields all keys whatever the prefix", "scan", func(f *faulty) {
		f.keys = func(ctx context.Context, _ string) iter.Seq2[string, error] { return f.Engine.Keys(ctx, "") }
	}},
	{"goes on when a scan should stop", "scan stops", func(f *faulty) {
		f.scan = func(ctx context.Context, prefix string, after store.Cursor) iter.Seq2[store.Record, error] {
			return func(yield func(store.Record, error) bool) {
				for r, err := range f.Engine.Scan(ctx, prefix, after) {
					yield(r, err)
				}
			}
		}
	}},
	{"does not heed the context", "cancelled", func(f *faulty) {
		f.batch = func(ctx context.Context, b *store.Batch) error {
			return f.Engine.Batch(context.WithoutCancel(ctx), b)
		}
	}},
	{"merges and says that it was cancelled", "cancelled", func(f *faulty) {
		f.batch = func(ctx context.Context, b *store.Batch) error {
			if err := f.Engine.Batch(context.WithoutCancel(ctx), b); err != nil {
				return err
			}
			return ctx.Err()
		}
	}},
	{"cannot be closed", "closed", func(f *faulty) { f.close = func() error { return nil } }},
	{"cannot be closed twice", "closed", func(f *faulty) {
		f.close = func() error {
			if err := f.Engine.Merge(context.Background()); err != nil {
				return err
			}
			return f.Engine.Close()
		}
	}},
	{"loses writes that run side by side", "concurrent", func(f *faulty) {
		var mu sync.Mutex
		busy := 0
		f.batch = func(ctx context.Context, b *store.Batch) error {
			mu.Lock()
			busy++
			lone := busy == 1
			mu.Unlock()
			for range 50 {
				runtime.Gosched()
			}
			defer func() { mu.Lock(); busy--; mu.Unlock() }()
			if !lone {
				return nil
			}
			return f.Engine.Batch(ctx, b)
		}
	}},
}
