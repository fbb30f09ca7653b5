package bench

import "slices"

func setMutateCases(from *stock[uint64]) []Case {
	sizes := []int{1e5, 1e6}
	return slices.Concat(
		each(sizes, func(n int) Case {
			return Case{
				Name: "awset/add", N: n, Target: map[int]float64{1e5: 150, 1e6: 300}[n],
				Run: setAdd(from, n), Baseline: mapAdd(n),
			}
		}),
		each(sizes, func(n int) Case {
			return Case{Name: "awset/remove", N: n, Run: setRemove(from, n), Baseline: mapRemove(n)}
		}),
	)
}

// setAdd adds a fresh key in a transaction of its own.
func setAdd(from *stock[uint64], n int) func(*B) error {
	return func(b *B) error {
		w, err := from.world(b, n)
		if err != nil {
			return err
		}
		fresh := w.draw(n / 10)
		step := func(i int) error {
			_, err := mutate(w.set, w.writer, change[uint64]{add: fresh[i : i+1]})
			return err
		}
		return stepLoop(b, len(fresh), step, func(int) error {
			_, err := mutate(w.set, w.writer, change[uint64]{remove: fresh})
			fresh = w.draw(len(fresh))
			return err
		})
	}
}

// setRemove removes an element in a transaction of its own.
func setRemove(from *stock[uint64], n int) func(*B) error {
	return func(b *B) error {
		w, err := from.world(b, n)
		if err != nil {
			return err
		}
		gone := w.pick(n / 10)
		step := func(i int) error {
			_, err := mutate(w.set, w.writer, change[uint64]{remove: gone[i : i+1]})
			return err
		}
		return stepLoop(b, len(gone), step, func(int) error {
			_, err := mutate(w.set, w.writer, change[uint64]{add: gone})
			gone = w.pick(len(gone))
			return err
		})
	}
}
