package aerospike

import (
	"context"
	"iter"
	"slices"
	"strings"

	as "github.com/aerospike/aerospike-client-go/v7"

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
	err = e.records.keys(ctx, func(key string) {
		if strings.HasPrefix(key, prefix) && key > after {
			if page = append(page, key); len(page) == 2*scanPage {
				smallest()
			}
		}
	})
	smallest()
	return page, err
}

// keys calls f with the key of each object, in no order, and with some more than
// once.
func (r *records) keys(ctx context.Context, f func(key string)) error {
	return r.keysIf(ctx, nil, func(key string) bool { f(key); return true })
}

// keysIf is keys for records that a filter lets through, which may be nil, until f
// says no.
func (r *records) keysIf(ctx context.Context, filter *as.Expression, f func(key string) bool) error {
	for _, set := range append([]string{r.set}, r.others...) {
		if more, err := r.keysOf(ctx, set, filter, f); err != nil || !more {
			return err
		}
	}
	return nil
}

func (r *records) keysOf(ctx context.Context, set string, filter *as.Expression, f func(key string) bool) (more bool, err error) {
	base, err := r.base(ctx)
	if err != nil {
		return false, err
	}
	base.TotalTimeout = 0 // of the whole scan, which the context bounds
	base.FilterExpression = filter
	p := as.NewScanPolicy()
	p.BasePolicy = base
	p.MaxRetries = scanRetries
	p.IncludeBinData = false
	rs, aerr := r.client.ScanPartitions(p, as.NewPartitionFilterAll(), r.namespace, set)
	if aerr != nil {
		return false, failure(aerr, false)
	}
	defer leave(rs)
	for {
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case res, ok := <-rs.Results():
			if !ok {
				return true, nil
			}
			if res.Err != nil {
				return false, failure(res.Err, false)
			}
			key, err := keyOf(res.Record, set)
			if err != nil || !f(key) {
				return false, err
			}
		}
	}
}

// keyOf returns the key that is stored with a record.
func keyOf(rec *as.Record, set string) (string, error) {
	v := rec.Key.Value()
	if v == nil {
		return "", corrupt("record %x has no key: somebody else writes to set %q", rec.Key.Digest(), set)
	}
	key, ok := v.GetObject().(string)
	if !ok {
		return "", corrupt("record %x has a key of type %T: somebody else writes to set %q", rec.Key.Digest(), v.GetObject(), set)
	}
	return key, nil
}

// scanRetries is how often the client asks again for the partitions that failed.
const scanRetries = 5

// leave ends a scan. It waits for the client's goroutines, which must not outlive the
// caller, who may close the client: until a server that is silent is given up. They do
// not end while nobody takes what they have read.
func leave(rs *as.Recordset) {
	go func() {
		for range rs.Results() {
		}
	}()
	rs.Close() //nolint:errcheck // it had come to its end
}
