package bench

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/dovetail-crdt/dovetail/crdt"
)

// mapFan is how many counters stand below each key of the outer map.
const mapFan = 10

// mapBuildBatch is how many counters one transaction of a builder makes.
const mapBuildBatch = 64

func mapCases() []Case {
	const n = 1e4
	return []Case{
		{Name: "awmap/update", N: n, Run: mapUpdate(n), Baseline: plainUpdate(n)},
		{Name: "awmap/merge-delta1", N: n, Run: mapMergeDelta(n), Baseline: plainMerge(n)},
	}
}

// nested is a map of maps of counters, such as stock by shop and article.
type nested = crdt.AWMap[string, *crdt.AWMap[string, *crdt.Counter]]

func nestedKind() crdt.Kind[*nested] {
	return crdt.AWMapKind(crdt.String, crdt.AWMapKind(crdt.String, crdt.CounterKind()))
}

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
		m:      nestedKind().New(),
		writer: src[builders], at: places(n), r: random(0),
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
func mapUpdate(n int) func(*B) error {
	return func(b *B) error {
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

// plainMap is the same without replicas.
type plainMap map[string]map[string]uint64

func newPlainMap(at []place) plainMap {
	m := make(plainMap)
	for _, p := range at {
		if m[p.outer] == nil {
			m[strings.Clone(p.outer)] = make(map[string]uint64)
		}
		m[p.outer][strings.Clone(p.inner)] = 1 // keys at the same address would be compared by it
	}
	return m
}

// plainUpdate is the baseline of mapUpdate.
func plainUpdate(n int) func(*B) error {
	return func(b *B) error {
		w := &mapWorld{at: places(n), r: random(0)}
		m := newPlainMap(w.at)
		ready(b)
		for b.Loop() {
			p := w.one()[0]
			m[p.outer][p.inner]++
		}
		return nil
	}
}

// plainDelta is a counter and its new value.
type plainDelta struct {
	m     plainMap // what is changed; nil in the delta itself
	at    place
	value uint64
}

// Merge takes the larger value.
func (d plainDelta) Merge(o plainDelta) bool {
	inner := d.m[o.at.outer]
	if o.value <= inner[o.at.inner] {
		return false
	}
	inner[o.at.inner] = o.value
	return true
}

// plainMerge is the baseline of mapMergeDelta.
func plainMerge(n int) func(*B) error {
	return func(b *B) error {
		w := &mapWorld{at: places(n), r: random(0)}
		into, deltas, value := plainDelta{m: newPlainMap(w.at)}, make([]plainDelta, 4096), uint64(1)
		return mergeLoop(b, func() (plainDelta, []plainDelta, error) {
			for i := range deltas {
				value++
				deltas[i] = plainDelta{at: w.one()[0], value: value}
			}
			return into, deltas, nil
		})
	}
}

// mapMergeDelta merges the delta of one increment.
func mapMergeDelta(n int) func(*B) error {
	return func(b *B) error {
		w, err := newMapWorld(n)
		if err != nil {
			return err
		}
		frame, err := crdt.AppendFrame(nil, nestedKind(), w.m)
		if err != nil {
			return err
		}
		into, err := crdt.DecodeFrame(nestedKind(), frame)
		if err != nil {
			return err
		}
		deltas := make([]*nested, 4096)
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
