package record

import (
	"context"

	as "github.com/aerospike/aerospike-client-go/v7"
	"github.com/aerospike/aerospike-client-go/v7/types"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/layout"
)

// Appended is how one append of a batch ended.
type Appended struct {
	Passed bool // the record took it, and its queue has Queued entries
	Queued int
	Doubt  bool // the record may have taken it
}

// AppendBatch appends to the records of several keys in one round trip to each node, and
// returns how each append ended, in the order of the keys; nothing if nothing was sent.
func (r *Set) AppendBatch(ctx context.Context, keys []string, entries map[string][]layout.Entry, g *layout.Guard) []Appended {
	policy, err := r.batchPolicy(ctx)
	if err != nil {
		return nil
	}
	w := r.batchWritePolicy(g)
	recs := make([]as.BatchRecordIfc, 0, len(keys))
	for _, key := range keys {
		k, err := r.Key(key)
		if err != nil {
			return nil
		}
		recs = append(recs, as.NewBatchWrite(w, k.client, r.appendOps(entries[key])...))
	}
	failed := r.client.BatchOperate(policy, recs)
	ended := make([]Appended, len(keys))
	for i, rec := range recs {
		b := rec.BatchRec()
		if b.ResultCode == types.OK && b.Record != nil {
			if n, ok := sizeOf(b.Record); ok {
				ended[i] = Appended{Passed: true, Queued: n}
				continue
			}
		}
		ended[i].Doubt = b.InDoubt || b.ResultCode == types.NO_RESPONSE && failed != nil
	}
	return ended
}

func (r *Set) batchPolicy(ctx context.Context) (*as.BatchPolicy, error) {
	base, err := r.base(ctx)
	p := as.NewBatchPolicy()
	p.BasePolicy = base
	p.ConcurrentNodes = 0 // all at once
	p.RespondAllKeys = true
	return p, err
}

func (r *Set) batchWritePolicy(g *layout.Guard) *as.BatchWritePolicy {
	return &as.BatchWritePolicy{
		FilterExpression:   r.owned(appendFilter(g)),
		RecordExistsAction: as.UPDATE,
		CommitLevel:        as.COMMIT_ALL,
		GenerationPolicy:   as.NONE,
		Expiration:         as.TTLDontUpdate,
		SendKey:            true,
	}
}

// ReadBatch reads the records of several keys, of all datacenters. Its results
// stand in the order of the keys; each has its own error.
func (r *Set) ReadBatch(ctx context.Context, keys []string, newest bool) ([]*layout.Record, []error) {
	out, errs := make([]*layout.Record, len(keys)), make([]error, len(keys))
	all := func(err error) ([]*layout.Record, []error) {
		for i := range errs {
			errs[i] = err
		}
		return out, errs
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
				return all(&layout.Error{Class: layout.Permanent, Err: err})
			}
			recs = append(recs, as.NewBatchRead(read, k, nil))
		}
	}
	aerr := r.client.BatchOperate(p, recs)
	for i := range keys {
		out[i], errs[i] = r.assemble(recs[i*len(sets):(i+1)*len(sets)], aerr)
	}
	return out, errs
}

// assemble returns the record that the records of an object make.
func (r *Set) assemble(recs []as.BatchRecordIfc, failed as.Error) (own *layout.Record, err error) {
	for _, rec := range recs {
		u := &layout.Record{}
		switch b := rec.BatchRec(); {
		case b.ResultCode == types.KEY_NOT_FOUND_ERROR:
		case b.ResultCode == types.OK && b.Record != nil:
			if u, err = ReadBins(b.Record); err != nil {
				return nil, err
			}
		case b.Err != nil:
			return nil, Failure(b.Err, false)
		case failed != nil:
			return nil, Failure(failed, false)
		default:
			return nil, &layout.Error{Class: classOf(b.ResultCode), Err: &as.AerospikeError{ResultCode: b.ResultCode}}
		}
		if own == nil {
			own = u
		} else {
			own.Others = append(own.Others, u)
		}
	}
	return own, r.check(own)
}
