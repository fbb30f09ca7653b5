package bench

import (
	"slices"

	"github.com/dovetail-crdt/dovetail/crdt"
)

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
		each([]int{1e3, 1e4, 1e5}, func(n int) Case {
			return Case{Name: "awset/clear", N: n, Run: setClear(from, n)}
		}),
		each([]int{1e3, 1e4, 1e5}, func(n int) Case {
			return Case{Name: "awset/merge-clear", N: n, Run: setMergeClear(from, n)}
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

// setClear removes all elements in one transaction.
func setClear(from *stock[uint64], n int) func(*B) error {
	return func(b *B) error {
		w, err := from.world(b, n)
		if err != nil {
			return err
		}
		set, by := w.set, w.writer
		clearAll := func(int) error { _, err := crdt.Mutate(set, by, clearSet); return err }
		return stepLoop(b, 1, clearAll, func(int) (err error) {
			set, err = w.twin()
			by = sources(builders + 2)[builders]
			return err
		})
	}
}

// setMergeClear merges the delta that removes all elements.
func setMergeClear(from *stock[uint64], n int) func(*B) error {
	return func(b *B) error {
		w, err := from.world(b, n)
		if err != nil {
			return err
		}
		delta, err := crdt.Mutate(w.set, w.writer, clearSet)
		if err != nil {
			return err
		}
		return mergeLoop(b, func() (*crdt.AWSet[uint64], []*crdt.AWSet[uint64], error) {
			set, err := w.twin()
			return set, []*crdt.AWSet[uint64]{delta}, err
		})
	}
}

func clearSet(tx *crdt.Tx, s *crdt.AWSet[uint64]) error {
	s.Clear(tx)
	return nil
}
