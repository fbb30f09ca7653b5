package aerospike

import (
	"context"
	"sync"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/layout"
	"github.com/dovetail-crdt/dovetail/store"
)

// batchSize is how many records one batch asks for or changes: with more, the
// servers are no faster.
const batchSize = 100

// mergeAtOnce is how many objects a Merge works on at a time after their batch
// refused them.
const mergeAtOnce = 32

// mergeBatch appends the deltas of up to batchSize objects in one round trip to
// each node, without waiting for what else is on its way to them, which an append
// need not. Those that did not pass are merged one by one. Errs gets the error of
// each delta.
func (e *Engine) mergeBatch(ctx context.Context, deltas []store.Delta, errs []error) {
	byKey := make(map[string][]layout.Entry, len(deltas))
	var keys []string
	for i := range deltas {
		d := &deltas[i]
		if byKey[d.Key] == nil {
			keys = append(keys, d.Key)
		}
		byKey[d.Key] = append(byKey[d.Key], layout.NewEntry(d.Frame))
	}
	passed, doubt := e.appendBatch(ctx, keys, byKey)
	var wg sync.WaitGroup
	room := make(chan struct{}, mergeAtOnce)
	for i := range deltas {
		if passed[deltas[i].Key] {
			continue
		}
		room <- struct{}{}
		wg.Go(func() {
			errs[i] = e.mergeOne(ctx, &deltas[i], doubt[deltas[i].Key])
			<-room
		})
	}
	wg.Wait()
}

// appendBatch appends to records of several keys and returns those that took it,
// and those that may have.
func (e *Engine) appendBatch(ctx context.Context, keys []string, entries map[string][]layout.Entry) (passed, doubt map[string]bool) {
	passed, doubt = make(map[string]bool, len(keys)), make(map[string]bool)
	if len(keys) < 2 { // of one record the client reports otherwise
		return passed, doubt
	}
	for i, a := range e.records.AppendBatch(ctx, keys, entries, &layout.Guard{MaxSize: e.cfg.QueueSize}) {
		key := keys[i]
		if passed[key], doubt[key] = a.Passed, a.Doubt; !a.Passed {
			continue
		}
		for _, entry := range entries[key] {
			e.ledger.keepForeign(key, entry, e.cfg.Now())
		}
		e.counts.appends.Add(1)
		e.counts.wrote(len(entries[key]))
		e.foldIfLong(key, a.Queued, len(entries[key])) //nolint:contextcheck // it outlives this write
	}
	return passed, doubt
}

// foldIfLong folds a queue that the last append made too long; see append.
func (e *Engine) foldIfLong(key string, queued, appended int) {
	if l := e.cfg.QueueLength; queued/l > (queued-appended)/l {
		if o, err := e.use(key); err == nil {
			e.fold(o)
			e.objects.done(o)
		}
	}
}
