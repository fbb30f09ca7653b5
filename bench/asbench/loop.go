package asbench

import (
	"errors"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/dovetail-crdt/dovetail/bench"
)

// ready comes before a measured loop; see package bench.
func ready(b *bench.B) {
	b.ReportAllocs()
	runtime.GC()
	b.ResetTimer()
}

// parallel measures b.N calls of do by so many goroutines, of which each makes the
// next call when its last has returned. The first error ends it.
func parallel(b *bench.B, goroutines int, do func(i int) error) error {
	ready(b)
	err := spread(goroutines, b.N, do)
	b.StopTimer()
	return err
}

// each calls do for 0 to n-1, some at a time.
func each(n int, do func(i int) error) error { return spread(32, n, do) }

// spread calls do for 0 to n-1, shared out over goroutines.
func spread(goroutines, n int, do func(i int) error) error {
	var next atomic.Int64
	var wg sync.WaitGroup
	errs := make([]error, goroutines)
	for g := range goroutines {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				if errs[g] = do(i); errs[g] != nil {
					next.Store(int64(n))
				}
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// loop measures do by one goroutine.
func loop(b *bench.B, do func() error) error {
	ready(b)
	for b.Loop() {
		if err := do(); err != nil {
			return err
		}
	}
	return nil
}

// tick lets the driver end what takes long outside the loop.
func tick(b *bench.B, done, total int) error {
	if b.Tick == nil {
		return nil
	}
	return b.Tick(done, total)
}
