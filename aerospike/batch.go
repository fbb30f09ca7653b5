package aerospike

import (
	"context"
	"sync"

	as "github.com/aerospike/aerospike-client-go/v7"
	"github.com/aerospike/aerospike-client-go/v7/types"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/unit"
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
	byKey := make(map[string][]unit.Entry, len(deltas))
	var keys []string
	for i := range deltas {
		d := &deltas[i]
		if byKey[d.Key] == nil {
			keys = append(keys, d.Key)
		}
		byKey[d.Key] = append(byKey[d.Key], unit.NewEntry(d.Frame))
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
func (e *Engine) appendBatch(ctx context.Context, keys []string, entries map[string][]unit.Entry) (passed, doubt map[string]bool) {
	passed, doubt = make(map[string]bool, len(keys)), make(map[string]bool)
	recs := make([]as.BatchRecordIfc, 0, len(keys))
	policy, err := e.records.batchPolicy(ctx)
	if err != nil || len(keys) < 2 { // of one record the client reports otherwise
		return passed, doubt
	}
	w := e.records.batchWritePolicy(&unit.Guard{MaxSize: e.cfg.QueueSize})
	for _, key := range keys {
		k, err := e.records.key(key)
		if err != nil {
			return passed, doubt
		}
		recs = append(recs, as.NewBatchWrite(w, k, e.records.appendOps(entries[key])...))
	}
	aerr := e.records.client.BatchOperate(policy, recs)
	for i, rec := range recs {
		b := rec.BatchRec()
		if b.ResultCode == types.OK && b.Record != nil {
			if n, ok := sizeOf(b.Record); ok {
				passed[keys[i]] = true
				for _, entry := range entries[keys[i]] {
					e.journal.acknowledged(keys[i], entry, e.cfg.Now())
				}
				e.counts.appends.Add(1)
				e.counts.wrote(len(entries[keys[i]]))
				e.foldIfLong(keys[i], n, len(entries[keys[i]])) //nolint:contextcheck // it outlives this write
				continue
			}
		}
		doubt[keys[i]] = b.InDoubt || b.ResultCode == types.NO_RESPONSE && aerr != nil
	}
	return passed, doubt
}

// foldIfLong folds a queue that the last append made too long; see append.
func (e *Engine) foldIfLong(key string, queued, appended int) {
	if l := e.cfg.QueueLength; queued/l > (queued-appended)/l {
		if s, err := e.use(key); err == nil {
			e.fold(s)
			e.slots.done(s)
		}
	}
}

func (r *records) batchPolicy(ctx context.Context) (*as.BatchPolicy, error) {
	base, err := r.base(ctx)
	p := as.NewBatchPolicy()
	p.BasePolicy = base
	p.ConcurrentNodes = 0 // all at once
	p.RespondAllKeys = true
	return p, err
}

func (r *records) batchWritePolicy(g *unit.Guard) *as.BatchWritePolicy {
	return &as.BatchWritePolicy{
		FilterExpression:   r.owned(appendFilter(g)),
		RecordExistsAction: as.UPDATE,
		CommitLevel:        as.COMMIT_ALL,
		GenerationPolicy:   as.NONE,
		Expiration:         as.TTLDontExpire,
		SendKey:            true,
	}
}

// readBatch reads the records of several keys, of all datacenters. Its results
// stand in the order of the keys; each has its own error.
func (r *records) readBatch(ctx context.Context, keys []string, newest bool) ([]*unit.Unit, []error) {
	units, errs := make([]*unit.Unit, len(keys)), make([]error, len(keys))
	all := func(err error) ([]*unit.Unit, []error) {
		for i := range errs {
			errs[i] = err
		}
		return units, errs
	}
	p, err := r.batchPolicy(ctx)
	if err != nil {
		return all(err)
	}
	read := as.NewBatchReadPolicy()
	if newest {
		p.ReadModeAP, read.ReadModeAP = as.ReadModeAPAll, as.ReadModeAPAll
	}
	sets := append([]string{r.set}, r.others...)
	recs := make([]as.BatchRecordIfc, 0, len(keys)*len(sets))
	for _, key := range keys {
		for _, set := range sets {
			k, err := as.NewKey(r.namespace, set, key)
			if err != nil {
				return all(&unit.Error{Class: unit.Permanent, Err: err})
			}
			recs = append(recs, as.NewBatchRead(read, k, nil))
		}
	}
	aerr := r.client.BatchOperate(p, recs)
	for i := range keys {
		units[i], errs[i] = r.assemble(recs[i*len(sets):(i+1)*len(sets)], aerr)
	}
	return units, errs
}

// assemble returns the unit that the records of an object make.
func (r *records) assemble(recs []as.BatchRecordIfc, failed as.Error) (own *unit.Unit, err error) {
	for _, rec := range recs {
		u := &unit.Unit{}
		switch b := rec.BatchRec(); {
		case b.ResultCode == types.KEY_NOT_FOUND_ERROR:
		case b.ResultCode == types.OK && b.Record != nil:
			if u, err = readUnit(b.Record); err != nil {
				return nil, err
			}
		case b.Err != nil:
			return nil, failure(b.Err, false)
		case failed != nil:
			return nil, failure(failed, false)
		default:
			return nil, &unit.Error{Class: classOf(b.ResultCode), Err: &as.AerospikeError{ResultCode: b.ResultCode}}
		}
		if own == nil {
			own = u
		} else {
			own.Others = append(own.Others, u)
		}
	}
	return own, r.check(own)
}
