package bench

import (
	"fmt"
	"slices"

	"github.com/dovetail-crdt/dovetail/clock"
)

func clockCases() []Case {
	sizes := []int{3, 8, 64, 1024}
	return slices.Concat(
		each(sizes, func(n int) Case {
			return Case{
				Name: "vector/merge", N: n, Target: map[int]float64{3: 10, 8: 15}[n],
				Run:      mergeRows(vectors, n),
				Baseline: mergeRows(maxMaps, n),
			}
		}),
		each(sizes, func(n int) Case {
			return Case{Name: "vector/compare", N: n, Run: vectorCompare(n), Baseline: mapCompare(n)}
		}),
		each([]int{3, 64}, func(n int) Case {
			return Case{
				Name: "context/merge", N: n,
				Run: mergeRows(contexts, n),
			}
		}),
	)
}

// vectors returns a vector of n replicas and batch ones that are each ahead of
// the one before in every row.
func vectors(n, batch int) (start *clock.Vector, ahead []*clock.Vector) {
	v := &clock.Vector{}
	for i := range uint64(batch) + 1 {
		for _, id := range replicas(n) {
			v.Advance(clock.Dot{Replica: id, Seq: 100 + i})
		}
		ahead = append(ahead, v.Clone())
	}
	return ahead[0], ahead[1:]
}

// contexts is vectors for contexts without holes.
func contexts(n, batch int) (start *clock.Context, ahead []*clock.Context) {
	c := &clock.Context{}
	for i := range uint64(batch) + 1 {
		for _, id := range replicas(n) {
			c.AddRange(id, clock.Interval{Lo: 1, Hi: 100 + i})
		}
		ahead = append(ahead, c.Clone())
	}
	return ahead[0], ahead[1:]
}

// vectorCompare compares vectors that differ in their last row only, so that
// every row must be looked at.
func vectorCompare(n int) func(*B) error {
	return func(b *B) error {
		v, _ := vectors(n, 0)
		w := v.Clone()
		w.Advance(clock.Dot{Replica: slices.Max(replicas(n)), Seq: 200})
		return compareLoop(b, func() clock.Ordering { return v.Compare(w) })
	}
}

// mapCompare is the baseline of vectorCompare.
func mapCompare(n int) func(*B) error {
	return func(b *B) error {
		v, _ := maxMaps(n, 0)
		w := v.Clone()
		w[slices.Max(replicas(n))] = 200
		return compareLoop(b, func() clock.Ordering { return v.compare(w) })
	}
}

func compareLoop(b *B, compare func() clock.Ordering) error {
	ready(b)
	for b.Loop() {
		if got := compare(); got != clock.Before {
			return fmt.Errorf("compared as %v, want %v", got, clock.Before)
		}
	}
	return nil
}
