package bench

import (
	"slices"

	"github.com/dovetail-crdt/dovetail/crdt"
)

// counterBatch bounds the states held to merge: they are made of Go objects and
// cost far more to make than rows.
const counterBatch = 64

func counterCases() []Case {
	return slices.Concat(
		each([]int{3, 64, 1e4}, func(n int) Case {
			return Case{Name: "counter/add", N: n, Run: counterAdd(n), Baseline: mapIncrement(n)}
		}),
		each([]int{3, 64, 1e3, 1e4}, func(n int) Case {
			return Case{
				Name: "counter/merge", N: n, Target: map[int]float64{64: 110}[n], Run: counterMerge(n),
				Baseline: mergeRows(maxMaps, n),
			}
		}),
		each([]int{64, 1e3, 1e4}, func(n int) Case {
			return Case{Name: "counter/reset", N: n, Run: counterReset(n)}
		}),
		each([]int{64, 1e3, 1e4}, func(n int) Case {
			return Case{Name: "counter/merge-reset", N: n, Run: counterMergeReset(n)}
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
		w := newCounterWriters(n)
		if err := w.add(); err != nil {
			return err
		}
		c, src := w.all, w.src
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
		writers, batch := newCounterWriters(n), min(counterBatch, max(1<<14/n, 2))
		if err := writers.add(); err != nil {
			return err
		}
		start := writers.all.Clone()
		var ahead []*crdt.Counter
		for range batch {
			if err := writers.add(); err != nil {
				return err
			}
			ahead = append(ahead, writers.all.Clone())
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

// counterWriters is n replicas that each see only what they added themselves, so that
// an addition costs the same however many they are, and the join of it all.
type counterWriters struct {
	src []crdt.Source
	own []*crdt.Counter
	all *crdt.Counter
}

func newCounterWriters(n int) *counterWriters {
	w := &counterWriters{src: sources(n), all: crdt.CounterKind().New()}
	for range n {
		w.own = append(w.own, crdt.CounterKind().New())
	}
	return w
}

// add lets every replica add once.
func (w *counterWriters) add() error {
	for i, src := range w.src {
		delta, err := crdt.Mutate(w.own[i], src, func(tx *crdt.Tx, c *crdt.Counter) error { c.Add(tx, int64(i+1)); return nil })
		if err != nil {
			return err
		}
		w.all.Merge(delta)
	}
	return nil
}

// counterReset resets a counter that n replicas have added to.
func counterReset(n int) func(*B) error {
	return func(b *B) error {
		w, by := newCounterWriters(n), sources(n + 1)[n]
		if err := w.add(); err != nil {
			return err
		}
		c := w.all.Clone()
		resetAll := func(int) error { _, err := crdt.Mutate(c, by, resetCounter); return err }
		return stepLoop(b, 1, resetAll, func(int) error { c, by = w.all.Clone(), sources(n + 1)[n]; return nil })
	}
}

// counterMergeReset merges the delta of a reset into the counter that it is of.
func counterMergeReset(n int) func(*B) error {
	return func(b *B) error {
		w := newCounterWriters(n)
		if err := w.add(); err != nil {
			return err
		}
		delta, err := crdt.Mutate(w.all.Clone(), sources(n + 1)[n], resetCounter)
		if err != nil {
			return err
		}
		return mergeLoop(b, func() (*crdt.Counter, []*crdt.Counter, error) {
			return w.all.Clone(), []*crdt.Counter{delta}, nil
		})
	}
}

func resetCounter(tx *crdt.Tx, c *crdt.Counter) error {
	c.Reset(tx)
	return nil
}
