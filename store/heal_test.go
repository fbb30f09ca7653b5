package store_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/dovetail-crdt/dovetail/store"
	"github.com/dovetail-crdt/dovetail/store/replication"
)

// filled is a pair of which a has n objects k01, k02, … that b lacks, in a log
// too short to tell b of them.
func filled(t *testing.T, n int) (w *world, a, b *node) {
	t.Helper()
	w, a, b = pair(t, shortLog)
	for i := range n {
		a.put(fmt.Sprintf("k%02d", i+1), "x")
	}
	w.drop(anything)
	return w, a, b
}

// TestLogAnswers: a request that the log reaches back to is answered with the
// changes themselves, and no session.
func TestLogAnswers(t *testing.T) {
	t.Parallel()
	w, a, b, c := trio(t)
	for i := range 5 {
		a.put(fmt.Sprint("k", i), "x")
	}
	b.put("k0", "y")
	w.deliver(w.take(of[*replication.Push](from("", "b")))...)
	w.drop(anything)
	w.deliver(requestOf(w, c, b)) // b relays a's changes
	push := w.take(from("b", "c"))[0]
	if m, ok := push.message.(*replication.Push); !ok || len(m.Changes) != 6 {
		t.Fatalf("b answers with %v, want a push of its 6 changes", push)
	}
	w.deliver(push)
	if !c.core.Applied().Equal(b.core.Applied()) {
		t.Errorf("c has %v after the answer, b %v", c.vector(), b.vector())
	}
	c.shows("k0", "x", "y")
}

// TestLogNamesOnlyWhatIsMissing: the answer leaves out what the asker has.
func TestLogNamesOnlyWhatIsMissing(t *testing.T) {
	t.Parallel()
	w, a, b := pair(t)
	a.put("k", "1")
	w.deliver(w.take(of[*replication.Push]())...)
	a.put("k", "2")
	w.drop(anything)
	a.put("k", "3")
	w.deliver(w.take(of[*replication.Push]())...) // a hole at 2
	w.deliver(requestOf(w, b, a))
	push := w.take(of[*replication.Push](from("a", "b")))[0].message.(*replication.Push)
	if len(push.Changes) != 1 || push.Changes[0].Span != w.changes[1].span {
		t.Errorf("the answer to one who lacks only %v holds %d changes, first %v", w.changes[1].span, len(push.Changes), push.Changes[0].Span)
	}
}

// TestSessionUnderLoss: a session over many objects completes although frames are
// lost, repeated and reordered, and counts only at its end.
func TestSessionUnderLoss(t *testing.T) {
	t.Parallel()
	w, a, b := filled(t, 30)
	req := requestOf(w, b, a)
	w.deliver(req, req) // twice
	for round := range 60 {
		a.tick(1)
		frames := w.take(of[*replication.Frames]())
		slices.Reverse(frames)
		for i, f := range frames {
			switch (i + round) % 3 {
			case 0: // lost
			case 1:
				w.deliver(f, f)
			default:
				w.deliver(f)
			}
			if v := b.vector(); !v.IsEmpty() && !v.Covers(a.durable()) {
				t.Fatalf("round %d: vector of b is %v: a part of the session counts", round, v)
			}
		}
		if b.core.Applied().Covers(a.core.Applied()) {
			for i := range 30 {
				b.shows(fmt.Sprintf("k%02d", i+1), "x")
			}
			return
		}
		b.tick(25)
		w.drop(of[*replication.Hello]())
		w.deliver(w.take(of[*replication.Request]())...)
	}
	t.Fatalf("the session did not complete; vector of b %v, held %v", b.vector(), b.held())
}

// TestSessionCut: without its last message a session leaves its frames merged,
// the vector as it was, and the held set grown; also across a restart.
func TestSessionCut(t *testing.T) {
	t.Parallel()
	w, a, b := filled(t, 5)
	frames := serve(w, requestOf(w, b, a))
	if len(frames) != 5 {
		t.Fatalf("session of 5 objects came as messages %v", indexes(frames))
	}
	for _, cut := range []int{0, 4, 2} { // any one is missing
		w, a, b := filled(t, 5)
		frames := serve(w, requestOf(w, b, a))
		w.deliver(slices.Delete(slices.Clone(frames), cut, cut+1)...)
		if !b.core.Applied().IsEmpty() || !b.durable().IsEmpty() {
			t.Errorf("without message %d the vector is %v", cut+1, b.vector())
		}
		if !b.held().Equal(a.vector()) {
			t.Errorf("without message %d the held set is %v, want the sender's %v", cut+1, b.held(), a.vector())
		}
		for i := range 5 {
			if key := fmt.Sprintf("k%02d", i+1); i == cut {
				b.shows(key)
			} else {
				b.shows(key, "x")
			}
		}
		b.boot(true)
		w.drop(anything)
		w.deliver(frames[cut]) // of a session that died with the process
		if b.core.Applied().Covers(a.core.Applied()) {
			t.Errorf("the end of a dead session counted: %v", b.vector())
		}
		w.converge(300)
		if !b.held().IsEmpty() {
			t.Errorf("after a complete session the held set is %v", b.held())
		}
	}
	w.deliver(frames...)
	if !b.core.Applied().Equal(a.core.Applied()) || !b.held().IsEmpty() {
		t.Errorf("after all messages the vector is %v, held %v; want %v and nothing", b.vector(), b.held(), a.vector())
	}
}

// TestSessionWindow: more messages than a window come only as the asker tells
// what has arrived, and what has is not sent again.
func TestSessionWindow(t *testing.T) {
	t.Parallel()
	w, a, b := filled(t, 20)
	var sent []uint64
	w.deliver(requestOf(w, b, a))
	for range 10 {
		frames := w.take(of[*replication.Frames]())
		if len(frames) > 8 {
			t.Errorf("%d messages at once, want at most 8", len(frames))
		}
		sent = append(sent, indexes(frames)...)
		w.deliver(frames...)
		w.drop(of[*replication.Hello]())
		w.deliver(w.take(of[*replication.Request]())...)
		a.tick(1)
		if b.core.Applied().Covers(a.core.Applied()) {
			break
		}
	}
	if want := 20; len(sent) != want || !slices.IsSorted(sent) {
		t.Errorf("a session of %d messages over a good network sent %v", want, sent)
	}
	if !b.core.Applied().Equal(a.core.Applied()) {
		t.Errorf("b has %v, a %v", b.vector(), a.vector())
	}
}

// TestSessionLastFrameAgain: a message that comes after the end of its session
// changes nothing.
func TestSessionLastFrameAgain(t *testing.T) {
	t.Parallel()
	w, a, b := filled(t, 3)
	frames := serve(w, requestOf(w, b, a))
	w.deliver(frames...)
	books, image := fmt.Sprint(b.books()), b.image()
	w.deliver(frames...)
	if got := fmt.Sprint(b.books()); got != books || b.image() != image {
		t.Errorf("frames of a session that is over changed the books from\n%s to\n%s", books, got)
	}
}

// TestSessionGiveUp: a request without any answer is repeated a few times, and
// the asker is then free to ask another.
func TestSessionGiveUp(t *testing.T) {
	t.Parallel()
	w, a, b, c := trio(t, shortLog)
	for i := range 3 {
		a.put(fmt.Sprint("k", i), "x")
	}
	w.deliver(w.take(of[*replication.Push](from("a", "b")))...)
	w.drop(anything)
	c.tick(2)
	w.drop(anything)
	a.tick(101)
	b.tick(101)
	w.deliver(w.take(of[*replication.Hello](from("", "c")))...)
	w.isolate("a")
	asked := map[store.PeerID]int{}
	for range 3000 {
		b.tick(1)
		c.tick(1)
		for _, p := range w.take(of[*replication.Request](from("c", ""))) {
			if asked[p.to]++; p.to == "b" {
				w.deliver(p)
			}
		}
		w.take(from("", "a"))
		w.flush()
		if c.core.Applied().Covers(b.core.Applied()) {
			if asked["a"] < 2 {
				t.Errorf("c asked %v; a, which is silent, should have been asked again before b", asked)
			}
			return
		}
	}
	t.Errorf("c asked %v and has %v; b, which answers, has %v", asked, c.vector(), b.vector())
}
