package aerospike_test

import (
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/store"
)

// TestJournalOfTheDoubtedBefore ends a process before the journal has that a change is in
// doubt, which the next process takes for granted. The disk fails under that one, so the
// third has no proof: it merges the change all the same.
func TestJournalOfTheDoubtedBefore(t *testing.T) {
	c := cluster(t)
	set := newSet(t, c)
	j := newRows()
	f := &faulty{Client: c, rand: rand.New(rand.NewPCG(1, 1))}
	e := start(t, f, set, j)
	j.begin = func() {
		j.mu.Lock()
		defer j.mu.Unlock()
		if len(j.rows) > 3 { // the change is numbered
			j.dieAt, j.torn = j.writes+1, true
		}
	}
	_ = unanswered(t, f, false, store.NewObjects(e, "", crdt.AWSetKind(crdt.String)), "k", insert("kept"))
	_ = e.Close()

	j = j.next(nil)
	e = start(t, &mortal{Client: c, dead: true}, set, j)
	j.mu.Lock()
	j.fails = errors.New("disk full")
	j.mu.Unlock()
	_ = e.Close()

	e = start(t, c, set, j.next(j.fails))
	defer shut(t, e)
	if _, err := e.Remerge(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !holds(t, store.NewObjects(e, "", crdt.AWSetKind(crdt.String)), "kept") {
		t.Error("a change in doubt is gone")
	}
}
