package bench

import (
	"runtime"
	"slices"
)

func collectCases(ints *stock[uint64], texts *stock[string]) []Case {
	return slices.Concat(
		each([]int{large}, func(n int) Case {
			return Case{Name: "gc/full", N: n, Run: setCollect(ints, n), Baseline: mapCollect(intKeys(), n)}
		}),
		each([]int{large}, func(n int) Case {
			return Case{Name: "gc/full-str", N: n, Run: setCollect(texts, n), Baseline: mapCollect(textKeys(), n)}
		}),
	)
}

// setCollect runs the garbage collector while a set is on the heap.
func setCollect[E comparable](from *stock[E], n int) func(*B) error {
	return func(b *B) error {
		w, err := from.world(b, n)
		if err != nil {
			return err
		}
		collect(b)
		runtime.KeepAlive(w)
		return nil
	}
}

func collect(b *B) {
	ready(b)
	for b.Loop() {
		runtime.GC()
	}
	b.ReportMetric(b.Elapsed().Seconds()*1e3/float64(b.N), "ms/op")
}
