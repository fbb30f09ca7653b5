package aerospike_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/dovetail-crdt/dovetail/aerospike"
	"github.com/dovetail-crdt/dovetail/aerospike/asdtest"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/store"
)

// figures is an engine and a client of its cluster, whose figures a test looks at.
type figures struct {
	*testing.T
	server   *asdtest.Cluster
	hook     *hooked
	engine   *aerospike.Engine
	counters store.Objects[*crdt.Counter]
	others   store.Objects[*crdt.Counter] // of another process
}

func newFigures(t *testing.T) *figures {
	t.Helper()
	s := asdtest.Start(t)
	c := connect(t, s.Addr())
	f := &figures{T: t, server: s, hook: &hooked{Client: c}}
	cfg := aerospike.Config{Set: "s", Watch: -1, Scrub: -1}
	f.engine = open(t, f.hook, cfg)
	f.counters = store.NewObjects(f.engine, "", crdt.CounterKind())
	f.others = store.NewObjects(open(t, c, cfg), "", crdt.CounterKind())
	return f
}

func (f *figures) add(o store.Objects[*crdt.Counter], opts ...store.Option) {
	f.Helper()
	if _, err := o.Update(f.Context(), "k", add(1), opts...); err != nil {
		f.Fatal(err)
	}
}

// check compares the figures with what they should be, but for the sizes of the journal and of
// the cache, which nobody counts by hand.
func (f *figures) check(want aerospike.Stats) {
	f.Helper()
	got := f.engine.Stats()
	if (got.KeptBytes > 0) != (got.KeptChanges > 0) {
		f.Errorf("%d entries in the journal, of %d bytes", got.KeptChanges, got.KeptBytes)
	}
	got.KeptBytes, got.CacheBytes = 0, 0
	if got != want {
		f.Errorf("figures\n%+v, want\n%+v", got, want)
	}
}

// TestStatsOfWrites counts writes, also such as were refused: the key was busy, and
// somebody else was faster.
func TestStatsOfWrites(t *testing.T) {
	f := newFigures(t)
	f.check(aerospike.Stats{})
	f.add(f.counters)
	f.add(f.counters)
	want := aerospike.Stats{Changes: 2, Appends: 2, Objects: 1, KeptChanges: 2}
	f.check(want)

	f.add(f.others)
	f.add(f.counters)
	want.Changes, want.Appends, want.KeptChanges, want.Stale = 3, 3, 3, 1
	f.check(want)

	f.server.Inject(asdtest.Fault{Match: func(o *asdtest.Op) bool { return o.Write }, Times: 2, Code: asdtest.KeyBusy})
	f.add(f.counters)
	want.Changes, want.Appends, want.KeptChanges, want.Retries = 4, 4, 4, 2
	f.check(want)

	v, _, err := f.counters.View(t.Context(), "k")
	if err != nil {
		t.Fatal(err)
	}
	frame, err := crdt.AppendFrame(nil, crdt.CounterKind(), v)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.engine.Merge(t.Context(), store.Delta{Key: "a", Frame: frame}, store.Delta{Key: "b", Frame: frame}); err != nil {
		t.Fatal(err)
	}
	want.Changes, want.Appends, want.KeptChanges = 6, 6, 6
	f.check(want)
}

// TestStatsTogether counts changes that went in one write.
func TestStatsTogether(t *testing.T) {
	f := newFigures(t)
	n := int64(0)
	until(t, func() bool {
		var wg sync.WaitGroup
		for range 16 {
			n++
			wg.Go(func() { f.add(f.counters, store.Blind()) })
		}
		wg.Wait()
		return f.engine.Stats().Together > 0
	})
	s := f.engine.Stats()
	if s.Changes != n || s.Appends >= n || s.Together > n || n-s.Appends >= s.Together {
		t.Errorf("%d changes: %+v", n, s)
	}
}

// TestStatsOfFolds counts a fold, one that somebody else was faster with, and a
// record that was too large to be appended to.
func TestStatsOfFolds(t *testing.T) {
	f := newFigures(t)
	f.add(f.counters)
	if err := f.engine.Fold(t.Context(), "k"); err != nil {
		t.Fatal(err)
	}
	want := aerospike.Stats{Changes: 1, Appends: 1, Folds: 1, Objects: 1, KeptChanges: 1}
	f.check(want)
	f.add(f.others)
	third := open(t, f.hook.Client, aerospike.Config{Set: "s", Watch: -1})
	f.hook.before = func() { // the next write, and that alone
		f.hook.before = nil
		if err := third.Fold(t.Context(), "k"); err != nil {
			t.Error(err)
		}
	}
	if err := f.engine.Fold(t.Context(), "k"); err != nil {
		t.Fatal(err)
	}
	want.FoldsLost = 1
	f.check(want)

	small := open(t, f.hook.Client, aerospike.Config{Set: "t", QueueSize: 1 << 10, Watch: -1})
	f.counters = store.NewObjects(small, "", crdt.CounterKind())
	for range 60 {
		f.add(f.counters, store.Blind())
	}
	if s := small.Stats(); s.Full == 0 || s.Folds == 0 || s.Changes != 60 {
		t.Errorf("with a short queue: %+v", s)
	}
}

// TestStatsOfDoubts counts a change in doubt until it is settled.
func TestStatsOfDoubts(t *testing.T) {
	f := newFigures(t)
	f.add(f.counters)
	lost := f.server.Inject(asdtest.Fault{Match: func(o *asdtest.Op) bool { return o.Write }, Reply: asdtest.LoseReply})
	var doubt *store.InDoubtError
	until(t, func() bool { // on a busy machine the time may be over before anything was sent
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		_, err := f.counters.Update(ctx, "k", add(1), store.Blind())
		return errors.As(err, &doubt)
	})
	if s := f.engine.Stats(); s.Doubts != 1 || s.InDoubt != 1 || s.Changes != 1 || s.KeptChanges != 2 {
		t.Errorf("in doubt: %+v", s)
	}
	lost.Remove()
	if err := doubt.Retry(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s := f.engine.Stats(); s.Doubts != 1 || s.InDoubt != 0 || s.Changes != 2 {
		t.Errorf("settled: %+v", s)
	}
}

// TestStatsOfRegressions reads a copy that is behind, which is no regression, and a
// record that went back, which is one: the value stays, and it is counted and mended.
func TestStatsOfRegressions(t *testing.T) {
	f := newFigures(t)
	for range 4 {
		f.add(f.counters)
	}
	want := aerospike.Stats{Changes: 4, Appends: 4, Objects: 1, KeptChanges: 4}
	read := func() {
		t.Helper()
		if v, _, err := f.counters.View(t.Context(), "k"); err != nil || v.Value() != 4 {
			t.Errorf("%v, %v, want 4", v, err)
		}
	}
	f.server.Inject(asdtest.Fault{Match: func(o *asdtest.Op) bool { return !o.Write }, Times: 1, Stale: 2})
	read()
	want.Behind = 1
	f.check(want)

	if !f.server.Rollback(namespace, digest(t, "s"), 2) {
		t.Fatal("no such version")
	}
	read()
	until(t, func() bool { return f.engine.Stats().Mended == 1 })
	want.Behind, want.Regressions, want.Mended, want.Changes, want.Appends = 2, 1, 1, 5, 5
	f.check(want)
	read()
	f.check(want)

	lose(t, connect(t, f.server.Addr()), "s", "k")
	if n, err := f.engine.Remerge(t.Context()); err != nil || n == 0 {
		t.Fatalf("Remerge = %d, %v", n, err)
	} else if s := f.engine.Stats(); s.Remerged != int64(n) {
		t.Errorf("%d changes merged again, counted %d", n, s.Remerged)
	}
}

// TestStatsOfScrubs counts rounds, and objects that were read.
func TestStatsOfScrubs(t *testing.T) {
	s := asdtest.Start(t)
	e := open(t, connect(t, s.Addr()), aerospike.Config{Set: "s", Watch: -1, Scrub: time.Millisecond})
	until(t, func() bool { return e.Stats().Scrubs > 2 })
	if s := e.Stats(); s.Scrubbed != 0 {
		t.Errorf("%d objects read, and there are none", s.Scrubbed)
	}
	if _, err := store.NewObjects(e, "", crdt.CounterKind()).Update(t.Context(), "k", add(1)); err != nil {
		t.Fatal(err)
	}
	until(t, func() bool { return e.Stats().Scrubbed > 2 })
}
