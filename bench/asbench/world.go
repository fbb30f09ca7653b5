package asbench

import (
	"context"
	"fmt"
	"sync/atomic"

	as "github.com/aerospike/aerospike-client-go/v7"

	"github.com/dovetail-crdt/dovetail/aerospike"
	"github.com/dovetail-crdt/dovetail/bench"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/store"
)

// world is a number of sets, which the engine knows as they are, and beside each a
// raw record of the same size, and one of the size of its snapshot.
type world struct {
	sets store.Objects[*crdt.AWSet[uint64]]
	at   []spot
	turn atomic.Int64
}

// spot is one of them.
type spot struct {
	object   string
	key, raw *as.Key // of the object's record and of the raw one
	state    *as.Key // of the one of the size of the snapshot
	queued   int     // at first, of both
}

// world returns the world of that name, in which e is at work, and which is built at
// the first call.
func (s *session) world(b *bench.B, e *aerospike.Engine, name string, n int) (*world, error) {
	if w := s.worlds[name]; w != nil {
		return w, nil
	}
	if s.hist == nil {
		var err error
		if s.hist, err = newHistory(); err != nil {
			return nil, err
		}
	}
	w := &world{sets: store.NewObjects(e, "", setKind()), at: make([]spot, n)}
	for i := range w.at {
		if err := s.place(&w.at[i], fmt.Sprintf("%s-%d", name, i)); err != nil {
			return nil, err
		}
		w.at[i].queued = i * queueLength / n
	}
	const some = 100
	for from := 0; from < n; from += some {
		if err := tick(b, from, n); err != nil {
			return nil, err
		}
		if err := s.build(w, w.at[from:min(from+some, n)]); err != nil {
			return nil, err
		}
	}
	s.worlds[name] = w
	return w, nil
}

func (s *session) place(p *spot, name string) (err error) {
	if p.key, err = s.key(set, name); err != nil {
		return err
	}
	if p.raw, err = s.key(rawSet, name); err != nil {
		return err
	}
	p.state, err = s.key(rawSet, name+"-state")
	p.object = s.prefix + name
	return err
}

// build writes the records and lets the engine see the objects.
func (s *session) build(w *world, some []spot) error {
	snapshot := len(s.hist.records[0][binState].([]byte))
	err := each(len(some), func(i int) error {
		p := &some[i]
		if err := s.put(p.key, s.hist.records[p.queued]); err != nil {
			return err
		}
		if err := s.rawRecord(p.raw, snapshot, p.queued, rawValue); err != nil {
			return err
		}
		return s.put(p.state, as.BinMap{binState: make([]byte, snapshot), binCount: 0})
	})
	if err != nil {
		return err
	}
	keys := make([]string, len(some))
	for i := range some {
		keys[i] = some[i].object
	}
	values, err := w.sets.Views(context.Background(), keys)
	if err != nil {
		return err
	}
	for i, v := range values {
		if v.Len() != elements {
			return fmt.Errorf("%s has %d elements, want %d", keys[i], v.Len(), elements)
		}
	}
	return nil
}

// next returns the spots one after the other, in an order that is the same in every
// run but not theirs, and how often that spot came before.
func (w *world) next() (p *spot, round int) {
	const stride = 7919 // a prime, so that every spot has its turn
	i := int(w.turn.Add(1)) - 1
	return &w.at[i*stride%len(w.at)], i / len(w.at)
}
