package bench

import (
	"slices"
	"testing"
)

func setMutateCases() []Case {
	sizes := []int{1e4, 1e5}
	return slices.Concat(
		each(sizes, func(n int) Case {
			return Case{
				Name: "awset/add", N: n, Target: map[int]float64{1e5: 150}[n],
				Run: setAdd(n), Baseline: mapAdd(n),
			}
		}),
		each(sizes, func(n int) Case {
			return Case{Name: "awset/remove", N: n, Run: setRemove(n), Baseline: mapRemove(n)}
		}),
	)
}

// setAdd adds a fresh key in a transaction of its own.
func setAdd(n int) func(*testing.B) error {
	return func(b *testing.B) error {
		w, err := newSetWorld(intKeys(), n)
		if err != nil {
			return err
		}
		fresh := w.draw(n / 10)
		step := func(i int) error {
			_, err := w.mutate(w.writer, change[uint64]{add: fresh[i : i+1]})
			return err
		}
		return stepLoop(b, len(fresh), step, func(done int) error {
			_, err := w.mutate(w.writer, change[uint64]{remove: fresh[:done]})
			fresh = w.draw(len(fresh))
			return err
		})
	}
}

// setRemove removes an element in a transaction of its own.
func setRemove(n int) func(*testing.B) error {
	return func(b *testing.B) error {
		w, err := newSetWorld(intKeys(), n)
		if err != nil {
			return err
		}
		gone := w.pick(n / 10)
		step := func(i int) error {
			_, err := w.mutate(w.writer, change[uint64]{remove: gone[i : i+1]})
			return err
		}
		return stepLoop(b, len(gone), step, func(done int) error {
			_, err := w.mutate(w.writer, change[uint64]{add: gone[:done]})
			gone = w.pick(len(gone))
			return err
		})
	}
}
