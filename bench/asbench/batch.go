package asbench

import (
	"errors"

	as "github.com/aerospike/aerospike-client-go/v7"
	"github.com/aerospike/aerospike-client-go/v7/types"

	"github.com/dovetail-crdt/dovetail/bench"
	"github.com/dovetail-crdt/dovetail/store"
)

const batchSize = 100

func batchCases(s *session) []bench.Case {
	return []bench.Case{{Name: "as/batch100", N: batchSize, Run: s.batch, Baseline: s.rawBatch}}
}

// batch merges a delta into each of 100 sets.
func (s *session) batch(b *bench.B) error {
	w, err := s.world(b, s.engine, "batch", batchSize)
	if err != nil {
		return err
	}
	ctx, deltas := b.Context(), make([]store.Delta, batchSize)
	err = loop(b, func() error {
		for i := range deltas {
			p, round := w.next()
			deltas[i] = store.Delta{Key: p.object, Frame: s.hist.next(p.queued, round)}
		}
		return s.engine.Merge(ctx, deltas...)
	})
	perDelta(b)
	return err
}

// rawBatch puts a value into the map of each of 100 records.
func (s *session) rawBatch(b *bench.B) error {
	w, err := s.world(b, s.engine, "batch", batchSize)
	if err != nil {
		return err
	}
	order, value := mapPolicy(), make([]byte, rawValue)
	policy, write := as.NewBatchPolicy(), as.NewBatchWritePolicy()
	policy.BasePolicy = *readPolicy()
	write.Expiration = as.TTLDontExpire
	return loop(b, func() error {
		recs := make([]as.BatchRecordIfc, batchSize)
		for i := range recs {
			p, round := w.next()
			name := entryKey(round % max(1, p.queued))
			recs[i] = as.NewBatchWrite(write, p.raw, as.MapPutOp(order, binQueue, name[:], value))
		}
		if err := s.client.BatchOperate(policy, recs); err != nil {
			return err
		}
		for _, r := range recs {
			if code := r.BatchRec().ResultCode; code != types.OK {
				return errors.New("put in a batch: " + types.ResultCodeToString(code))
			}
		}
		return nil
	})
}

// perDelta reports the time of a delta beside that of a batch.
func perDelta(b *bench.B) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/batchSize, "ns/delta")
}
