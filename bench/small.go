package bench

import (
	"testing"

	"github.com/dovetail-crdt/dovetail/crdt"
)

func smallCases() []Case {
	return each([]int{1, 10, 100}, func(n int) Case {
		return Case{Name: "small/roundtrip", N: n, Target: 2000, Run: smallRoundtrip(n)}
	})
}

// smallRoundtrip does what a store does for a write to an object that is not in
// memory: it reads the frame of a set of 16-byte elements, merges a delta of an
// add and a remove, and writes the result.
func smallRoundtrip(n int) func(*testing.B) error {
	return func(b *testing.B) error {
		w, err := newSetWorld(textKeys(), n)
		if err != nil {
			return err
		}
		kind := crdt.AWSetOf(crdt.String)
		stored, err := crdt.AppendFrame(nil, kind, w.set)
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
			set, err := crdt.DecodeFrame(kind, stored)
			if err != nil {
				return err
			}
			if !set.Merge(delta) {
				return errUnchanged
			}
			if frame, err = crdt.AppendFrame(frame[:0], kind, set); err != nil {
				return err
			}
		}
		b.ReportMetric(float64(len(frame))/float64(n), perElement)
		return nil
	}
}
