package bench

import (
	"errors"
	"runtime"
	"runtime/debug"
)

var errUnchanged = errors.New("a merge of something new changed nothing")

// ready comes between the building of a case and its loop. It collects what the
// building left behind, which would otherwise be collected while the loop is
// measured: at a million elements that alone can make it several times slower.
func ready(b *B) {
	b.ReportAllocs()
	runtime.GC()
}

// apart runs f with the timer stopped. A garbage collection that f began ends
// before the timer starts again.
func apart(b *B, f func() error) error {
	b.StopTimer()
	if err := errors.Join(b.tick(0, 0), f()); err != nil {
		return err
	}
	debug.SetGCPercent(debug.SetGCPercent(-1)) // switching it off waits for what runs
	b.StartTimer()
	return nil
}

// feed hands out what is merged next and into what. It runs with the timer
// stopped, whenever the batch before is used up.
type feed[S any] func() (into S, batch []S, err error)

// mergeLoop measures one Merge an iteration.
func mergeLoop[S interface{ Merge(delta S) bool }](b *B, next feed[S]) error {
	into, batch, err := next()
	if err != nil {
		return err
	}
	i := 0
	ready(b)
	for b.Loop() {
		if i == len(batch) {
			err := apart(b, func() (err error) {
				into, batch, err = next()
				return err
			})
			if err != nil {
				return err
			}
			i = 0
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
func stepLoop(b *B, n int, step func(i int) error, restore func(done int) error) error {
	i := 0
	ready(b)
	for b.Loop() {
		if i == n {
			if err := apart(b, func() error { return restore(n) }); err != nil {
				return err
			}
			i = 0
		}
		if err := step(i); err != nil {
			return err
		}
		i++
	}
	return nil
}

// mergeAgain measures merges so fast that making a batch takes far longer than
// merging it: it merges the same one into a new copy of start each time. An
// iteration is a whole batch, since the loop would take as long as what it
// measures; what Measure returns is of one merge.
func mergeAgain[S lattice[S]](b *B, start S, batch []S) error {
	into := start.Clone()
	b.per = len(batch)
	ready(b)
	for first := true; b.Loop(); first = false {
		if !first {
			if err := apart(b, func() error { into = start.Clone(); return nil }); err != nil {
				return err
			}
		}
		for _, delta := range batch {
			if !into.Merge(delta) {
				return errUnchanged
			}
		}
	}
	perElement(b, len(batch))
	return nil
}

// mergeRows is mergeAgain of what of(n, batch) returns: values of n rows.
func mergeRows[S lattice[S]](of func(n, batch int) (start S, ahead []S), n int) func(*B) error {
	return func(b *B) error {
		start, ahead := of(n, batchOf(n))
		return mergeAgain(b, start, ahead)
	}
}

type lattice[S any] interface {
	Merge(delta S) bool
	Clone() S
}

// batchOf returns how many states of n rows to hold for mergeAgain: some hundred
// kilobytes, so that they come from the second-level cache, and enough that what
// follows the start of the timer hardly counts.
func batchOf(n int) int { return min(max(1<<14/n, 64), 4096) }
