package aerospike

import (
	"context"
	"slices"

	as "github.com/aerospike/aerospike-client-go/v7"
	"github.com/aerospike/aerospike-client-go/v7/types"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/unit"
)

// Two layouts. Where clusters do not copy records to each other, an object is one
// record. Where XDR joins them, a record that two clusters write is lost in one of
// them: XDR copies whole versions, and the later one wins. So each datacenter writes
// records of its own, in a set of its own, which XDR may copy as it likes: late,
// twice, skipping versions, out of order. A reader joins the records of all.

// setOf returns the set of a datacenter's records.
func setOf(set, dc string) string {
	if dc == "" {
		return set
	}
	return set + "." + dc
}

// others returns the sets of the other datacenters.
func (c Config) others() (sets []string) {
	for _, dc := range c.DCs {
		if dc != c.DC {
			sets = append(sets, setOf(c.Set, dc))
		}
	}
	slices.Sort(sets)
	return slices.Compact(sets)
}

// readAll reads the record of this datacenter and those of the others, in one round
// trip to each node that has some. As each is read for itself, it is no snapshot,
// which joins do not need.
func (r *records) readAll(ctx context.Context, key string, newest bool) (*unit.Unit, error) {
	base, err := r.base(ctx)
	if err != nil {
		return nil, err
	}
	if newest {
		base.ReadModeAP = as.ReadModeAPAll
	}
	p := as.NewBatchPolicy()
	p.BasePolicy = base
	p.ConcurrentNodes = 0 // all at once
	recs := make([]as.BatchRecordIfc, 0, 1+len(r.others))
	for _, set := range append([]string{r.set}, r.others...) {
		k, err := as.NewKey(r.namespace, set, key)
		if err != nil {
			return nil, &unit.Error{Class: unit.Permanent, Err: err}
		}
		recs = append(recs, as.NewBatchRead(&as.BatchReadPolicy{ReadModeAP: base.ReadModeAP, ReadModeSC: base.ReadModeSC}, k, nil))
	}
	if aerr := r.client.BatchOperate(p, recs); aerr != nil {
		return nil, failure(aerr, false)
	}
	units := make([]*unit.Unit, len(recs))
	for i, rec := range recs {
		b := rec.BatchRec()
		switch {
		case b.ResultCode == types.KEY_NOT_FOUND_ERROR:
			units[i] = &unit.Unit{}
		case b.Err != nil:
			return nil, failure(b.Err, false)
		case b.ResultCode != types.OK || b.Record == nil:
			return nil, &unit.Error{Class: classOf(b.ResultCode), Err: &as.AerospikeError{ResultCode: b.ResultCode}}
		default:
			if units[i], err = readUnit(b.Record); err != nil {
				return nil, err
			}
		}
	}
	own := units[0]
	own.Others = units[1:]
	return own, r.check(own)
}
