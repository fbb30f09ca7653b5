package bench

import "github.com/dovetail-crdt/dovetail/crdt"

func smallCases(from *stock[string]) []Case {
	return each([]int{1, 10, 100}, func(n int) Case {
		return Case{Name: "small/roundtrip", N: n, Target: 2000, Run: smallRoundtrip(from, n), Baseline: mapRoundtrip(n)}
	})
}

// smallRoundtrip does what a store does for a write to an object that is not in
// memory: it reads the frame of a set of 16-byte elements, merges a delta of an
// add and a remove, and writes the result.
func smallRoundtrip(from *stock[string], n int) func(*B) error {
	return func(b *B) error {
		w, err := from.world(b, n)
		if err != nil {
			return err
		}
		delta, err := w.step(1)
		if err != nil {
			return err
		}
		var frame []byte
		ready(b)
		for b.Loop() {
			set, err := crdt.DecodeFrame(from.kind, w.as.frame)
			if err != nil {
				return err
			}
			if !set.Merge(delta) {
				return errUnchanged
			}
			if frame, err = crdt.AppendFrame(frame[:0], from.kind, set); err != nil {
				return err
			}
		}
		b.ReportMetric(float64(len(frame))/float64(n), "B/element")
		return nil
	}
}
