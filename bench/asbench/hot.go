package asbench

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/dovetail-crdt/dovetail/bench"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/store"
)

const (
	writers = 64 // of a hot key

	largeValue = 4 << 10
	largeKeys  = 20 // so that the state fits into a record
)

func hotCases(s *session) []bench.Case {
	return []bench.Case{
		{Name: "as/hot-append", N: writers, Run: s.hotAppend, Baseline: s.hotPut(queueLength, rawValue)},
		{Name: "as/hot-append-4k", N: writers, Run: s.hotAppendLarge, Baseline: s.hotPut(largeKeys, largeValue)},
	}
}

// increment adds one to a counter.
func increment(tx *crdt.Tx, c *crdt.Counter) error {
	c.Add(tx, 1)
	return nil
}

// hotAppend increments a counter from all writers.
func (s *session) hotAppend(b *bench.B) error {
	counters := store.NewObjects(s.engine, "", crdt.CounterKind())
	key, err := s.object(fmt.Sprintf("hot-%d", len(s.keys)))
	if err != nil {
		return err
	}
	ctx := b.Context()
	err = parallel(b, writers, func(int) error {
		_, err := counters.Update(ctx, key, increment, store.Blind())
		return err
	})
	if err != nil {
		return err
	}
	v, _, err := counters.View(ctx, key)
	if err == nil && v.Value() != int64(b.N) {
		err = fmt.Errorf("the counter is %d after %d increments", v.Value(), b.N)
	}
	return err
}

// hotAppendLarge writes to the keys of a map from all writers.
func (s *session) hotAppendLarge(b *bench.B) error {
	maps := store.NewObjects(s.engine, "", crdt.MVMapKind(crdt.Uint64, crdt.Bytes))
	key, err := s.object(fmt.Sprintf("hot-%d", len(s.keys)))
	if err != nil {
		return err
	}
	ctx := b.Context()
	var last [largeKeys]uint64 // written; transactions on a key run one at a time
	err = parallel(b, writers, func(i int) error {
		value := binary.BigEndian.AppendUint64(make([]byte, 0, largeValue), uint64(i))[:largeValue]
		_, err := maps.Update(ctx, key, func(tx *crdt.Tx, m *crdt.MVMap[uint64, []byte]) error {
			m.At(uint64(i%largeKeys)).Set(tx, value)
			last[i%largeKeys] = uint64(i)
			return nil
		}, store.Blind())
		return err
	})
	if err != nil {
		return err
	}
	m, _, err := maps.View(ctx, key)
	if err != nil {
		return err
	}
	for k := range uint64(min(largeKeys, b.N)) {
		got := slices.Collect(m.At(k).Values())
		if len(got) != 1 || binary.BigEndian.Uint64(got[0]) != last[k] {
			return fmt.Errorf("key %d has %d values, want that of update %d alone", k, len(got), last[k])
		}
	}
	return nil
}

// hotPut puts values into the map of one record from all writers.
func (s *session) hotPut(entries, size int) func(*bench.B) error {
	return func(b *bench.B) error {
		key, err := s.key(rawSet, fmt.Sprintf("hot-%d", len(s.keys)))
		if err != nil {
			return err
		}
		if err := s.rawRecord(key, 0, entries, size); err != nil {
			return err
		}
		put := s.mapPut(make([]byte, size))
		return parallel(b, writers, func(i int) error { return put(key, i%entries) })
	}
}
