package bench

import (
	"errors"
	"slices"
	"testing"

	"github.com/dovetail-crdt/dovetail/crdt"
)

// batchSize is how many adds and removes the deltas of merge-batch1024 hold.
const batchSize = 1024

func setMergeCases() []Case {
	millions := func(perSecond float64) float64 { return batchSize / perSecond * 1e3 }
	return slices.Concat(
		each([]int{1e3, 1e4, 1e5, 1e6}, func(n int) Case {
			return Case{
				Name: "awset/merge-delta1", N: n, Target: map[int]float64{1e4: 45, 1e6: 200}[n],
				Run: setMerge(intKeys(), n, 1), Baseline: mapMerge(intKeys(), n, 1),
			}
		}),
		each([]int{1e3, 1e4, 1e5}, func(n int) Case {
			return Case{
				Name: "awset/merge-delta1-str", N: n, Target: map[int]float64{1e4: 60}[n],
				Run: setMerge(textKeys(), n, 1), Baseline: mapMerge(textKeys(), n, 1),
			}
		}),
		each([]int{1e4, 1e5}, func(n int) Case {
			return Case{
				Name: "awset/merge-batch1024", N: n, Target: map[int]float64{1e4: millions(30)}[n],
				Run: setMerge(intKeys(), n, batchSize), Baseline: mapMerge(intKeys(), n, batchSize),
			}
		}),
		each([]int{1e4, 1e5}, func(n int) Case {
			return Case{Name: "awset/merge-full-same", N: n, Run: setMergeSame(n), Baseline: mapMirror(n, 0)}
		}),
		each([]int{1e4, 1e5}, func(n int) Case {
			return Case{Name: "awset/merge-full-1pct", N: n, Run: setMergeOnePercent(n), Baseline: mapMirror(n, n/200)}
		}),
	)
}

// setMerge merges deltas of k adds and k removes each.
func setMerge[E comparable](kind keys[E], n, k int) func(*testing.B) error {
	return func(b *testing.B) error {
		w, err := newSetWorld(kind, n)
		if err != nil {
			return err
		}
		into, deltas := w.clone(), make([]*crdt.AWSet[E], max(4096/k, 4))
		return mergeLoop(b, func() (*crdt.AWSet[E], []*crdt.AWSet[E], error) {
			for i := range deltas {
				if deltas[i], err = w.step(k); err != nil {
					return nil, nil, err
				}
			}
			return into, deltas, nil
		})
	}
}

// setMergeSame merges a full state into an equal one.
func setMergeSame(n int) func(*testing.B) error {
	return func(b *testing.B) error {
		w, err := newSetWorld(intKeys(), n)
		if err != nil {
			return err
		}
		into := w.clone()
		ready(b)
		for b.Loop() {
			if into.Merge(w.set) {
				return errors.New("a merge of equal states changed one")
			}
		}
		return nil
	}
}

// setMergeOnePercent merges a full state into one that lacks one change for
// every hundred elements, as many adds as removes.
func setMergeOnePercent(n int) func(*testing.B) error {
	return func(b *testing.B) error {
		w, err := newSetWorld(intKeys(), n)
		if err != nil {
			return err
		}
		into := w.clone()
		return mergeLoop(b, func() (*crdt.AWSet[uint64], []*crdt.AWSet[uint64], error) {
			_, err := w.step(n / 200)
			return into, []*crdt.AWSet[uint64]{w.set}, err
		})
	}
}
