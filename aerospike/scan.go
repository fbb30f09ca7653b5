package aerospike

import (
	"context"
	"iter"
	"slices"
	"strings"

	"github.com/dovetail-crdt/dovetail/store"
)

// scanPage is how many keys a Scan holds at a time.
const scanPage = 16 << 10

// Scan implements store.Engine. The cluster has no order of keys: a Scan reads
// through all keys of the set once for every 16,384 that it yields, and loads each
// object when it is its turn. It is for tools and for sets of moderate size; to
// follow what changes, see Changes.
func (e *Engine) Scan(ctx context.Context, prefix string, after store.Cursor) iter.Seq2[store.Record, error] {
	return func(yield func(store.Record, error) bool) {
		for key, err := range e.allKeys(ctx, prefix, string(after)) {
			var rec store.Record
			if err == nil {
				rec, err = e.Load(ctx, key)
			}
			if !yield(rec, err) || err != nil {
				return
			}
		}
	}
}

// allKeys yields the keys with the prefix that are larger than after, in order.
func (e *Engine) allKeys(ctx context.Context, prefix, after string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for {
			keys, err := e.page(ctx, prefix, after)
			if err != nil {
				yield("", err)
				return
			}
			for _, after = range keys {
				if !yield(after, nil) {
					return
				}
			}
			if len(keys) < scanPage {
				return
			}
		}
	}
}

// page returns the smallest keys with the prefix that are larger than after.
func (e *Engine) page(ctx context.Context, prefix, after string) ([]string, error) {
	ctx, cancel, err := e.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer cancel()
	var page []string
	smallest := func() {
		slices.Sort(page)
		page = slices.Compact(page) // a scan may meet a record twice
		page = page[:min(len(page), scanPage)]
	}
	err = e.records.Keys(ctx, func(key string) {
		if strings.HasPrefix(key, prefix) && key > after {
			if page = append(page, key); len(page) == 2*scanPage {
				smallest()
			}
		}
	})
	smallest()
	return page, err
}
