package aerospike

import (
	"context"
	"iter"
	"slices"
	"strings"

	"github.com/dovetail-crdt/dovetail/store"
)

// scanMemory is how many bytes of keys a Scan holds at a time.
const scanMemory = 64 << 20

// Scan implements store.Engine. The cluster has no order of keys: a Scan reads
// through all keys of the set once for every 64 MiB of keys that it yields, and loads
// each object when it is its turn. It is for tools and for sets of moderate size; to
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
		for more := true; more; {
			var page keyPage
			var err error
			if page, err = e.page(ctx, prefix, after); err != nil {
				yield("", err)
				return
			}
			for _, after = range page.keys {
				if !yield(after, nil) {
					return
				}
			}
			more = page.cut
		}
	}
}

// page returns the smallest keys with the prefix that are larger than after.
func (e *Engine) page(ctx context.Context, prefix, after string) (keyPage, error) {
	page := keyPage{most: scanMemory}
	ctx, cancel, err := e.begin(ctx)
	if err != nil {
		return page, err
	}
	defer cancel()
	err = e.records.Keys(ctx, func(key string) {
		if strings.HasPrefix(key, prefix) && key > after {
			page.add(key)
		}
	})
	page.trim()
	return page, err
}

// keyPage is the smallest of the keys that were added, as many as there is room for.
type keyPage struct {
	most int // bytes

	keys []string
	size int  // bytes
	cut  bool // there were more
}

const stringOverhead = 16

func (p *keyPage) add(key string) {
	p.keys = append(p.keys, key)
	if p.size += len(key) + stringOverhead; p.size > 2*p.most {
		p.trim()
	}
}

// trim sorts the keys, drops those that were added twice and those that are too many.
func (p *keyPage) trim() {
	slices.Sort(p.keys)
	p.keys = slices.Compact(p.keys) // a scan may meet a record twice
	p.size = 0
	for i, key := range p.keys {
		if p.size += len(key) + stringOverhead; p.size > p.most && i > 0 {
			p.keys, p.cut = slices.Delete(p.keys, i, len(p.keys)), true
			p.size -= len(key) + stringOverhead
			return
		}
	}
}
