package storetest

import (
	"fmt"
	"time"

	"pgregory.net/rapid"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
)

// stream makes deltas of one object of one kind.
type stream interface {
	// next returns the frame of a change, or nil if it changed nothing.
	next(t *rapid.T) []byte
}

// writers are two replicas of one object that change it and see each other's
// changes now and then, so their deltas kill, overwrite and add up.
type writers[S crdt.Lattice[S]] struct {
	kind   crdt.Kind[S]
	states [2]S
	src    [2]crdt.Source
	change func(*rapid.T, *crdt.Tx, S)
}

func newWriters[S crdt.Lattice[S]](k crdt.Kind[S], change func(*rapid.T, *crdt.Tx, S)) stream {
	w := &writers[S]{kind: k, change: change}
	for i := range w.states {
		w.states[i] = k.New()
		w.src[i] = crdt.NewWriter(clock.ReplicaID(i+1), noon).On()
	}
	return w
}

func noon() time.Time { return time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC) }

func (w *writers[S]) next(t *rapid.T) []byte {
	i := rapid.IntRange(0, 1).Draw(t, "writer")
	if rapid.Bool().Draw(t, "sees the other") {
		w.states[i].Merge(w.states[1-i])
	}
	delta, err := crdt.Mutate(w.states[i], w.src[i], func(tx *crdt.Tx, s S) error {
		for range rapid.IntRange(1, 3).Draw(t, "changes") {
			w.change(t, tx, s)
		}
		return nil
	})
	if err != nil {
		t.Fatalf("Mutate of %s: %v", w.kind.Name, err)
	}
	if any(delta) == any(*new(S)) || delta.IsBottom() {
		return nil
	}
	return encode(w.kind, delta)
}

func encode[S crdt.Lattice[S]](k crdt.Kind[S], s S) []byte {
	f, err := crdt.AppendFrame(nil, k, s)
	if err != nil {
		panic(fmt.Sprintf("storetest: frame of %s: %v", k.Name, err))
	}
	return f
}

// streamsOf returns streams of several kinds, all of one object: an engine keeps
// each kind beside the others.
func streamsOf() []stream {
	word := rapid.SampledFrom([]string{"a", "b", "c"})
	change := func(t *rapid.T, tx *crdt.Tx, c *crdt.Counter) {
		if rapid.IntRange(0, 5).Draw(t, "op") == 0 {
			c.Reset(tx)
			return
		}
		c.Add(tx, rapid.Int64Range(-3, 9).Draw(t, "n"))
	}
	return []stream{
		newWriters(crdt.AWSetKind(crdt.String), func(t *rapid.T, tx *crdt.Tx, s *crdt.AWSet[string]) {
			if rapid.IntRange(0, 2).Draw(t, "op") == 0 {
				s.Remove(tx, word.Draw(t, "item"))
				return
			}
			s.Add(tx, word.Draw(t, "item"))
		}),
		newWriters(crdt.CounterKind(), change),
		newWriters(crdt.PNCounterKind(), func(t *rapid.T, tx *crdt.Tx, c *crdt.PNCounter) {
			c.Add(tx, rapid.Int64Range(-3, 9).Draw(t, "n"))
		}),
		newWriters(crdt.LWWRegisterKind(crdt.String), func(t *rapid.T, tx *crdt.Tx, r *crdt.LWWRegister[string]) {
			r.Set(tx, word.Draw(t, "value"))
		}),
		newWriters(crdt.AWMapKind(crdt.String, crdt.CounterKind()), func(t *rapid.T, tx *crdt.Tx, m *crdt.AWMap[string, *crdt.Counter]) {
			if rapid.IntRange(0, 4).Draw(t, "op") == 0 {
				m.Remove(tx, word.Draw(t, "key"))
				return
			}
			change(t, tx, m.At(word.Draw(t, "key")))
		}),
	}
}

// addition returns the frame of a set to which one replica, id, added items.
func addition(id clock.ReplicaID, items ...string) []byte {
	k := crdt.AWSetKind(crdt.String)
	delta, err := crdt.Mutate(k.New(), crdt.NewWriter(id, noon).On(), func(tx *crdt.Tx, s *crdt.AWSet[string]) error {
		for _, it := range items {
			s.Add(tx, it)
		}
		return nil
	})
	if err != nil {
		panic(fmt.Sprintf("storetest: %v", err))
	}
	return encode(k, delta)
}

// amount returns the frame of a PNCounter to which one replica, id, added n.
func amount(id clock.ReplicaID, n int64) []byte {
	k := crdt.PNCounterKind()
	delta, err := crdt.Mutate(k.New(), crdt.NewWriter(id, noon).On(), func(tx *crdt.Tx, c *crdt.PNCounter) error {
		c.Add(tx, n)
		return nil
	})
	if err != nil {
		panic(fmt.Sprintf("storetest: %v", err))
	}
	return encode(k, delta)
}
