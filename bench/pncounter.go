package bench

import (
	"testing"

	"github.com/dovetail-crdt/dovetail/crdt"
)

// The design's figures are for a grow-only counter, whose rows are one total
// instead of two. PNCounter is the nearest type that there is.
func pnCounterCases() []Case {
	return each([]int{3, 5, 64, 1024}, func(n int) Case {
		return Case{
			Name: "pncounter/merge", N: n, Target: map[int]float64{5: 5, 64: 32}[n], Run: pnCounterMerge(n),
			Baseline: func(b *testing.B) error { return mergeLoop(b, again(pnMaps(n, batchOf(n)))) },
		}
	})
}

// pnCounterMerge merges a full state that is ahead at every replica.
func pnCounterMerge(n int) func(*testing.B) error {
	return func(b *testing.B) error {
		start, ahead, err := counters(crdt.NewPNCounter(), n, batchOf(n))
		if err != nil {
			return err
		}
		return mergeLoop(b, again(start, ahead))
	}
}
