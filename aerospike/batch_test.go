package aerospike_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	as "github.com/aerospike/aerospike-client-go/v7"
	"github.com/aerospike/aerospike-client-go/v7/types"

	"github.com/dovetail-crdt/dovetail/aerospike"
	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/store"
)

// TestBatch merges into many objects at once, some of them twice in one call, from
// several writers, while some records and some whole batches fail.
func TestBatch(t *testing.T) {
	c := cluster(t)
	set := newSet(t, c)
	f := &failing{Client: c, rand: rand.New(rand.NewPCG(1, 2))}
	e := open(t, f, aerospike.Config{Set: set, QueueLength: 8, Watch: -1})
	const objects = 250
	want := make([]int64, objects)
	frame := func(id clock.ReplicaID, n int64) []byte {
		d, err := crdt.Mutate(crdt.PNCounterKind().New(), crdt.NewWriter(id, time.Now), func(tx *crdt.Tx, c *crdt.PNCounter) error { c.Add(tx, n); return nil })
		if err != nil {
			t.Fatal(err)
		}
		b, err := crdt.AppendFrame(nil, crdt.PNCounterKind(), d)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	var keys []string
	for i := range objects {
		keys = append(keys, fmt.Sprint(i))
	}
	id := clock.ReplicaID(1)
	for range 6 {
		var deltas []store.Delta
		for i, key := range keys {
			for range 1 + i%2 {
				deltas = append(deltas, store.Delta{Key: key, Frame: frame(id, int64(i+1))})
				want[i] += int64(i + 1)
				id++
			}
		}
		if err := e.Merge(t.Context(), deltas...); err != nil {
			t.Fatal(err)
		}
	}
	for _, from := range []*aerospike.Engine{e, open(t, c, aerospike.Config{Set: set, Watch: -1})} {
		counters := store.NewObjects(from, "", crdt.PNCounterKind())
		values, err := counters.Views(t.Context(), append(keys, "absent"))
		if err != nil || len(values) != objects+1 {
			t.Fatalf("%d values, %v", len(values), err)
		}
		for i := range want {
			if values[i].Value() != want[i] {
				t.Errorf("object %d: %d, want %d", i, values[i].Value(), want[i])
			}
		}
	}
}

// TestBatchDoubt fails all of a batch without an answer, and then what is tried one
// by one: each delta is in doubt.
func TestBatchDoubt(t *testing.T) {
	c := cluster(t)
	f := &failing{Client: c, rand: rand.New(rand.NewPCG(1, 2)), always: true}
	e := open(t, f, aerospike.Config{Set: newSet(t, c), Timeout: 100e6, Watch: -1})
	err := e.Merge(t.Context(), store.Delta{Key: "a", Frame: []byte("x")}, store.Delta{Key: "b", Frame: []byte("y")})
	if !errors.Is(err, store.ErrInDoubt) {
		t.Errorf("Merge without an answer: %v", err)
	}
}

// failing is a client whose batches fail now and then, in whole or in part, after
// they were applied.
type failing struct {
	aerospike.Client
	rand   *rand.Rand
	always bool
}

func (f *failing) BatchOperate(p *as.BatchPolicy, recs []as.BatchRecordIfc) as.Error {
	err := f.Client.BatchOperate(p, recs)
	whole := f.always || f.rand.IntN(5) == 0
	for _, r := range recs {
		if b := r.BatchRec(); whole || f.rand.IntN(10) == 0 {
			b.ResultCode, b.Record = types.NO_RESPONSE, nil
			b.InDoubt = !whole
		}
	}
	if whole {
		return &as.AerospikeError{ResultCode: types.NETWORK_ERROR}
	}
	return err
}

func (f *failing) Operate(p *as.WritePolicy, k *as.Key, ops ...*as.Operation) (*as.Record, as.Error) {
	if f.always {
		return nil, &as.AerospikeError{ResultCode: types.KEY_BUSY}
	}
	return f.Client.Operate(p, k, ops...)
}
