package aerospike_test

import (
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	as "github.com/aerospike/aerospike-client-go/v7"

	"github.com/dovetail-crdt/dovetail/aerospike"
	"github.com/dovetail-crdt/dovetail/aerospike/asdtest"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/store"
)

// version is a record as it once was.
type version struct {
	key  *as.Key
	bins as.BinMap
}

// save returns a record as it is.
func save(t testing.TB, c *as.Client, set, key string) version {
	t.Helper()
	k, err := as.NewKey(namespace, set, key)
	if err != nil {
		t.Fatal(err)
	}
	rec, err := c.Get(nil, k)
	if err != nil {
		t.Fatalf("save %q: %v", key, err)
	}
	return version{k, rec.Bins}
}

// bring puts a record back to what it was, as a split that heals to the other side
// does, or a restart.
func (v version) bring(t testing.TB, c *as.Client) {
	t.Helper()
	p := as.NewWritePolicy(0, as.TTLDontExpire)
	p.RecordExistsAction = as.REPLACE
	p.SendKey = true
	ops := make([]*as.Bin, 0, len(v.bins))
	for name, x := range v.bins {
		if pairs, ok := x.([]as.MapPair); ok {
			m := make(map[any]any, len(pairs))
			for _, p := range pairs {
				m[p.Key] = p.Value
			}
			x = m
		}
		ops = append(ops, as.NewBin(name, x))
	}
	if err := c.PutBins(p, v.key, ops...); err != nil {
		t.Fatalf("bring back %v: %v", v.key, err)
	}
}

// lose takes a record away, as a split does from whom it did not know.
func lose(t testing.TB, c *as.Client, set, key string) {
	t.Helper()
	k, err := as.NewKey(namespace, set, key)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Delete(nil, k); err != nil {
		t.Fatalf("lose %q: %v", key, err)
	}
}

// TestRemerge rolls records back below what was acknowledged. The journal brings
// back what is missing, also an overwrite whose dot some other change covers, and
// nothing that was removed.
func TestRemerge(t *testing.T) {
	c := cluster(t)
	set := newSet(t, c)
	mine := open(t, c, aerospike.Config{Set: set, Watch: -1})
	other := open(t, c, aerospike.Config{Set: set, Watch: -1})
	a := store.NewObjects(mine, "", crdt.AWSetKind(crdt.String))
	b := store.NewObjects(other, "", crdt.AWSetKind(crdt.String))
	update := func(o store.Objects[*crdt.AWSet[string]], fn func(*crdt.Tx, *crdt.AWSet[string])) {
		t.Helper()
		if _, err := o.Update(t.Context(), "k", func(tx *crdt.Tx, s *crdt.AWSet[string]) error { fn(tx, s); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	add := func(e string) func(*crdt.Tx, *crdt.AWSet[string]) {
		return func(tx *crdt.Tx, s *crdt.AWSet[string]) { s.Add(tx, e) }
	}
	remove := func(e string) func(*crdt.Tx, *crdt.AWSet[string]) {
		return func(tx *crdt.Tx, s *crdt.AWSet[string]) { s.Remove(tx, e) }
	}
	update(b, add("x"))
	before := save(t, c, set, "k")
	update(a, add("x")) // ends the first add
	update(a, add("y"))
	before.bring(t, c)

	// One who has seen all removes x by name: the dot of a's add is covered now, and
	// the first add is alive again.
	third := store.NewObjects(open(t, c, aerospike.Config{Set: set, Watch: -1}), "", crdt.AWSetKind(crdt.String))
	if v, _, err := third.View(t.Context(), "k"); err != nil || !v.Contains("x") || v.Contains("y") {
		t.Fatalf("after the rollback: %v, %v", v, err)
	}
	n, err := mine.Remerge(t.Context())
	if err != nil || n != 2 {
		t.Errorf("Remerge = %d, %v, want the two changes that were lost", n, err)
	}
	update(third, remove("x"))
	if n, err := mine.Remerge(t.Context()); err != nil || n != 0 {
		t.Errorf("Remerge of what is there = %d, %v", n, err)
	}
	v, _, err := third.View(t.Context(), "k")
	if got := slices.Collect(v.All()); err != nil || !slices.Equal(got, []string{"y"}) {
		t.Errorf("in the end: %q, %v", got, err)
	}
}

// TestRecordWentBack reads a record that is older than what the process remembers:
// the value does not go back, and the record is mended.
func TestRecordWentBack(t *testing.T) {
	c := cluster(t)
	for _, folded := range []bool{false, true} {
		for _, gone := range []bool{false, true} {
			t.Run("folded="+strconv.FormatBool(folded)+",gone="+strconv.FormatBool(gone), func(t *testing.T) {
				set := newSet(t, c)
				cfg := aerospike.Config{Set: set, Watch: -1}
				if folded {
					cfg.QueueLength = 2
				}
				counters := store.NewObjects(open(t, c, cfg), "", crdt.CounterKind())
				var old version
				for i := range 9 {
					if i == 4 {
						old = save(t, c, set, "k")
					}
					if _, err := counters.Update(t.Context(), "k", add(1)); err != nil {
						t.Fatal(err)
					}
				}
				if gone {
					lose(t, c, set, "k")
				} else {
					old.bring(t, c)
				}
				if v, _, err := counters.View(t.Context(), "k"); err != nil || v.Value() != 9 {
					t.Fatalf("after the record went back: %v, %v", v, err)
				}
				others := store.NewObjects(open(t, c, aerospike.Config{Set: set}), "", crdt.CounterKind())
				until(t, func() bool {
					v, _, err := others.View(t.Context(), "k")
					return err == nil && v.Value() == 9
				})
			})
		}
	}
}

// until waits for a condition that comes without anybody's doing.
func until(t testing.TB, cond func() bool) {
	t.Helper()
	over := time.After(20 * time.Second)
	for !cond() {
		select {
		case <-over:
			t.Fatal("it did not come in 20 s")
		case <-time.After(time.Millisecond):
		}
	}
}

// TestWatch splits a cluster, writes to the side that loses, and heals it: without
// anybody's asking, what was acknowledged is there again.
func TestWatch(t *testing.T) {
	s := asdtest.Start(t)
	c := connect(t, s.Addr())
	e := open(t, c, aerospike.Config{Set: "s", Watch: 10 * time.Millisecond})
	counters := store.NewObjects(e, "", crdt.CounterKind())
	increment := func() {
		t.Helper()
		if _, err := counters.Update(t.Context(), "k", add(1)); err != nil {
			t.Fatal(err)
		}
	}
	increment()
	split, err := s.Split()
	if err != nil {
		t.Fatal(err)
	}
	increment()
	split.Heal(asdtest.WinnerB)
	others := store.NewObjects(open(t, c, aerospike.Config{Set: "s"}), "", crdt.CounterKind())
	until(t, func() bool {
		v, _, err := others.View(t.Context(), "k")
		return err == nil && v.Value() == 2
	})
}

// TestWatchRestart starts a node again that forgets all it had, between two looks of
// the engine, and the cluster keeps its key: that the node is younger tells.
func TestWatchRestart(t *testing.T) {
	s := asdtest.Start(t)
	says := func(uptime string) {
		s.SetInfo("statistics", "cluster_key=A1;cluster_size=1;migrate_partitions_remaining=0;uptime="+uptime)
	}
	says("100")
	c := connect(t, s.Addr())
	l := &looked{Client: c}
	e := open(t, l, aerospike.Config{Set: "s", Watch: 10 * time.Millisecond})
	others := store.NewObjects(open(t, c, aerospike.Config{Set: "s", CacheObjects: -1}), "", crdt.CounterKind())
	counters := store.NewObjects(e, "", crdt.CounterKind())
	if _, err := counters.Update(t.Context(), "k", add(1)); err != nil {
		t.Fatal(err)
	}
	before := l.looks.Load()
	until(t, func() bool { return l.looks.Load() >= before+2 })
	s.Restart(asdtest.RecoverNothing)
	says("3")
	until(t, func() bool {
		v, _, err := others.View(t.Context(), "k")
		return err == nil && v.Value() == 1
	})
}

// TestWatchUnsettled has a cluster that loses a record and goes on moving data: the
// engine does not wait for the end of that.
func TestWatchUnsettled(t *testing.T) {
	s := asdtest.Start(t)
	c := connect(t, s.Addr())
	e := open(t, c, aerospike.Config{Set: "s", Watch: 10 * time.Millisecond})
	counters := store.NewObjects(e, "", crdt.CounterKind())
	s.SetStatistic("migrate_partitions_remaining", "7")
	if _, err := counters.Update(t.Context(), "k", add(1)); err != nil {
		t.Fatal(err)
	}
	lose(t, c, "s", "k")
	others := store.NewObjects(open(t, c, aerospike.Config{Set: "s"}), "", crdt.CounterKind())
	until(t, func() bool {
		v, _, err := others.View(t.Context(), "k")
		return err == nil && v.Value() == 1
	})
}

// looked is a client that counts how often somebody looks at the nodes.
type looked struct {
	aerospike.Client
	looks atomic.Int64
}

func (l *looked) GetNodes() []*as.Node {
	l.looks.Add(1)
	return l.Client.GetNodes()
}

// TestRemergeLeavesWhatIsOnItsWay merges the journal again while an update is on its
// way that the record then refuses, since it is not as the process remembers. The
// update runs again; what was refused must not have come in by the journal.
func TestRemergeLeavesWhatIsOnItsWay(t *testing.T) {
	c := cluster(t)
	set := newSet(t, c)
	h := &hooked{Client: c}
	e := open(t, h, aerospike.Config{Set: set, Watch: -1})
	counters := store.NewObjects(e, "", crdt.CounterKind())
	others := store.NewObjects(open(t, c, aerospike.Config{Set: set, Watch: -1}), "", crdt.CounterKind())
	for i := range 10 {
		h.before = func() { // the next write, and that alone
			h.before = nil
			if _, err := others.Update(t.Context(), "k", add(100)); err != nil {
				t.Error(err)
			}
			if _, err := e.Remerge(t.Context()); err != nil {
				t.Error(err)
			}
		}
		if _, err := counters.Update(t.Context(), "k", add(1)); err != nil {
			t.Fatalf("update %d: %v", i, err)
		}
	}
	if v, _, err := others.View(t.Context(), "k"); err != nil || v.Value() != 1010 {
		t.Errorf("%v, %v, want 10 increments of 1 and of 100", v, err)
	}
}

// hooked is a client that does something before a write.
type hooked struct {
	aerospike.Client
	before func()
}

func (h *hooked) Operate(p *as.WritePolicy, k *as.Key, ops ...*as.Operation) (*as.Record, as.Error) {
	if h.before != nil {
		h.before()
	}
	return h.Client.Operate(p, k, ops...)
}
