package aerospike_test

import (
	"errors"
	"slices"
	"testing"

	as "github.com/aerospike/aerospike-client-go/v7"

	"github.com/dovetail-crdt/dovetail/aerospike"
	"github.com/dovetail-crdt/dovetail/aerospike/internal/astest"
	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/store"
)

// TestRestarts10k has 10,000 processes change a set and a counter once each, in small
// records. They stay so, and a block that goes away makes the object unreadable, not
// empty, until it is back.
func TestRestarts10k(t *testing.T) {
	processes := clock.ReplicaID(10_000)
	if testing.Short() {
		processes = 1_000
	}
	c := cluster(t)
	set := newSet(t, c)
	empty(t, c, set+".b")
	cfg := aerospike.Config{Set: set, QueueLength: 64, CacheObjects: -1, Watch: -1, RecordSize: 64 << 10}
	if testing.Short() {
		cfg.RecordSize = 4 << 10
	}
	e := open(t, c, cfg)
	elements := []string{"a", "b", "c"}
	for id := clock.ReplicaID(1); id <= processes; {
		var deltas []store.Delta
		for range 100 {
			name := elements[int(id)%3]
			deltas = append(deltas,
				store.Delta{Key: "s/k", Frame: astest.Delta(t, crdt.AWSetKind(crdt.String), id, func(tx *crdt.Tx, s *crdt.AWSet[string]) { s.Add(tx, name) })},
				store.Delta{Key: "c/k", Frame: astest.Delta(t, crdt.CounterKind(), id*0x9e3779b97f4a7c15, func(tx *crdt.Tx, c *crdt.Counter) { c.Add(tx, 1) })})
			id++
		}
		if err := e.Merge(t.Context(), deltas...); err != nil {
			t.Fatal(err)
		}
	}
	sets := store.NewObjects(e, "s/", crdt.AWSetKind(crdt.String))
	// Somebody has seen it all and removes what is there: ten thousand dead adds.
	for _, name := range elements {
		_, err := sets.Update(t.Context(), "k", func(tx *crdt.Tx, s *crdt.AWSet[string]) error { s.Remove(tx, name); return nil })
		if err != nil && !errors.As(err, new(*store.TokenError)) { // ten thousand replicas are too many for one; it is done
			t.Fatal(err)
		}
	}
	if err := e.Fold(t.Context(), "s/k"); err != nil {
		t.Fatal(err)
	}
	if err := e.Fold(t.Context(), "c/k"); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"s/k", "c/k"} {
		snapshot, names := sizes(t, c, set, key)
		t.Logf("%s: snapshot of %d bytes, %d blocks", key, snapshot, names)
		if snapshot > cfg.RecordSize || names == 0 || names > 8 {
			t.Errorf("%s: snapshot of %d bytes, %d blocks", key, snapshot, names)
		}
	}
	fresh := open(t, c, cfg)
	s, _, err := store.NewObjects(fresh, "s/", crdt.AWSetKind(crdt.String)).View(t.Context(), "k")
	if err != nil && !errors.As(err, new(*store.TokenError)) || s.Len() != 0 {
		t.Errorf("removed elements: %d, %v", s.Len(), err)
	}
	v, _, err := store.NewObjects(fresh, "c/", crdt.CounterKind()).View(t.Context(), "k")
	if err != nil && !errors.As(err, new(*store.TokenError)) || v.Value() != int64(processes) {
		t.Errorf("counter %v, %v, want %d", v, err, processes)
	}

	blocks := scanned(t, c, set+".b")
	empty(t, c, set+".b")
	fresh = open(t, c, cfg)
	sets = store.NewObjects(fresh, "s/", crdt.AWSetKind(crdt.String))
	if s, _, err := sets.View(t.Context(), "k"); !errors.Is(err, aerospike.ErrIncomplete) {
		t.Errorf("without its blocks the set shows %q, %v", slices.Collect(s.All()), err)
	}
	if _, err := fresh.Load(t.Context(), "c/k"); !errors.Is(err, aerospike.ErrIncomplete) {
		t.Errorf("without its blocks the counter loads: %v", err)
	}
	p := as.NewWritePolicy(0, as.TTLDontExpire)
	p.SendKey = true
	for _, b := range blocks { // from another cluster
		if err := c.Put(p, b.Key, b.Bins); err != nil {
			t.Fatal(err)
		}
	}
	if s, _, err := sets.View(t.Context(), "k"); err != nil && !errors.As(err, new(*store.TokenError)) || s.Len() != 0 {
		t.Errorf("with its blocks again: %d elements, %v", s.Len(), err)
	}
	counters := store.NewObjects(fresh, "c/", crdt.CounterKind())
	if _, err := counters.Update(t.Context(), "k", add(1)); err != nil && !errors.As(err, new(*store.TokenError)) {
		t.Error(err)
	}
	if v, _, err := counters.View(t.Context(), "k"); err != nil && !errors.As(err, new(*store.TokenError)) || v.Value() != int64(processes)+1 {
		t.Errorf("counter %v, %v", v, err)
	}
}

// TestBlockSplit folds the same object differently on the two sides of a split. The
// side that loses is brought back from its journal, and the union is there.
func TestBlockSplit(t *testing.T) {
	c := cluster(t)
	set := newSet(t, c)
	empty(t, c, set+".b")
	cfg := aerospike.Config{Set: set, QueueLength: 1 << 20, Watch: -1, RecordSize: 4 << 10, QueueSize: 1 << 20}
	write := func(e *aerospike.Engine, from, to clock.ReplicaID) {
		t.Helper()
		var deltas []store.Delta
		for id := from; id < to; id++ {
			deltas = append(deltas, store.Delta{Key: "k", Frame: astest.Delta(t, crdt.CounterKind(), id*0x9e3779b97f4a7c15, func(tx *crdt.Tx, c *crdt.Counter) { c.Add(tx, 1) })})
		}
		if err := e.Merge(t.Context(), deltas...); err != nil {
			t.Fatal(err)
		}
		if err := e.Fold(t.Context(), "k"); err != nil {
			t.Fatal(err)
		}
	}
	left, right := open(t, c, cfg), open(t, c, cfg)
	write(left, 1, 300)
	before := save(t, c, set, "k")
	mine := store.NewObjects(left, "", crdt.CounterKind())
	if _, err := mine.Update(t.Context(), "k", add(1)); err != nil {
		t.Fatal(err)
	}
	write(left, 300, 500)
	if v, _, err := mine.View(t.Context(), "k"); err != nil || v.Value() != 500 {
		t.Fatalf("before the heal: %v, %v", v, err)
	}
	lost := save(t, c, set, "k")
	before.bring(t, c)
	write(right, 400, 700)
	if v, _, err := mine.View(t.Context(), "k"); err != nil || v.Value() != 700 {
		t.Errorf("left side's process: %v, %v", v, err)
	}
	other := store.NewObjects(open(t, c, cfg), "", crdt.CounterKind())
	until(t, func() bool { // what it remembers is merged
		v, _, err := other.View(t.Context(), "k")
		if err != nil {
			t.Fatal(err)
		}
		return v.Value() == 700
	})
	if slices.Equal(lost.bins["b"].([]byte), save(t, c, set, "k").bins["b"].([]byte)) {
		t.Error("both sides name the same blocks: the test shows nothing")
	}
}

// sizes returns the size of a record's snapshot and how many blocks it names.
func sizes(t *testing.T, c *as.Client, set, key string) (snapshot, names int) {
	t.Helper()
	bins := save(t, c, set, key).bins
	s, _ := bins["s"].([]byte)
	b, _ := bins["b"].([]byte)
	return len(s), len(b) / 16
}
