package asbench

import (
	"context"
	"errors"
	"fmt"
	"time"

	as "github.com/aerospike/aerospike-client-go/v7"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/store"
)

const (
	elements    = 100 // of each set
	queueLength = 256 // from which a writer folds: the default of aerospike.Config
	changes     = 4 * queueLength
)

// history is what three replicas did to a set of 100 elements: they made it, and
// then added elements again that were there, in turn. All sets of the cases have
// this history up to some point, so it is made once.
type history struct {
	base   []byte   // frame of the set's making
	deltas [][]byte // frames of what followed
	// records are a record with the set as its snapshot and a queue of the first
	// 0, 1, … deltas.
	records []as.BinMap
}

func setKind() crdt.Kind[*crdt.AWSet[uint64]] { return crdt.AWSetKind(crdt.Uint64) }

// adding returns a transaction that adds elements.
func adding(some ...uint64) func(*crdt.Tx, *crdt.AWSet[uint64]) error {
	return func(tx *crdt.Tx, s *crdt.AWSet[uint64]) error {
		for _, e := range some {
			s.Add(tx, e)
		}
		return nil
	}
}

func allElements() []uint64 {
	out := make([]uint64, elements)
	for i := range out {
		out[i] = uint64(i)
	}
	return out
}

// wall is a clock that stands still.
func wall() time.Time { return time.UnixMilli(1_700_000_000_000) }

// source returns the source of the i-th of the replicas that are not measured.
func source(i int) crdt.Source {
	return crdt.NewWriter(clock.ReplicaID(uint64(i+1)*0x9E3779B97F4A7C15|1), wall).On()
}

func newHistory() (*history, error) {
	h := &history{}
	s := setKind().New()
	replicas := []crdt.Source{source(0), source(1), source(2)}
	step := func(by crdt.Source, some ...uint64) ([]byte, error) {
		delta, err := crdt.Mutate(s, by, adding(some...))
		if err != nil {
			return nil, err
		}
		return crdt.AppendFrame(nil, setKind(), delta)
	}
	var err error
	if h.base, err = step(replicas[0], allElements()...); err != nil {
		return nil, err
	}
	for i := range changes {
		delta, err := step(replicas[i%len(replicas)], uint64(i*37%elements))
		if err != nil {
			return nil, err
		}
		h.deltas = append(h.deltas, delta)
	}
	return h, h.record()
}

// record lets the engine make the records, in memory.
func (h *history) record() (err error) {
	m, key, ctx := newMemory(), "set", context.Background()
	if err := foldInto(ctx, m, key, h.base); err != nil {
		return err
	}
	e, err := quiet(ctx, m, 1<<30)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	for i := range queueLength {
		bins, err := m.bins(key)
		if err != nil {
			return err
		}
		if n := queued(bins); n != i {
			return fmt.Errorf("a record has a queue of %d after %d deltas", n, i)
		}
		h.records = append(h.records, bins)
		if err := e.Merge(ctx, store.Delta{Key: key, Frame: h.deltas[i]}); err != nil {
			return err
		}
	}
	return nil
}

// next returns the i-th delta that a set gets which has had so many. They come
// again after some time, when they are folded long since.
func (h *history) next(had, i int) []byte { return h.deltas[(had+i)%len(h.deltas)] }
