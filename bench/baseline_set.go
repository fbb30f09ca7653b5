package bench

import (
	"encoding/binary"
	"runtime"
)

// The baselines of sets: a map from element to a number, without replicas.

func newMap[E comparable](b *B, k *ring[E]) (map[E]uint64, error) {
	m := make(map[E]uint64, len(k.in))
	for i, seed := range k.in {
		if i%buildBatch == 0 {
			if err := b.tick(i, len(k.in)); err != nil {
				return nil, err
			}
		}
		m[k.kind.of(seed)] = uint64(i)
	}
	return m, nil
}

// mapDelta is a change that merges into a map as a delta does into a set.
type mapDelta[E comparable] struct {
	m map[E]uint64 // what is changed; nil in the delta itself
	c change[E]
}

// Merge inserts and deletes.
func (d mapDelta[E]) Merge(o mapDelta[E]) bool {
	for i, e := range o.c.add {
		d.m[e] = uint64(i)
	}
	for _, e := range o.c.remove {
		delete(d.m, e)
	}
	return true
}

// mapMerge is the baseline of setMerge.
func mapMerge[E comparable](kind keys[E], n, k int) func(*B) error {
	return func(b *B) error {
		w := newRing(kind, n)
		m, err := newMap(b, w)
		if err != nil {
			return err
		}
		into, deltas := mapDelta[E]{m: m}, make([]mapDelta[E], deltasOf(k))
		return mergeLoop(b, func() (mapDelta[E], []mapDelta[E], error) {
			for i := range deltas {
				deltas[i] = mapDelta[E]{c: w.replace(k)}
			}
			return into, deltas, nil
		})
	}
}

// mapMirror makes one map equal to another from which it differs in k keys, as
// full merges of sets do.
func mapMirror(n, k int) func(*B) error {
	return func(b *B) error {
		w := newRing(intKeys(), n)
		from, err := newMap(b, w)
		if err != nil {
			return err
		}
		into, err := newMap(b, w)
		if err != nil {
			return err
		}
		mirror := func(int) error {
			for e, v := range from {
				if _, ok := into[e]; !ok {
					into[e] = v
				}
			}
			for e := range into {
				if _, ok := from[e]; !ok {
					delete(into, e)
				}
			}
			return nil
		}
		differ := func(int) error {
			mapDelta[uint64]{m: from}.Merge(mapDelta[uint64]{c: w.replace(k / 2)})
			return nil
		}
		if k == 0 {
			return stepLoop(b, 1<<30, mirror, differ)
		}
		if err := differ(0); err != nil {
			return err
		}
		return stepLoop(b, 1, mirror, differ)
	}
}

// mapAdd is the baseline of setAdd.
func mapAdd(n int) func(*B) error {
	return func(b *B) error {
		w := newRing(intKeys(), n)
		m, err := newMap(b, w)
		if err != nil {
			return err
		}
		fresh := w.draw(n / 10)
		add := func(i int) error { m[fresh[i]] = uint64(i); return nil }
		return stepLoop(b, len(fresh), add, func(int) error {
			for _, e := range fresh {
				delete(m, e)
			}
			fresh = w.draw(len(fresh))
			return nil
		})
	}
}

// mapRemove is the baseline of setRemove.
func mapRemove(n int) func(*B) error {
	return func(b *B) error {
		w := newRing(intKeys(), n)
		m, err := newMap(b, w)
		if err != nil {
			return err
		}
		gone := w.pick(n / 10)
		remove := func(i int) error { delete(m, gone[i]); return nil }
		return stepLoop(b, len(gone), remove, func(int) error {
			for i, e := range gone {
				m[e] = uint64(i)
			}
			gone = w.pick(len(gone))
			return nil
		})
	}
}

// appendMap writes a map of 16-byte keys: one key after the other, in no order.
func appendMap(b []byte, m map[string]uint64) []byte {
	for e, v := range m {
		b = binary.LittleEndian.AppendUint32(append(b, e...), uint32(v))
	}
	return b
}

// readMap reads what appendMap wrote.
func readMap(b []byte) map[string]uint64 {
	const row = 16 + 4
	m := make(map[string]uint64, len(b)/row)
	for ; len(b) >= row; b = b[row:] {
		m[string(b[:16])] = uint64(binary.LittleEndian.Uint32(b[16:]))
	}
	return m
}

// mapEncode is the baseline of setEncode.
func mapEncode(n int) func(*B) error {
	return func(b *B) error {
		m, err := newMap(b, newRing(textKeys(), n))
		if err != nil {
			return err
		}
		var frame []byte
		ready(b)
		for b.Loop() {
			frame = appendMap(frame[:0], m)
		}
		perElement(b, n)
		return nil
	}
}

// mapDecode is the baseline of setDecode.
func mapDecode(n int) func(*B) error {
	return func(b *B) error {
		m, err := newMap(b, newRing(textKeys(), n))
		if err != nil {
			return err
		}
		frame := appendMap(nil, m)
		ready(b)
		for b.Loop() {
			runtime.KeepAlive(readMap(frame))
		}
		perElement(b, n)
		return nil
	}
}

// mapRoundtrip is the baseline of smallRoundtrip.
func mapRoundtrip(n int) func(*B) error {
	return func(b *B) error {
		w := newRing(textKeys(), n)
		m, err := newMap(b, w)
		if err != nil {
			return err
		}
		stored, delta := appendMap(nil, m), mapDelta[string]{c: w.replace(1)}
		var frame []byte
		ready(b)
		for b.Loop() {
			into := mapDelta[string]{m: readMap(stored)}
			into.Merge(delta)
			frame = appendMap(frame[:0], into.m)
		}
		return nil
	}
}

// mapMemory is the baseline of setMemory: it builds a map that grows as it must.
func mapMemory[E comparable](kind keys[E], n int) func(*B) error {
	return func(b *B) error {
		w := newRing(kind, n)
		ready(b)
		for b.Loop() {
			m := make(map[E]uint64)
			for i, seed := range w.in {
				m[kind.of(seed)] = uint64(i)
			}
		}
		perElement(b, n)
		return nil
	}
}

// mapHalve is the baseline of setHalve.
func mapHalve[E comparable](kind keys[E], n int) func(*B) error {
	return func(b *B) error {
		w := newRing(kind, n)
		m, err := newMap(b, w)
		if err != nil {
			return err
		}
		gone := w.pick(n / 2)
		halve := func(int) error {
			for _, e := range gone {
				delete(m, e)
			}
			return nil
		}
		err = stepLoop(b, 1, halve, func(int) (err error) {
			m, err = newMap(b, w)
			return err
		})
		perElement(b, n/2)
		return err
	}
}

// mapCollect is the baseline of setCollect.
func mapCollect[E comparable](kind keys[E], n int) func(*B) error {
	return func(b *B) error {
		m, err := newMap(b, newRing(kind, n))
		if err != nil {
			return err
		}
		collect(b)
		runtime.KeepAlive(m)
		return nil
	}
}
