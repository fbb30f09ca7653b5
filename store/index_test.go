package store_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/store/replication"
)

// indexBooks returns how many index books there are.
func (n *node) indexBooks() (count int) {
	for _, b := range n.books() {
		if strings.HasPrefix(b.Key, "index/") {
			count++
		}
	}
	return count
}

// TestIndexBooks: there is one index book a key a replica, however many events,
// also when several become durable in one batch.
func TestIndexBooks(t *testing.T) {
	t.Parallel()
	w, a, b := pair(t)
	for i := range 10 {
		a.put(fmt.Sprint("k", i%3), "x")
		b.put(fmt.Sprint("k", i%2), "y")
		w.flush()
	}
	for _, n := range w.nodes {
		if got := n.indexBooks(); got != 5 {
			t.Errorf("%s has %d index books for 3 keys of a and 2 of b, want 5", n.id, got)
		}
	}
	frame := w.frame(t)
	push := &replication.Push{}
	for seq := uint64(1); seq <= 9; seq++ {
		push.Changes = append(push.Changes, replication.Change{Key: fmt.Sprint("k", seq%2), Span: span(77, seq, seq), After: seq - 1, Frame: frame})
	}
	if err := a.core.Step("b", push); err != nil {
		t.Fatalf("Step: %v", err)
	}
	a.carryOut()
	if got := a.indexBooks(); got != 7 {
		t.Errorf("after a push of 9 changes of 2 keys by another replica a has %d index books, want 7", got)
	}
}

// TestIndexManyMoves: entries that moved very often are served once, each at its
// last place, whether or not the index was read back from its books.
func TestIndexManyMoves(t *testing.T) {
	t.Parallel()
	for _, reread := range []bool{false, true} {
		w, a, b := pair(t, shortLog)
		for i := range 400 {
			a.put(fmt.Sprint("k", i%4), fmt.Sprint(i))
		}
		w.drop(anything)
		if reread {
			a.boot(true)
			w.drop(anything)
		}
		var keys []string
		for _, f := range serve(w, requestOf(w, b, a)) {
			for _, it := range f.message.(*replication.Frames).Items {
				keys = append(keys, it.Key)
				want := clock.Dot{Replica: a.core.Replica(), Seq: 397 + uint64(it.Key[1]-'0')}
				if len(it.Last) != 1 || it.Last[0] != want {
					t.Errorf("last event on %s is told as %v, want %v", it.Key, it.Last, want)
				}
			}
			w.deliver(f)
		}
		if got := strings.Join(keys, " "); got != "k0 k1 k2 k3" {
			t.Errorf("books read back: %t: a session serves %q, want each of 4 keys once", reread, got)
		}
		if got := view(b, words, "k3"); got.Len() != 100 {
			t.Errorf("b shows %d words under k3, want 100", got.Len())
		}
	}
}

// TestIndexOldEvent: a change that arrives after a newer one of its replica on
// the same key does not move the entry back.
func TestIndexOldEvent(t *testing.T) {
	t.Parallel()
	w, a, b := pair(t, shortLog)
	a.put("k", "1")
	late := w.one(of[*replication.Push]())
	a.put("k", "2")
	w.drop(anything)
	a.put("k", "3")
	w.deliver(w.one(of[*replication.Push]()))
	w.deliver(late)
	b.shows("k", "1", "3")
	w.drop(anything)
	frames := serve(w, requestOf(w, a, pretend(t, b)))
	if len(frames) != 1 {
		t.Fatalf("session of one object has %d messages", len(frames))
	}
	if it := frames[0].message.(*replication.Frames).Items[0]; it.Last[0].Seq != 3 {
		t.Errorf("last event on k is told as %v, want number 3", it.Last)
	}
}

// pretend makes a change at n, so that its peer has something to ask for.
func pretend(t *testing.T, n *node) *node {
	t.Helper()
	n.put("k", "own")
	n.put("k", "again")
	n.w.drop(anything)
	return n
}

// TestIndexHotKey: entries that stay where they are survive that others move very
// often.
func TestIndexHotKey(t *testing.T) {
	t.Parallel()
	w, a, b := pair(t, shortLog)
	a.put("cold1", "x")
	a.put("cold2", "x")
	for range 200 {
		a.put("hot", "x")
	}
	w.drop(anything)
	w.deliver(serve(w, requestOf(w, b, a))...)
	for _, key := range []string{"cold1", "cold2", "hot"} {
		b.shows(key, "x")
	}
}
