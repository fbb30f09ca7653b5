package layout_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/layout"
	"github.com/dovetail-crdt/dovetail/crdt"
)

// The rules of doc.go, each in the smallest history that needs it.

// An append that comes again after its entry was folded changes nothing, and the
// next compaction takes it out.
func TestLateDuplicate(t *testing.T) {
	t.Parallel()
	c, a := newCluster(), newActor(t, 1)
	w := c.writer()
	e := layout.NewEntry(frameOf(a.add("x")))
	c.put(t, e)
	c.compact(t, w, nil)
	c.put(t, layout.NewEntry(frameOf(a.remove("x"))))
	c.compact(t, w, nil)
	was := c.v.snapshot
	c.put(t, e)
	if got := shown(c.account(t)); len(got) > 0 {
		t.Errorf("after its removal and a late duplicate, the record shows %v", got)
	}
	c.compact(t, w, nil)
	if len(c.v.queue) > 0 || !bytes.Equal(c.v.snapshot, was) {
		t.Errorf("%d entries wait; the snapshot is the same: %t", len(c.v.queue), bytes.Equal(c.v.snapshot, was))
	}
}

// A change in doubt that is joined with a newer one has another key: a compaction
// that read the first removes the first.
func TestKeysAreImmutable(t *testing.T) {
	t.Parallel()
	c, a := newCluster(), newActor(t, 1)
	x := a.add("x")
	both := x.Clone()
	both.Merge(a.add("y"))
	first, joined := layout.NewEntry(frameOf(x)), layout.NewEntry(frameOf(both))
	c.put(t, first)
	c.before = func() { c.put(t, joined) } // between the read and the write of the compaction
	c.compact(t, c.writer(), nil)
	if len(c.v.queue) != 1 || c.v.queue[0].Key != joined.Key {
		t.Errorf("%d entries wait, want the joined one", len(c.v.queue))
	}
	if got := shown(c.account(t)); got["tags/x"] == "" || got["tags/y"] == "" {
		t.Errorf("the record shows %v, want both", got)
	}
}

// Of two first compactions, which find no stamp, one wins and nothing is lost; the
// other tries again.
func TestFirstCompactionsRace(t *testing.T) {
	t.Parallel()
	for _, between := range []bool{false, true} {
		c, a := newCluster(), newActor(t, 1)
		w := c.writer()
		lost := 0
		w.Count = func(e layout.Event) {
			if e == layout.CompactionLost {
				lost++
			}
		}
		c.put(t, layout.NewEntry(frameOf(a.add("x"))))
		c.before = func() {
			if between {
				c.put(t, layout.NewEntry(frameOf(a.add("y"))))
			}
			c.compact(t, c.writer(), nil)
		}
		c.compact(t, w, nil)
		if got := shown(c.account(t)); lost != 1 || len(c.v.queue) > 0 || len(got) != len(shown(a.doc)) {
			t.Errorf("y between: %t; %d compactions lost, %d entries wait, the record shows %v",
				between, lost, len(c.v.queue), got)
		}
	}
}

// A compaction that reaches the record twice, with a rollback between, brings back
// what it folded and loses nothing.
func TestCompactionTwice(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		more bool // an entry comes after the rollback
	}{{"alone", false}, {"beside a new entry", true}} {
		c, a := newCluster(), newActor(t, 1)
		c.put(t, layout.NewEntry(frameOf(a.add("x"))))
		before := c.v
		var sent *layout.Compaction
		w := c.writer()
		w.Cluster = recorder{c, &sent}
		c.compact(t, w, nil)
		c.v = before
		if tt.more {
			c.put(t, layout.NewEntry(frameOf(a.add("y"))))
		}
		if err := c.Compact(t.Context(), key, sent); err != nil {
			t.Fatalf("%s: the second time: %v", tt.name, err)
		}
		if got, want := shown(c.account(t)), shown(a.doc); len(got) != len(want) {
			t.Errorf("%s: the record shows %v, want %v", tt.name, got, want)
		}
		if err := c.Compact(t.Context(), key, sent); err == nil {
			t.Errorf("%s: a third time, on the snapshot that it made, it passes", tt.name)
		}
	}
}

// After a rollback all dots of a frame can be covered while what it killed is
// alive: e1 adds x; e2 adds it again, which kills e1's dot; the record rolls back
// to before e2; somebody who saw e2 kills its dot.
func TestContainedIsNotCovered(t *testing.T) {
	t.Parallel()
	a, b := newActor(t, 1), newActor(t, 2)
	e1 := a.add("x")
	e2 := a.add("x")
	b.doc.Merge(e2) // and not e1, so its removal kills e2's dot alone
	e3 := b.remove("x")

	s := stateOf(t, frameOf(e1), frameOf(e3))
	record := e1.Clone()
	record.Merge(e3)
	if !crdt.ContextOf(record).Covers(crdt.ContextOf(e2)) {
		t.Fatalf("%v does not cover %v", crdt.ContextOf(record), crdt.ContextOf(e2))
	}
	o, err := s.Decode(frameOf(e2))
	if err != nil {
		t.Fatal(err)
	}
	if s.Contains(o) || s.ContainsState(stateOf(t, frameOf(e2))) {
		t.Error("a state with e1's dot alive contains e2, which killed it")
	}
	if _, err := s.Merge(o); err != nil {
		t.Fatal(err)
	}
	all := stateOf(t, frameOf(e1), frameOf(e2), frameOf(e3))
	if got, want := framesOf(t, s), framesOf(t, all); !slices.EqualFunc(got, want, bytes.Equal) {
		t.Errorf("with e2 it is %x, want %x", got, want)
	}
	if again, _ := s.Decode(frameOf(e2)); !s.Contains(again) {
		t.Error("with e2 it does not contain e2")
	}
}
