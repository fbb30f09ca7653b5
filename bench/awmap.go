package bench

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/dovetail-crdt/dovetail/crdt"
)

// mapFan is how many counters stand below each key of the outer map.
const mapFan = 10

// mapBuildBatch is how many counters one transaction of a builder makes.
const mapBuildBatch = 64

func mapCases() []Case {
	sizes := []int{1e3, 1e4}
	return slices.Concat(
		each(sizes, func(n int) Case {
			return Case{Name: "awmap/update", N: n, Run: mapUpdate(n), Baseline: mapUpdatePlain(n)}
		}),
		each(sizes, func(n int) Case {
			return Case{Name: "awmap/merge-delta1", N: n, Run: mapMergeDelta(n)}
		}),
	)
}

// nested is a map of maps of counters, such as stock by shop and article.
type nested = crdt.AWMap[string, *crdt.AWMap[string, *crdt.Counter]]

type place struct{ outer, inner string }

// places returns the n places that hold a counter.
func places(n int) []place {
	out := make([]place, n)
	for i := range out {
		out[i] = place{fmt.Sprintf("shop-%06d", i/mapFan), fmt.Sprintf("article-%02d", i%mapFan)}
	}
	return out
}

// mapWorld is a map of n counters, and the replica that goes on changing it.
type mapWorld struct {
	m      *nested
	writer crdt.Source
	at     []place
	r      *rand.Rand
}

func newMapWorld(n int) (*mapWorld, error) {
	src := sources(builders + 1)
	w := &mapWorld{
		m:      crdt.NewAWMap(crdt.String, crdt.AWMapOf(crdt.String, crdt.CounterKind())),
		writer: src[builders], at: places(n), r: random(),
	}
	batch := 0
	for some := range slices.Chunk(w.at, mapBuildBatch) {
		if _, err := w.add(src[batch%builders], some); err != nil {
			return nil, err
		}
		batch++
	}
	return w, nil
}

// add increments the counters at some places in one transaction.
func (w *mapWorld) add(src crdt.Source, some []place) (*nested, error) {
	return crdt.Mutate(w.m, src, func(tx *crdt.Tx, m *nested) error {
		for _, p := range some {
			m.At(p.outer).At(p.inner).Add(tx, 1)
		}
		return nil
	})
}

// one returns a random place.
func (w *mapWorld) one() []place {
	i := w.r.IntN(len(w.at))
	return w.at[i : i+1]
}

// mapUpdate increments one of n counters.
func mapUpdate(n int) func(*testing.B) error {
	return func(b *testing.B) error {
		w, err := newMapWorld(n)
		if err != nil {
			return err
		}
		ready(b)
		for b.Loop() {
			if _, err := w.add(w.writer, w.one()); err != nil {
				return err
			}
		}
		return nil
	}
}

// mapUpdatePlain is the baseline of mapUpdate.
func mapUpdatePlain(n int) func(*testing.B) error {
	return func(b *testing.B) error {
		w := &mapWorld{at: places(n), r: random()}
		m := make(map[string]map[string]int64)
		for _, p := range w.at {
			if m[p.outer] == nil {
				m[p.outer] = make(map[string]int64)
			}
			m[p.outer][p.inner] = 1
		}
		ready(b)
		for b.Loop() {
			p := w.one()[0]
			m[p.outer][p.inner]++
		}
		return nil
	}
}

// mapMergeDelta merges the delta of one increment.
func mapMergeDelta(n int) func(*testing.B) error {
	return func(b *testing.B) error {
		w, err := newMapWorld(n)
		if err != nil {
			return err
		}
		into, deltas := w.m.Clone(), make([]*nested, 4096)
		return mergeLoop(b, func() (*nested, []*nested, error) {
			for i := range deltas {
				if deltas[i], err = w.add(w.writer, w.one()); err != nil {
					return nil, nil, err
				}
			}
			return into, deltas, nil
		})
	}
}
