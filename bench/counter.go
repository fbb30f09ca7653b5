package bench

import (
	"slices"

	"github.com/dovetail-crdt/dovetail/crdt"
)

// counterBatch bounds the states held to merge: they are made of Go objects and
// cost far more to make than rows.
const counterBatch = 64

func counterCases() []Case {
	sizes := []int{3, 64}
	return slices.Concat(
		each(sizes, func(n int) Case {
			return Case{Name: "counter/add", N: n, Run: counterAdd(n), Baseline: mapIncrement(n)}
		}),
		each(sizes, func(n int) Case {
			return Case{
				Name: "counter/merge", N: n, Target: map[int]float64{64: 110}[n], Run: counterMerge(n),
				Baseline: mergeRows(maxMaps, n),
			}
		}),
	)
}

// adder is a counter of any type.
type adder[S any, N int64 | uint64] interface {
	crdt.Lattice[S]
	Add(tx *crdt.Tx, n N)
}

// increment lets every source add to c in a transaction of its own.
func increment[S adder[S, N], N int64 | uint64](c S, by []crdt.Source) error {
	for i, src := range by {
		_, err := crdt.Mutate(c, src, func(tx *crdt.Tx, c S) error { c.Add(tx, N(i+1)); return nil })
		if err != nil {
			return err
		}
	}
	return nil
}

// counters returns a counter that n replicas have added to, and batch ones that
// are each ahead of the one before at every replica.
func counters[S adder[S, N], N int64 | uint64](c S, n, batch int) (start S, ahead []S, err error) {
	src := sources(n)
	if err := increment(c, src); err != nil {
		return c, nil, err
	}
	start = c.Clone()
	for range batch {
		if err := increment(c, src); err != nil {
			return c, nil, err
		}
		ahead = append(ahead, c.Clone())
	}
	return start, ahead, nil
}

// counterAdd adds at one of n replicas that have a total.
func counterAdd(n int) func(*B) error {
	return func(b *B) error {
		c, src := crdt.NewCounter(), sources(n)
		if err := increment(c, src); err != nil {
			return err
		}
		add := func(tx *crdt.Tx, c *crdt.Counter) error { c.Add(tx, 1); return nil }
		ready(b)
		for b.Loop() {
			if _, err := crdt.Mutate(c, src[0], add); err != nil {
				return err
			}
		}
		return nil
	}
}

// counterMerge merges a full state that is ahead at every replica.
func counterMerge(n int) func(*B) error {
	return func(b *B) error {
		start, ahead, err := counters(crdt.NewCounter(), n, counterBatch)
		if err != nil {
			return err
		}
		return mergeAgain(b, start, ahead)
	}
}

// mapIncrement is the baseline of counterAdd.
func mapIncrement(n int) func(*B) error {
	return func(b *B) error {
		m, ids := make(maxMap, n), replicas(n)
		for _, id := range ids {
			m[id] = 1
		}
		ready(b)
		for b.Loop() {
			m[ids[0]]++
		}
		return nil
	}
}
