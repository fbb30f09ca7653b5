package bench

import (
	"errors"
	"fmt"
	"slices"

	"github.com/dovetail-crdt/dovetail/crdt"
)

// batchSize is how many adds and removes the deltas of merge-batch1024 hold.
const batchSize = 1024

func setMergeCases(ints *stock[uint64], texts *stock[string]) []Case {
	sizes := []int{1e3, 1e4, 1e5, 1e6, large}
	millions := func(perSecond float64) float64 { return batchSize / perSecond * 1e3 }
	return slices.Concat(
		each(sizes, func(n int) Case {
			return Case{
				Name: "awset/merge-delta1", N: n, NoAllocs: true,
				Target: map[int]float64{1e4: 45, 1e6: 200, large: 400}[n],
				Run:    setMerge(ints, n, 1), Baseline: mapMerge(intKeys(), n, 1),
			}
		}),
		each(sizes, func(n int) Case {
			return Case{
				Name: "awset/merge-delta1-str", N: n, NoAllocs: true,
				Target: map[int]float64{1e4: 60, 1e6: 250, large: 700}[n],
				Run:    setMerge(texts, n, 1), Baseline: mapMerge(textKeys(), n, 1),
			}
		}),
		each(sizes[1:], func(n int) Case {
			return Case{
				Name: "awset/merge-batch1024", N: n,
				Target: map[int]float64{1e4: millions(30), 1e6: millions(12), large: millions(5)}[n],
				Run:    setMerge(ints, n, batchSize), Baseline: mapMerge(intKeys(), n, batchSize),
			}
		}),
		[]Case{
			{Name: "awset/merge-full-same", N: 1e5, Run: setMergeSame(ints, 1e5), Baseline: mapMirror(1e5, 0)},
			{Name: "awset/merge-full-1pct", N: 1e5, Run: setMergeFull(ints, 1e5, 1e5/100), Baseline: mapMirror(1e5, 1e5/100)},
			{Name: "awset/merge-full-half", N: 1e5, Run: setMergeFull(ints, 1e5, 1e5/2), Baseline: mapMirror(1e5, 1e5/2)},
		},
		each([]int{1e6, large}, func(n int) Case {
			return Case{
				Name: "awset/merge-full-1000diff", N: n, Target: map[int]float64{large: 5e5}[n],
				Run: setMergeFull(ints, n, 1000), Baseline: mapMirror(n, 1000),
			}
		}),
	)
}

// deltasOf returns how many deltas of k adds and removes to make at a time.
func deltasOf(k int) int { return max(4096/k, 4) }

// setMerge merges deltas of k adds and k removes each.
func setMerge[E comparable](from *stock[E], n, k int) func(*B) error {
	return func(b *B) error {
		w, err := from.world(b, n)
		if err != nil {
			return err
		}
		into, err := w.twin()
		if err != nil {
			return err
		}
		deltas := make([]*crdt.AWSet[E], deltasOf(k))
		err = mergeLoop(b, func() (*crdt.AWSet[E], []*crdt.AWSet[E], error) {
			for i := range deltas {
				if deltas[i], err = w.step(k); err != nil {
					return nil, nil, err
				}
			}
			return into, deltas, nil
		})
		if err == nil && into.Len() != n {
			err = fmt.Errorf("set has %d elements after the merges, want %d", into.Len(), n)
		}
		if k > 1 {
			b.ReportMetric(float64(b.N)*float64(k)/b.Elapsed().Seconds()/1e6, "M-elements/s")
		}
		return err
	}
}

// setMergeSame merges a full state into an equal one.
func setMergeSame(from *stock[uint64], n int) func(*B) error {
	return func(b *B) error {
		w, err := from.world(b, n)
		if err != nil {
			return err
		}
		into, err := w.twin()
		if err != nil {
			return err
		}
		ready(b)
		for b.Loop() {
			if into.Merge(w.set) {
				return errors.New("a merge of equal states changed one")
			}
		}
		return nil
	}
}

// setMergeFull merges a full state into one from which it differs by k changes:
// a quarter each of elements added here, removed here, added there and removed
// there. Both states were decoded at the start.
func setMergeFull(from *stock[uint64], n, k int) func(*B) error {
	return func(b *B) error {
		w, err := from.world(b, n)
		if err != nil {
			return err
		}
		into, err := w.twin()
		if err != nil {
			return err
		}
		theirs := crdt.AWSetKind(crdt.Uint64).New() // what into has done since and w.set lacks
		err = mergeLoop(b, func() (*crdt.AWSet[uint64], []*crdt.AWSet[uint64], error) {
			w.set.Merge(theirs)
			here, there := w.replace(k / 2).halves()
			if theirs, err = mutate(into, w.other, here); err != nil {
				return nil, nil, err
			}
			_, err := mutate(w.set, w.writer, there)
			return into, []*crdt.AWSet[uint64]{w.set}, err
		})
		if w.set.Merge(theirs); err == nil && (into.Len() != n || !into.Equal(w.set)) {
			err = fmt.Errorf("sets of %d elements have %d and %d after the merges, or differ", n, w.set.Len(), into.Len())
		}
		return err
	}
}
