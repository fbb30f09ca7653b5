package bench

import (
	"runtime"
	"slices"

	"github.com/dovetail-crdt/dovetail/crdt"
)

// memoryTarget is the design's memory of an element besides its key, in bytes.
const memoryTarget = 24

func setMemoryCases() []Case {
	const n = 1e6
	return slices.Concat(memoryCases(intKeys(), "", n), memoryCases(textKeys(), "-str", n))
}

func memoryCases[E comparable](k keys[E], suffix string, n int) []Case {
	return []Case{
		{
			Name: "awset/memory" + suffix, N: n, TargetBytes: memoryTarget,
			Run: setMemory(k, n), Baseline: mapMemory(k, n),
		},
		{
			Name: "awset/memory-halved" + suffix, N: n, TargetBytes: memoryTarget,
			Run: setHalve(k, n), Baseline: mapHalve(k, n),
		},
	}
}

// setMemory builds a set and weighs it. Time is of an element, made and added.
func setMemory[E comparable](k keys[E], n int) func(*B) error {
	return func(b *B) error {
		ring := newRing(k, n)
		empty := held()
		var set *crdt.AWSet[E]
		b.ReportAllocs()
		for b.Loop() {
			var err error
			if set, err = build(b, ring); err != nil {
				return err
			}
		}
		perElement(b, n)
		return weigh(b, k, set, ring.in, empty)
	}
}

// setHalve builds a set, removes half of it, and weighs what stays by the
// remaining element. Time is of an element removed.
func setHalve[E comparable](k keys[E], n int) func(*B) error {
	return func(b *B) error {
		ring := newRing(k, n)
		gone := ring.front(n / 2)
		empty := held()
		var set *crdt.AWSet[E]
		b.ReportAllocs()
		for b.Loop() {
			err := apart(b, func() (err error) {
				set = nil // one at a time
				set, err = build(b, ring)
				return err
			})
			if err != nil {
				return err
			}
			src := sources(builders + 1)[builders]
			for some := range slices.Chunk(gone, buildBatch) {
				if _, err := mutate(set, src, change[E]{remove: ring.make(some)}); err != nil {
					return err
				}
			}
		}
		perElement(b, n/2)
		return weigh(b, k, set, ring.in[n/2:], empty)
	}
}

// weigh reports the bytes an element of a set over those of its key, and the same
// of the set as it comes out of a frame, which knows nothing of its past. Empty is
// what was on the heap before there was a set.
func weigh[E comparable](b *B, k keys[E], set *crdt.AWSet[E], in []uint64, empty int64) error {
	overKey := func(bytes int64) float64 { return float64(bytes)/float64(len(in)) - float64(k.size) }
	if err := read(set, k, in); err != nil {
		return err
	}
	full := held()
	b.ReportMetric(overKey(full-empty), unitBytes)
	kind := crdt.AWSetKind(k.codec)
	frame, err := crdt.AppendFrame(nil, kind, set)
	if err != nil {
		return err
	}
	before := held()
	decoded, err := crdt.DecodeFrame(kind, frame)
	if err != nil {
		return err
	}
	if err := read(decoded, k, in); err != nil {
		return err
	}
	b.ReportMetric(overKey(held()-before), unitBytes+"-decoded")
	runtime.KeepAlive(set)
	runtime.KeepAlive(frame)
	runtime.KeepAlive(decoded)
	runtime.KeepAlive(in)
	return nil
}
