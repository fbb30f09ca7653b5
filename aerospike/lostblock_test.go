package aerospike_test

import (
	"crypto/sha256"
	"errors"
	"testing"
	"time"

	as "github.com/aerospike/aerospike-client-go/v7"

	"github.com/dovetail-crdt/dovetail/aerospike"
	"github.com/dovetail-crdt/dovetail/aerospike/internal/astest"
	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/store"
)

// touch has so many replicas increment the counter k once each, and folds that. The ids
// are spread as random ones are.
func touch(t testing.TB, e *aerospike.Engine, replicas int) {
	t.Helper()
	var deltas []store.Delta
	for i := range replicas {
		id := clock.ReplicaID(i+1) * 0x9e3779b97f4a7c15
		deltas = append(deltas, store.Delta{Key: "k", Frame: astest.Delta(t, crdt.CounterKind(), id, func(tx *crdt.Tx, c *crdt.Counter) { c.Add(tx, 1) })})
	}
	if err := e.Merge(t.Context(), deltas...); err != nil {
		t.Fatal(err)
	}
	if err := e.Fold(t.Context(), "k"); err != nil {
		t.Fatal(err)
	}
}

// shows reports whether a process that knows nothing sees the counter k at n.
func showsCounter(t testing.TB, c *as.Client, cfg aerospike.Config, n int64) bool {
	t.Helper()
	cfg.Scrub = -1
	v, _, err := store.NewObjects(open(t, c, cfg), "", crdt.CounterKind()).View(t.Context(), "k")
	if err != nil && !errors.Is(err, aerospike.ErrIncomplete) {
		t.Fatal(err)
	}
	return err == nil && v.Value() == n
}

// TestManyReplicasWithoutBlocks loses all blocks there are. An object of a hundred
// replicas needs none.
func TestManyReplicasWithoutBlocks(t *testing.T) {
	c := cluster(t)
	set := newSet(t, c)
	empty(t, c, set+".b")
	cfg := aerospike.Config{Set: set, QueueLength: 1 << 20, Watch: -1}
	touch(t, open(t, c, cfg), 100)
	empty(t, c, set+".b")
	if !showsCounter(t, c, cfg, 100) {
		t.Error("the object of a hundred replicas cannot be read when a record beside it is lost")
	}
}

// small is the configuration of records that need blocks for a few hundred replicas.
func small(set string) aerospike.Config {
	return aerospike.Config{Set: set, QueueLength: 1 << 20, QueueSize: 1 << 20, RecordSize: 4 << 10, Watch: -1}
}

// TestLostBlockIsPutBack loses the blocks of an object. The process that made them lives
// and puts them back: another could not read the object before, and can then.
func TestLostBlockIsPutBack(t *testing.T) {
	c := cluster(t)
	set := newSet(t, c)
	empty(t, c, set+".b")
	cfg := small(set)
	cfg.Scrub = 20 * time.Millisecond
	maker := open(t, c, cfg)
	touch(t, maker, 300)
	if n := len(scanned(t, c, set+".b")); n == 0 {
		t.Fatal("no blocks are needed: the test shows nothing")
	}
	empty(t, c, set+".b")
	until(t, func() bool { return showsCounter(t, c, cfg, 300) })
	until(t, func() bool { return maker.Stats().Restored > 0 }) // counted when the write has been answered
	if n := maker.Stats().Incomplete; n != 0 {
		t.Errorf("the maker knows %d incomplete objects", n)
	}
}

// TestLostBlockIsRebuilt loses the blocks of an object, and with them the process that
// made them. Another that has read the object before them makes them again when it
// meets it.
func TestLostBlockIsRebuilt(t *testing.T) {
	c := cluster(t)
	set := newSet(t, c)
	empty(t, c, set+".b")
	cfg := small(set)
	cfg.Scrub, cfg.RecordSize = -1, 16<<10
	large := cfg
	large.RecordSize = 1 << 20
	reader := open(t, c, cfg)
	maker, writer := open(t, c, cfg), open(t, c, large)
	touch(t, writer, 1000)
	counters := store.NewObjects(reader, "", crdt.CounterKind())
	if v, _, err := counters.View(t.Context(), "k"); err != nil || v.Value() != 1000 {
		t.Fatal(v, err)
	}
	if _, err := store.NewObjects(writer, "", crdt.CounterKind()).Update(t.Context(), "k", add(1)); err != nil {
		t.Fatal(err)
	}
	if err := maker.Fold(t.Context(), "k"); err != nil {
		t.Fatal(err)
	}
	if n := len(scanned(t, c, set+".b")); n == 0 {
		t.Fatal("no blocks are needed: the test shows nothing")
	}
	empty(t, c, set+".b")
	if showsCounter(t, c, cfg, 1001) {
		t.Error("an object is shown without its block")
	}
	v, _, err := counters.View(t.Context(), "k")
	if err != nil || v.Value() != 1001 {
		t.Errorf("who remembers the object: %v, %v", v, err)
	}
	if !showsCounter(t, c, cfg, 1001) {
		t.Error("another process still cannot read the object")
	}
}

// TestGiveUpBlock loses the blocks of an object and all who know them. The object is
// readable when somebody has said so of each of them by name, in any process.
func TestGiveUpBlock(t *testing.T) {
	c := cluster(t)
	set := newSet(t, c)
	empty(t, c, set+".b")
	cfg := small(set)
	cfg.Scrub = -1
	touch(t, open(t, c, cfg), 300)
	blocks := scanned(t, c, set+".b")
	e := open(t, c, cfg) // which never saw the blocks
	counters := store.NewObjects(e, "", crdt.CounterKind())
	if _, err := counters.Update(t.Context(), "k", add(5), store.Blind()); err != nil {
		t.Fatal(err)
	}
	name := func(r *as.Record) aerospike.BlockName {
		h := sha256.Sum256(r.Bins["b"].([]byte))
		return aerospike.BlockName(h[:16])
	}
	if err := e.GiveUpBlock(t.Context(), "k", name(blocks[0])); !errors.Is(err, aerospike.ErrBlockHere) {
		t.Errorf("GiveUpBlock of one that is here: %v", err)
	}
	empty(t, c, set+".b")
	e = open(t, c, cfg)
	_, err := e.Load(t.Context(), "k")
	lost, ok := errors.AsType[*aerospike.IncompleteError](err)
	if !ok || e.Stats().Incomplete != 1 {
		t.Fatalf("Load: %v; %d objects are incomplete", err, e.Stats().Incomplete)
	}
	if err := e.GiveUpBlock(t.Context(), "k", aerospike.BlockName{1}); !errors.Is(err, aerospike.ErrNotNamed) {
		t.Errorf("GiveUpBlock of one that the record does not name: %v", err)
	}
	for _, b := range lost.Missing {
		if err := e.GiveUpBlock(t.Context(), "k", b); err != nil {
			t.Fatalf("GiveUpBlock: %v", err)
		}
	}
	for _, e := range []*aerospike.Engine{e, open(t, c, cfg)} {
		v, _, err := store.NewObjects(e, "", crdt.CounterKind()).View(t.Context(), "k")
		if err != nil || v.Value() < 5 || v.Value() >= 305 || e.Stats().Incomplete != 0 {
			t.Errorf("after that: %v, %v; %d objects are incomplete", v, err, e.Stats().Incomplete)
		}
	}
	p := as.NewWritePolicy(0, as.TTLDontExpire)
	p.SendKey = true
	for _, b := range blocks { // somebody finds them after all
		if err := c.Put(p, b.Key, b.Bins); err != nil {
			t.Fatal(err)
		}
	}
	if err := open(t, c, cfg).Fold(t.Context(), "k"); err != nil {
		t.Fatal(err)
	}
	if !showsCounter(t, c, cfg, 305) {
		t.Error("what was found again does not count")
	}
}
