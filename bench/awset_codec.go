package bench

import (
	"slices"
	"testing"

	"github.com/dovetail-crdt/dovetail/crdt"
)

// perElement is the unit of the size of a frame.
const perElement = "B/element"

func setCodecCases() []Case {
	sizes := []int{1e4, 1e5}
	return slices.Concat(
		each(sizes, func(n int) Case {
			return Case{Name: "awset/encode", N: n, Target: 5 * float64(n), Run: setEncode(n)}
		}),
		each(sizes, func(n int) Case {
			return Case{Name: "awset/decode", N: n, Target: 6 * float64(n), Run: setDecode(n)}
		}),
	)
}

// setEncode writes a whole set of 16-byte elements as a frame.
func setEncode(n int) func(*testing.B) error {
	return func(b *testing.B) error {
		w, err := newSetWorld(textKeys(), n)
		if err != nil {
			return err
		}
		kind := crdt.AWSetOf(crdt.String)
		var frame []byte
		ready(b)
		for b.Loop() {
			if frame, err = crdt.AppendFrame(frame[:0], kind, w.set); err != nil {
				return err
			}
		}
		b.ReportMetric(float64(len(frame))/float64(n), perElement)
		return nil
	}
}

// setDecode reads it back.
func setDecode(n int) func(*testing.B) error {
	return func(b *testing.B) error {
		w, err := newSetWorld(textKeys(), n)
		if err != nil {
			return err
		}
		kind := crdt.AWSetOf(crdt.String)
		frame, err := crdt.AppendFrame(nil, kind, w.set)
		if err != nil {
			return err
		}
		ready(b)
		for b.Loop() {
			if _, err := crdt.DecodeFrame(kind, frame); err != nil {
				return err
			}
		}
		b.ReportMetric(float64(len(frame))/float64(n), perElement)
		return nil
	}
}
