package bench

import (
	"slices"

	"github.com/dovetail-crdt/dovetail/crdt"
)

// frameTarget is the design's size of a frame of 16-byte elements, in bytes an
// element.
const frameTarget = 18.2

func setCodecCases(from *stock[string]) []Case {
	sizes := []int{1e4, 1e5, 1e6}
	return slices.Concat(
		each(sizes, func(n int) Case {
			return Case{
				Name: "awset/encode", N: n, Target: 5, TargetBytes: frameTarget,
				Run: setEncode(from, n, fresh), Baseline: mapEncode(n),
			}
		}),
		each(sizes, func(n int) Case {
			return Case{
				Name: "awset/decode", N: n, Target: 6, TargetBytes: frameTarget,
				Run: setDecode(from, n, fresh, false), Baseline: mapDecode(n),
			}
		}),
		each(sizes, func(n int) Case {
			return Case{
				Name: "awset/decode-contains", N: n, TargetBytes: frameTarget,
				Run: setDecode(from, n, fresh, true), Baseline: mapDecode(n),
			}
		}),
		[]Case{
			{
				Name: "awset/encode-aged", N: 1e5, TargetBytes: frameTarget,
				Run: setEncode(from, 1e5, aged), Baseline: mapEncode(1e5),
			},
			{
				Name: "awset/decode-aged", N: 1e5, TargetBytes: frameTarget,
				Run: setDecode(from, 1e5, aged, false), Baseline: mapDecode(1e5),
			},
		},
	)
}

// history is what a set went through: fresh leaves it as it was built, in long
// runs of adds and without a remove, which is what codes best.
type history func(w *setWorld[string]) error

func fresh(*setWorld[string]) error { return nil }

// aged replaces as many elements as there are, at random, in transactions of a
// few by two replicas.
func aged(w *setWorld[string]) error {
	const few = 8
	by, next := w.writer, w.other
	for range len(w.in) / few {
		if _, err := mutate(w.set, by, w.replace(few)); err != nil {
			return err
		}
		by, next = next, by
	}
	return nil
}

// setEncode writes a whole set of 16-byte elements as a frame.
func setEncode(from *stock[string], n int, past history) func(*B) error {
	return func(b *B) error {
		w, err := from.world(b, n)
		if err != nil {
			return err
		}
		if err := past(w); err != nil {
			return err
		}
		var frame []byte
		ready(b)
		for b.Loop() {
			if frame, err = crdt.AppendFrame(frame[:0], from.kind, w.set); err != nil {
				return err
			}
		}
		perElement(b, n)
		b.ReportMetric(float64(len(frame))/float64(n), unitBytes)
		return nil
	}
}

// setDecode reads it back, and looks for an element if it is told to: a set may
// leave to the first reader what decoding would otherwise do.
func setDecode(from *stock[string], n int, past history, use bool) func(*B) error {
	return func(b *B) error {
		w, err := from.world(b, n)
		if err != nil {
			return err
		}
		if err := past(w); err != nil {
			return err
		}
		frame, err := crdt.AppendFrame(nil, from.kind, w.set)
		if err != nil {
			return err
		}
		ready(b)
		for b.Loop() {
			set, err := crdt.DecodeFrame(from.kind, frame)
			if err != nil {
				return err
			}
			if use {
				if err := read(set, from.keys, w.in); err != nil {
					return err
				}
			}
		}
		perElement(b, n)
		b.ReportMetric(float64(len(frame))/float64(n), unitBytes)
		return nil
	}
}
