package store_test

import (
	"testing"

	"github.com/dovetail-crdt/dovetail/store/replication"
)

// TestDuplicatesWriteNothing: a change that came before is not written again.
func TestDuplicatesWriteNothing(t *testing.T) {
	t.Parallel()
	w, a, b := pair(t)
	a.put("k", "x")
	push := w.one(of[*replication.Push](from("a", "b")))
	w.deliver(push)
	for range 2 {
		if err := b.core.Step("a", push.message); err != nil {
			t.Fatalf("Step: %v", err)
		}
		if r, _ := b.core.Ready(); !r.Batch.IsEmpty() {
			t.Errorf("a push that came before makes a batch of %d deltas and %d books", len(r.Batch.Deltas), len(r.Batch.Puts))
		}
	}
}

// TestPartOfAChange: a change is skipped only if the vector has all its events.
func TestPartOfAChange(t *testing.T) {
	t.Parallel()
	w, a, _ := pair(t)
	for _, s := range []replication.Span{span(77, 1, 1), span(77, 1, 3), span(77, 5, 5), span(77, 4, 5)} {
		m := &replication.Push{Changes: []replication.Change{{Key: "k", Span: s, After: s.First - 1, Frame: w.frame(t)}}}
		if err := a.core.Step("b", m); err != nil {
			t.Fatalf("Step: %v", err)
		}
		if r, _ := a.core.Ready(); len(r.Batch.Deltas) != 1 || !a.core.Applied().Contains(s) {
			t.Errorf("change %v made %d deltas; vector %v", s, len(r.Batch.Deltas), a.vector())
		}
	}
}

// TestReturnIsNoticed: a peer that was out of reach does not wait for the time
// that was set when it did not answer.
func TestReturnIsNoticed(t *testing.T) {
	t.Parallel()
	w, a, b := pair(t)
	w.run(5)
	a.put("k", "x")
	a.tick(120) // sent three times; next due after 175 ticks
	w.drop(anything)
	b.tick(101)
	w.deliver(w.take(of[*replication.Hello](from("b", "a")))[0])
	push := w.one(of[*replication.Push](from("a", "b")))
	w.deliver(push)
	b.shows("k", "x")
}

// TestSilenceBeforeFirstPush: a peer counts as out of reach only some time after
// something was sent to it, however long it was silent before.
func TestSilenceBeforeFirstPush(t *testing.T) {
	t.Parallel()
	w, a, _ := pair(t)
	a.tick(1000)
	w.drop(anything)
	for i := range 3 {
		a.put("k", string(rune('x'+i)))
		if n := len(w.take(of[*replication.Push](from("a", "b")))); n != 1 {
			t.Errorf("change %d after a long silence came in %d pushes, want at once in one", i+1, n)
		}
	}
}
