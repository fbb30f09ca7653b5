package bench

import (
	"testing"
)

// The baselines of sets: a map from element to a number, without replicas.

func newMap[E comparable](in []E) map[E]uint64 {
	m := make(map[E]uint64, len(in))
	for i, e := range in {
		m[e] = uint64(i)
	}
	return m
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
func mapMerge[E comparable](kind keys[E], n, k int) func(*testing.B) error {
	return func(b *testing.B) error {
		w := newRing(kind, n)
		into, deltas := mapDelta[E]{m: newMap(w.in)}, make([]mapDelta[E], max(4096/k, 4))
		return mergeLoop(b, func() (mapDelta[E], []mapDelta[E], error) {
			for i := range deltas {
				deltas[i] = mapDelta[E]{c: w.replace(k)}
			}
			return into, deltas, nil
		})
	}
}

// mapMirror makes one map equal to another from which it differs in k keys on
// each side, as full merges of sets do.
func mapMirror(n, k int) func(*testing.B) error {
	return func(b *testing.B) error {
		w := newRing(intKeys(), n)
		from, into := newMap(w.in), newMap(w.in)
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
			mapDelta[uint64]{m: from}.Merge(mapDelta[uint64]{c: w.replace(k)})
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
func mapAdd(n int) func(*testing.B) error {
	return func(b *testing.B) error {
		w := newRing(intKeys(), n)
		m, fresh := newMap(w.in), w.draw(n/10)
		add := func(i int) error { m[fresh[i]] = uint64(i); return nil }
		return stepLoop(b, len(fresh), add, func(done int) error {
			for _, e := range fresh[:done] {
				delete(m, e)
			}
			fresh = w.draw(len(fresh))
			return nil
		})
	}
}

// mapRemove is the baseline of setRemove.
func mapRemove(n int) func(*testing.B) error {
	return func(b *testing.B) error {
		w := newRing(intKeys(), n)
		m, gone := newMap(w.in), w.pick(n/10)
		remove := func(i int) error { delete(m, gone[i]); return nil }
		return stepLoop(b, len(gone), remove, func(done int) error {
			for i, e := range gone[:done] {
				m[e] = uint64(i)
			}
			gone = w.pick(len(gone))
			return nil
		})
	}
}
