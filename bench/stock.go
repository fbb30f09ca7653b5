package bench

import (
	"fmt"
	"runtime/debug"

	"github.com/dovetail-crdt/dovetail/crdt"
)

// buildBatch is how many elements one transaction of a builder adds.
const buildBatch = 4096

// stock makes the sets that cases start from. Large ones are built once and kept
// as frames, so that each case has its own.
type stock[E comparable] struct {
	keys keys[E]
	kind crdt.Kind[*crdt.AWSet[E]]
	kept map[int]stored
	cost float64                    // bytes an element takes in memory; 0 if not known yet
	free func() (n uint64, ok bool) // memory available
}

// stored is a set and what its keys are made of.
type stored struct {
	in    []uint64
	frame []byte
}

func newStock[E comparable](k keys[E]) *stock[E] {
	return &stock[E]{keys: k, kind: crdt.AWSetKind(k.codec), kept: map[int]stored{}, free: available}
}

// setWorld is an AWSet of n elements and the replicas that go on changing it.
type setWorld[E comparable] struct {
	*ring[E]
	from          *stock[E]
	as            stored
	set           *crdt.AWSet[E]
	writer, other crdt.Source
}

// world returns a set of n elements as it comes out of a frame, read once.
func (s *stock[E]) world(b *B, n int) (*setWorld[E], error) {
	as, err := s.get(b, n)
	if err != nil {
		return nil, err
	}
	src := sources(builders + 2)
	w := &setWorld[E]{
		ring: ringOf(s.keys, as.in), from: s, as: as,
		writer: src[builders], other: src[builders+1],
	}
	w.set, err = w.twin()
	return w, err
}

// twin returns a set that is as w.set was at the start and shares no memory with
// it, so that work on one does not bring the other into the cache.
func (w *setWorld[E]) twin() (*crdt.AWSet[E], error) {
	set, err := crdt.DecodeFrame(w.from.kind, w.as.frame)
	if err != nil {
		return nil, err
	}
	return set, read(set, w.from.keys, w.as.in)
}

// step replaces n elements and returns the delta of that.
func (w *setWorld[E]) step(n int) (*crdt.AWSet[E], error) {
	return mutate(w.set, w.writer, w.replace(n))
}

func (s *stock[E]) get(b *B, n int) (stored, error) {
	if n < large {
		defer debug.SetGCPercent(debug.SetGCPercent(400)) // faster, for memory that a small set does not miss
		return s.make(b, n)
	}
	if as, ok := s.kept[n]; ok {
		return as, nil
	}
	if err := s.room(b, n); err != nil {
		return stored{}, err
	}
	as, err := s.make(b, n)
	if err == nil {
		s.kept[n] = as
	}
	return as, err
}

func (s *stock[E]) make(b *B, n int) (stored, error) {
	ring := newRing(s.keys, n)
	set, err := build(b, ring)
	if err != nil {
		return stored{}, err
	}
	frame, err := crdt.AppendFrame(nil, s.kind, set)
	return stored{ring.in, frame}, err
}

// build adds the keys of a ring to a new set, in transactions of three replicas.
func build[E comparable](b *B, from *ring[E]) (*crdt.AWSet[E], error) {
	set, src, n := crdt.AWSetKind(from.kind.codec).New(), sources(builders), len(from.in)
	// A small set too is written by every builder that finds an element to add.
	batch := min(buildBatch, (n+builders-1)/builders)
	for i := 0; i < n; i += batch {
		some := from.make(from.in[i:min(i+batch, n)])
		if _, err := mutate(set, src[i/batch%builders], change[E]{add: some}); err != nil {
			return nil, err
		}
		if err := b.tick(i+len(some), n); err != nil {
			return nil, err
		}
	}
	return set, read(set, from.kind, from.in)
}

// read looks up the first key and the number of them: what a set builds only
// when it is read is there afterwards.
func read[E comparable](set *crdt.AWSet[E], k keys[E], in []uint64) error {
	if e := k.of(in[0]); !set.Contains(e) || set.Len() != len(in) {
		return fmt.Errorf("a set of %d elements has %d, and has %v: %v", len(in), set.Len(), e, set.Contains(e))
	}
	return nil
}

// mutate makes the change in one transaction and returns its delta.
func mutate[E comparable](set *crdt.AWSet[E], src crdt.Source, c change[E]) (*crdt.AWSet[E], error) {
	return crdt.Mutate(set, src, func(tx *crdt.Tx, s *crdt.AWSet[E]) error {
		for _, e := range c.remove {
			s.Remove(tx, e)
		}
		for _, e := range c.add {
			s.Add(tx, e)
		}
		return nil
	})
}
