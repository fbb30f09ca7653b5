package asbench

import (
	"fmt"

	as "github.com/aerospike/aerospike-client-go/v7"

	"github.com/dovetail-crdt/dovetail/bench"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/store"
)

// contextRow is how many bytes a replica with few events takes in a context: its id, and
// some for its numbers.
const contextRow = 11

// contextSlack keeps the context below its size, up to which it stays in the record.
const contextSlack = 128

// contextCases are those of a set whose context takes so many KiB.
func contextCases(s *session, kib int) []bench.Case {
	of := func(name string) *restarted[*crdt.AWSet[uint64]] {
		return &restarted[*crdt.AWSet[uint64]]{
			s: s, name: fmt.Sprintf("%s/%d", name, kib), n: (kib<<10 - contextSlack) / contextRow, kind: setKind(), touch: addOne,
		}
	}
	read, fold := of("as/context-read"), of("as/context-fold")
	return []bench.Case{
		{Name: "as/context-read", N: kib, Run: read.view, Baseline: read.get},
		{Name: "as/context-fold", N: kib, Run: fold.fold, Baseline: fold.rewrite},
	}
}

// fold measures a Merge of a small delta and the Fold of it.
func (r *restarted[S]) fold(b *bench.B) error {
	if err := r.build(b); err != nil {
		return err
	}
	ctx, name := b.Context(), r.s.prefix+r.name
	own, src := r.kind.New(), source(r.n)
	err := loop(b, func() error {
		delta, err := crdt.Mutate(own, src, r.touch)
		if err != nil {
			return err
		}
		frame, err := crdt.AppendFrame(nil, r.kind, delta)
		if err != nil {
			return err
		}
		if err := r.s.cold.Merge(ctx, store.Delta{Key: name, Frame: frame}); err != nil {
			return err
		}
		return r.s.cold.Fold(ctx, name)
	})
	if err != nil {
		return err
	}
	return r.weigh(b)
}

// rewrite is the baseline of fold: it puts a blob of the size of the record.
func (r *restarted[S]) rewrite(b *bench.B) error {
	if err := r.build(b); err != nil {
		return err
	}
	size, err := r.size()
	if err != nil {
		return err
	}
	key, err := r.s.key(rawSet, r.name)
	if err != nil {
		return err
	}
	blob := as.BinMap{binState: make([]byte, size)}
	return loop(b, func() error { return r.s.put(key, blob) })
}
