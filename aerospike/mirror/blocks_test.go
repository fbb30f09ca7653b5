package mirror_test

import (
	"errors"
	"testing"
	"time"

	"github.com/dovetail-crdt/dovetail/aerospike"
	"github.com/dovetail-crdt/dovetail/aerospike/internal/astest"
	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/store"
)

// processes is how many wrote to the counter k, so many that small records need blocks.
const processes = 600

// smallRecords is the configuration of an engine whose records need blocks.
func (p *place) smallRecords() aerospike.Config {
	return aerospike.Config{Set: p.set, QueueLength: 1 << 20, RecordSize: 8 << 10, Scrub: -1, Watch: -1}
}

// touch has so many processes increment the counter k once each, and folds that.
func (p *place) touch(t *testing.T, cfg aerospike.Config, processes int) {
	t.Helper()
	large := cfg
	large.RecordSize = 1 << 19
	e := astest.Open(t, p.client, large)
	var deltas []store.Delta
	for id := range clock.ReplicaID(processes) {
		one := func(tx *crdt.Tx, c *crdt.Counter) { c.Add(tx, 1) }
		deltas = append(deltas, store.Delta{Key: "k", Frame: astest.Delta(t, crdt.CounterKind(), (id+1)*0x9e3779b97f4a7c15, one)})
	}
	if err := e.Merge(t.Context(), deltas...); err != nil {
		t.Fatal(err)
	}
	if err := astest.Open(t, p.client, cfg).Fold(t.Context(), "k"); err != nil {
		t.Fatal(err)
	}
}

// lose loses all blocks.
func (p *place) lose(t *testing.T) {
	t.Helper()
	astest.Empty(t, p.client, p.set+".b")
}

// view returns the counter k, as a process sees it that knows nothing yet.
func (p *place) view(t *testing.T) (int64, error) {
	t.Helper()
	c, _, err := store.NewObjects(astest.Open(t, p.client, p.smallRecords()), "", crdt.CounterKind()).View(t.Context(), "k")
	if err != nil {
		return 0, err
	}
	return c.Value(), nil
}

func (p *place) wantCounter(t *testing.T, want int64) {
	t.Helper()
	if n, err := p.view(t); err != nil || n != want {
		t.Errorf("counter in %s is %d, %v, want %d", p.name, n, err, want)
	}
}

// TestBlocks has an object that so many processes wrote that part of it stands
// in blocks. It arrives whole, with them, and when they are lost in either cluster they
// come back from the other, by a mirror that begins and by one that runs.
func TestBlocks(t *testing.T) {
	onPlaces(t, 2, func(t *testing.T, ps []*place) {
		t.Helper()
		a, b := ps[0], ps[1]
		a.lose(t)
		b.lose(t)
		a.touch(t, a.smallRecords(), processes)
		m := mirrorOf(t, ps, nil)
		sync1(t, m)
		for _, p := range ps {
			p.wantCounter(t, processes)
			if len(astest.Scanned(t, p.client, p.set+".b")) == 0 {
				t.Errorf("no blocks in %s", p.name)
			}
		}
		before := mirrorWrites(ps)
		audit1(t, m)
		audit1(t, mirrorOf(t, ps, nil))
		if n := mirrorWrites(ps) - before; n > 0 {
			t.Errorf("%d writes while nothing changed", n)
		}
		for range 2 {
			a.lose(t)
			audit1(t, m)
			a.wantCounter(t, processes)
			b.lose(t)
			audit1(t, m)
			a.lose(t)
			audit1(t, mirrorOf(t, ps, nil))
			a.wantCounter(t, processes)
		}
	})
}

// TestRebuildsBlocks has an object whose blocks are lost in both clusters, while one
// of them has all of it in its record. A mirror that knows nothing brings the other whole.
func TestRebuildsBlocks(t *testing.T) {
	onPlaces(t, 2, func(t *testing.T, ps []*place) {
		t.Helper()
		a, b := ps[0], ps[1]
		a.lose(t)
		b.lose(t)
		larger := a.smallRecords()
		larger.RecordSize = 16 << 10 // so that one block holds them all
		const processes = 850
		a.touch(t, larger, processes)
		sync1(t, mirrorOf(t, ps, nil))
		a.lose(t)
		b.lose(t)
		if _, err := a.view(t); !errors.Is(err, aerospike.ErrIncomplete) {
			t.Fatalf("view: %v: no block is missing, and the test shows nothing", err)
		}
		m := mirrorOf(t, ps, nil)
		audit1(t, m)
		a.wantCounter(t, processes)
		if s := m.Stats(); s.Directions[0].Stuck != 0 || s.Clusters[0].Incomplete != 0 || s.Clusters[0].Blocks == 0 {
			t.Errorf("%+v", s)
		}
	})
}

// TestIncomplete has an object whose blocks are lost in the only cluster that had
// them. What is written to it there, blindly, reaches the other all the same, and back,
// and what is missing is told, until an operator gives it up.
func TestIncomplete(t *testing.T) {
	onPlaces(t, 2, func(t *testing.T, ps []*place) {
		t.Helper()
		a, b := ps[0], ps[1]
		a.lose(t)
		b.lose(t)
		a.touch(t, a.smallRecords(), processes)
		a.lose(t)
		objects := func(p *place) store.Objects[*crdt.Counter] {
			return store.NewObjects(astest.Open(t, p.client, p.smallRecords()), "", crdt.CounterKind())
		}
		add := func(o store.Objects[*crdt.Counter], n int64) {
			t.Helper()
			change := func(tx *crdt.Tx, c *crdt.Counter) error { c.Add(tx, n); return nil }
			if _, err := o.Update(t.Context(), "k", change, store.Blind()); err != nil {
				t.Fatal(err)
			}
		}
		oa := objects(a)
		add(oa, 1000)
		before, err := b.view(t)
		if err != nil || before != 0 {
			t.Fatalf("%d, %v", before, err)
		}
		m := mirrorOf(t, ps, nil)
		sync1(t, m)
		passTime(ps, time.Second)
		arrived, err := b.view(t)
		if err != nil || arrived < 1000 {
			t.Errorf("counter in b is %d, %v, want what was added to a without its blocks", arrived, err)
		}
		add(objects(b), 10_000)
		compared := audit1(t, m)
		s := m.Stats()
		if d := s.Directions[0]; d.Stuck != 1 || d.Incomplete != 1 || s.Clusters[0].Incomplete != 1 || compared[0].Failed != 1 {
			t.Errorf("one object is incomplete: %+v, compared %+v", s, compared)
		}
		writes := mirrorWrites(ps)
		audit1(t, m)
		if n := mirrorWrites(ps) - writes; n > 0 {
			t.Errorf("%d writes while nothing changed", n)
		}
		_, err = a.view(t)
		incomplete, ok := errors.AsType[*aerospike.IncompleteError](err)
		if !ok {
			t.Fatalf("view: %v, want that the object is incomplete", err)
		}
		e := astest.Open(t, a.client, a.smallRecords())
		for _, block := range incomplete.Missing {
			if err := e.GiveUpBlock(t.Context(), "k", block); err != nil {
				t.Fatal(err)
			}
		}
		audit1(t, m)
		a.wantCounter(t, arrived+10_000)
		b.wantCounter(t, arrived+10_000)
		if s := m.Stats(); s.Directions[0].Stuck != 0 || s.Clusters[0].Incomplete != 0 {
			t.Errorf("nothing is incomplete any more: %+v", s)
		}
	})
}
