package aerospike_test

import (
	"slices"
	"testing"

	"github.com/dovetail-crdt/dovetail/aerospike"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/store"
)

// TestCounterEvict forgets the object after every update, 10,000 times. The total
// goes on in the run that it began in, so the record stays as small as it was; if
// the record went back meanwhile it does not, and the amount is exact all the same.
func TestCounterEvict(t *testing.T) {
	n := 10_000
	if testing.Short() {
		n = 1_000
	}
	c := cluster(t)
	set := newSet(t, c)
	e := open(t, c, aerospike.Config{Set: set, CacheObjects: -1, QueueLength: 16, Watch: -1})
	counters := store.NewObjects(e, "", crdt.CounterKind())
	increment := func() {
		t.Helper()
		if _, err := counters.Update(t.Context(), "k", add(1)); err != nil {
			t.Fatal(err)
		}
	}
	for range n {
		increment()
	}
	v, _, err := counters.View(t.Context(), "k")
	if err != nil || v.Value() != int64(n) {
		t.Fatalf("%v, %v, want %d", v, err, n)
	}
	frame, err := crdt.AppendFrame(nil, crdt.CounterKind(), v)
	if err != nil || len(frame) > 100 {
		t.Errorf("a counter of one run has %d bytes, %v", len(frame), err)
	}

	old := save(t, c, set, "k")
	increment()
	old.bring(t, c)
	increment() // does not see the last one
	if _, err := e.Remerge(t.Context()); err != nil {
		t.Fatal(err)
	}
	if v, _, err := counters.View(t.Context(), "k"); err != nil || v.Value() != int64(n)+2 {
		t.Errorf("after a rollback: %v, %v, want %d", v, err, n+2)
	}
}

// TestForgottenRows forgets objects as soon as they are not in use. What a lattice
// without a context would not miss is remembered all the same.
func TestForgottenRows(t *testing.T) {
	c := cluster(t)
	set := newSet(t, c)
	e := open(t, c, aerospike.Config{Set: set, CacheObjects: -1, Watch: -1})
	counters := store.NewObjects(e, "", crdt.PNCounterKind())
	for i := range 10 {
		if i == 5 {
			lose(t, c, set, "k")
		}
		_, err := counters.Update(t.Context(), "k", func(tx *crdt.Tx, c *crdt.PNCounter) error { c.Add(tx, 1); return nil })
		if err != nil {
			t.Fatal(err)
		}
	}
	if v, _, err := counters.View(t.Context(), "k"); err != nil || v.Value() != 10 {
		t.Errorf("%v, %v", v, err)
	}

	members := store.NewObjects(e, "s/", crdt.AWSetKind(crdt.Uint64))
	for i := range uint64(50) {
		_, err := members.Update(t.Context(), "k", func(tx *crdt.Tx, s *crdt.AWSet[uint64]) error {
			s.Add(tx, i)
			s.Remove(tx, i-2)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	s, _, err := members.View(t.Context(), "k")
	if got := slices.Sorted(s.All()); err != nil || !slices.Equal(got, []uint64{48, 49}) {
		t.Errorf("%v, %v", got, err)
	}
}
