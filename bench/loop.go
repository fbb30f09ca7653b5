package bench

import (
	"errors"
	"runtime"
	"testing"
)

var errUnchanged = errors.New("a merge of something new changed nothing")

// ready comes between the building of a case and its loop. It collects what the
// building left behind, which would otherwise be collected while the loop is
// measured: at a million elements that alone can make it several times slower.
func ready(b *testing.B) {
	b.ReportAllocs()
	runtime.GC()
}

// feed hands out what is merged next and into what. It runs with the timer
// stopped, whenever the batch before is used up.
type feed[S any] func() (into S, batch []S, err error)

// mergeLoop measures one Merge an iteration.
func mergeLoop[S interface{ Merge(delta S) bool }](b *testing.B, next feed[S]) error {
	into, batch, err := next()
	if err != nil {
		return err
	}
	i := 0
	ready(b)
	for b.Loop() {
		if i == len(batch) {
			b.StopTimer()
			if into, batch, err = next(); err != nil {
				return err
			}
			i = 0
			b.StartTimer()
		}
		if !into.Merge(batch[i]) {
			return errUnchanged
		}
		i++
	}
	return nil
}

// stepLoop measures step(0), step(1), … up to step(n-1), then calls restore with
// the timer stopped and starts again. So a state that the steps change stays as
// large as it was.
func stepLoop(b *testing.B, n int, step func(i int) error, restore func(done int) error) error {
	i := 0
	ready(b)
	for b.Loop() {
		if i == n {
			b.StopTimer()
			if err := restore(i); err != nil {
				return err
			}
			i = 0
			b.StartTimer()
		}
		if err := step(i); err != nil {
			return err
		}
		i++
	}
	return nil
}

// again feeds the same batch to a new copy of start each time. It is for merges
// so fast that making a batch would take far longer than merging it.
func again[S interface{ Clone() S }](start S, batch []S) feed[S] {
	return func() (S, []S, error) { return start.Clone(), batch, nil }
}

// batchOf returns how many states of n rows to hold for again: about a megabyte,
// so that they come from the second-level cache, and enough that starting and
// stopping the timer takes no more time than what is timed.
func batchOf(n int) int { return min(max(1<<16/n, 64), 4096) }
