package bench

import (
	"runtime/debug"

	"github.com/dovetail-crdt/dovetail/crdt"
)

// setWorld is an AWSet of n elements, and the replica that goes on changing it.
type setWorld[E comparable] struct {
	*ring[E]
	set    *crdt.AWSet[E]
	writer crdt.Source
}

func newSetWorld[E comparable](kind keys[E], n int) (*setWorld[E], error) {
	defer relax()()
	w := &setWorld[E]{ring: newRing(kind, n), set: crdt.NewAWSet(kind.codec)}
	src := sources(builders + 1)
	w.writer = src[builders]
	// A small set too is written by every builder that finds an element to add.
	batch := min(buildBatch, (n+builders-1)/builders)
	for i := 0; i < n; i += batch {
		_, err := w.mutate(src[i/batch%builders], change[E]{add: w.in[i:min(i+batch, n)]})
		if err != nil {
			return nil, err
		}
	}
	return w, nil
}

// mutate makes the change in one transaction and returns its delta.
func (w *setWorld[E]) mutate(src crdt.Source, c change[E]) (*crdt.AWSet[E], error) {
	return crdt.Mutate(w.set, src, func(tx *crdt.Tx, s *crdt.AWSet[E]) error {
		for _, e := range c.remove {
			s.Remove(tx, e)
		}
		for _, e := range c.add {
			s.Add(tx, e)
		}
		return nil
	})
}

// step replaces n elements and returns the delta of that.
func (w *setWorld[E]) step(n int) (*crdt.AWSet[E], error) {
	return w.mutate(w.writer, w.replace(n))
}

// clone returns a copy of the set.
func (w *setWorld[E]) clone() *crdt.AWSet[E] {
	defer relax()()
	return w.set.Clone()
}

// relax makes garbage collection rarer until undo is called: of the time to build
// a million elements it would take the larger part.
func relax() (undo func()) {
	was := debug.SetGCPercent(400)
	return func() { debug.SetGCPercent(was) }
}
