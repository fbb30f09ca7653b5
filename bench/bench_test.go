package bench_test

import (
	"errors"
	"testing"

	"github.com/dovetail-crdt/dovetail/bench"
)

// Benchmark runs every case; its baseline stands beside it as …/map.
func Benchmark(b *testing.B) {
	for _, c := range bench.Schedule(bench.Cases()) {
		b.Run(c.Key(), run(c.Run))
		if c.Baseline != nil {
			b.Run(c.Key()+"/map", run(c.Baseline))
		}
	}
}

func run(f func(*bench.B) error) func(*testing.B) {
	return func(b *testing.B) {
		switch err := f(&bench.B{B: b}); {
		case errors.Is(err, bench.ErrMemory):
			b.Skip(err)
		case err != nil:
			b.Fatal(err)
		}
	}
}
