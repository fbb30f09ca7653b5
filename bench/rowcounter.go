package bench

import (
	"slices"

	"github.com/dovetail-crdt/dovetail/crdt"
)

func rowCounterCases() []Case {
	return slices.Concat(
		each([]int{5, 64}, func(n int) Case {
			return Case{
				Name: "gcounter/merge", N: n, Target: map[int]float64{5: 5, 64: 32}[n], Run: rowMerge(crdt.GCounterKind().New, n),
				Baseline: mergeRows(maxMaps, n),
			}
		}),
		each([]int{3, 5, 64, 1024}, func(n int) Case {
			return Case{
				Name: "pncounter/merge", N: n, Run: rowMerge(crdt.PNCounterKind().New, n),
				Baseline: mergeRows(pnMaps, n),
			}
		}),
	)
}

// rowMerge merges a full state that is ahead at every replica.
func rowMerge[S adder[S, N], N int64 | uint64](empty func() S, n int) func(*B) error {
	return func(b *B) error {
		start, ahead, err := counters(empty(), n, batchOf(n))
		if err != nil {
			return err
		}
		return mergeAgain(b, start, ahead)
	}
}
