package bench_test

import (
	"testing"

	"github.com/dovetail-crdt/dovetail/bench"
)

// Benchmark runs every case; its baseline stands beside it as …/map.
func Benchmark(b *testing.B) {
	for _, c := range bench.Cases() {
		b.Run(c.Key(), run(c.Run))
		if c.Baseline != nil {
			b.Run(c.Key()+"/map", run(c.Baseline))
		}
	}
}

func run(f func(*testing.B) error) func(*testing.B) {
	return func(b *testing.B) {
		if err := f(b); err != nil {
			b.Fatal(err)
		}
	}
}
