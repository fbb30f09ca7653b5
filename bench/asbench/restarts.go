package asbench

import (
	"errors"
	"fmt"

	as "github.com/aerospike/aerospike-client-go/v7"

	"github.com/dovetail-crdt/dovetail/bench"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/store"
)

// restarts is the case of an object that n incarnations of processes, each with a
// replica id of its own, have changed once each.
func restarts[S crdt.Lattice[S]](
	s *session, name string, n int, kind crdt.Kind[S], touch func(*crdt.Tx, S) error,
) bench.Case {
	r := &restarted[S]{s: s, name: fmt.Sprintf("%s/%d", name, n), n: n, kind: kind, touch: touch}
	return bench.Case{Name: name, N: n, Run: r.view, Baseline: r.get}
}

type restarted[S crdt.Lattice[S]] struct {
	s     *session
	name  string
	n     int
	kind  crdt.Kind[S]
	touch func(*crdt.Tx, S) error
	key   *as.Key // nil until it is built
}

// addOne adds always the same element, so that the set does not grow.
func addOne(tx *crdt.Tx, s *crdt.AWSet[uint64]) error { return adding(1)(tx, s) }

// build makes the object once. The deltas of 100 incarnations go together.
func (r *restarted[S]) build(b *bench.B) error {
	if r.key != nil {
		return nil
	}
	all, some := r.kind.New(), r.kind.New()
	var frames [][]byte
	for i := range r.n {
		delta, err := crdt.Mutate(all, source(i), r.touch)
		if err != nil {
			return err
		}
		some.Merge(delta)
		if (i+1)%100 > 0 && i+1 < r.n {
			continue
		}
		if err := tick(b, i, r.n); err != nil {
			return err
		}
		f, err := crdt.AppendFrame(nil, r.kind, some)
		if err != nil {
			return err
		}
		frames, some = append(frames, f), r.kind.New()
	}
	key, err := r.s.key(set, r.name)
	if err == nil {
		err = foldInto(b.Context(), r.s.client, r.s.prefix+r.name, frames...)
	}
	if err == nil {
		r.key = key
	}
	return err
}

// view measures a View that remembers nothing, and reports what stands in the
// record.
func (r *restarted[S]) view(b *bench.B) error {
	if err := r.build(b); err != nil {
		return err
	}
	ctx, name := b.Context(), r.s.prefix+r.name
	objects := store.NewObjects(r.s.cold, "", r.kind)
	err := loop(b, func() error {
		_, _, err := objects.View(ctx, name)
		return butForToken(err)
	})
	if err != nil {
		return err
	}
	if err := r.weigh(b); err != nil {
		return err
	}
	v, _, err := objects.View(ctx, name)
	if err := butForToken(err); err != nil {
		return err
	}
	if rows := crdt.ContextOf(v).Rows(); rows != r.n {
		return fmt.Errorf("%s knows %d replicas, want %d", name, rows, r.n)
	}
	return nil
}

// butForToken returns an error, unless it only says that the context is too large for a
// token: the value is as good without one.
func butForToken(err error) error {
	if _, ok := errors.AsType[*store.TokenError](err); ok {
		return nil
	}
	return err
}

// weigh reports the bytes of the record, of the context in its snapshot, and of the
// blocks beside it.
func (r *restarted[S]) weigh(b *bench.B) error {
	bytes, err := r.size()
	if err != nil {
		return err
	}
	loaded, err := r.s.cold.Load(b.Context(), r.s.prefix+r.name)
	if err != nil {
		return err
	}
	// The queue is empty, and the object of one kind: the first frame is the snapshot.
	snapshot, err := crdt.DecodeFrame(r.kind, loaded.Frames[0])
	if err != nil {
		return err
	}
	known, err := crdt.ContextOf(snapshot).AppendBinary(nil)
	if err != nil {
		return err
	}
	blocks := 0
	for _, f := range loaded.Frames[1:] {
		blocks += len(f)
	}
	b.ReportMetric(float64(bytes), "B/record")
	b.ReportMetric(float64(len(known)), "B/context")
	b.ReportMetric(float64(blocks), "B/blocks")
	return nil
}

// size returns the bytes of the record.
func (r *restarted[S]) size() (int, error) {
	size := as.ExpReadOp("size", as.ExpRecordSize(), as.ExpReadFlagDefault)
	rec, aerr := r.s.client.Operate(writePolicy(), r.key, size)
	if aerr != nil {
		return 0, fmt.Errorf("size of a record: %w", aerr)
	}
	bytes, ok := rec.Bins["size"].(int)
	if !ok {
		return 0, fmt.Errorf("size of a record: %v", rec.Bins)
	}
	return bytes, nil
}

// get is the baseline of view.
func (r *restarted[S]) get(b *bench.B) error {
	if err := r.build(b); err != nil {
		return err
	}
	policy := readPolicy()
	return loop(b, func() error {
		_, err := r.s.client.Get(policy, r.key)
		return plain(err)
	})
}
