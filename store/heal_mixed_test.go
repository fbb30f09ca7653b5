package store_test

import (
	"slices"
	"testing"

	"github.com/dovetail-crdt/dovetail/store/replication"
)

// TestSessionServerRestarted: a server that has forgotten a session says so, and
// the asker asks anew; nothing of the forgotten session's end counts.
func TestSessionServerRestarted(t *testing.T) {
	t.Parallel()
	w, a, b := filled(t, 12)
	first := serve(w, requestOf(w, b, a))
	if len(first) != 8 {
		t.Fatalf("first window has %d messages", len(first))
	}
	w.deliver(first[:5]...)
	a.boot(true)
	again := request(b, w)
	if m := again.message.(*replication.Request); m.Session != first[0].message.(*replication.Frames).Session || m.Got.IsEmpty() {
		t.Fatalf("repeated request is %+v", m)
	}
	reply := serve(w, again)
	if len(reply) != 1 || reply[0].message.(*replication.Frames).Count != 0 {
		t.Fatalf("a server that has forgotten a session answers %v", reply)
	}
	w.deliver(reply...)
	if !b.core.Applied().IsEmpty() {
		t.Errorf("the end of a forgotten session counted: %v", b.vector())
	}
	w.deliver(first[5:]...) // late, of the forgotten one
	anew := requestOf(w, b, a)
	if m := anew.message.(*replication.Request); m.Session <= first[0].message.(*replication.Frames).Session || !m.Got.IsEmpty() {
		t.Errorf("new request is %+v, want a new number and no frames", m)
	}
	w.deliver(anew)
	w.converge(300)
	b.shows("k12", "x")
}

// mixed brings messages of two sessions that bear one number to b, each of three
// messages about k1, k2, k3 in another order: b must not take them for one. How
// says what makes a begin the session again.
func mixed(t *testing.T, again func(w *world, a, b *node, req parcel)) {
	t.Helper()
	w, a, b := filled(t, 3)
	req := requestOf(w, b, a)
	old := serve(w, req) // k01, k02, k03: all late
	again(w, a, b, req)
	w.drop(anything)
	a.put("k01", "new") // its entry moves to the end
	w.drop(anything)
	repeated := request(b, w)
	now := serve(w, repeated) // k02, k03, k01
	if len(old) != 3 || len(now) != 3 {
		t.Fatalf("sessions of %d and %d messages, want 3 and 3", len(old), len(now))
	}
	w.deliver(old[0])     // k01
	w.deliver(now[1:]...) // k03, k01
	if b.core.Applied().Contains(w.changes[1].span) && !slices.Contains(slices.Collect(view(b, words, "k02").All()), "x") {
		t.Fatalf("b counts k02 as applied, %v, and has not got it", b.vector())
	}
	w.converge(300)
}

// TestSessionMixedByRestart: the server restarts before anything of the session
// has arrived, and begins it again under the asker's number; what it had sent
// before then arrives late.
func TestSessionMixedByRestart(t *testing.T) {
	t.Parallel()
	mixed(t, func(_ *world, a, _ *node, _ parcel) { a.boot(true) })
}

// TestSessionMixedByOldRequest: a late request of an older session makes the
// server forget the one that runs.
func TestSessionMixedByOldRequest(t *testing.T) {
	t.Parallel()
	mixed(t, func(w *world, a, _ *node, req parcel) {
		old := *req.message.(*replication.Request)
		old.Session--
		req.raw = replication.AppendMessage(nil, &old)
		w.deliver(req)
		a.tick(1)
	})
}

// TestSessionOtherCount: messages of two sessions under one number that differ in
// count are seen not to belong together.
func TestSessionOtherCount(t *testing.T) {
	t.Parallel()
	w, a, b := filled(t, 3)
	old := serve(w, requestOf(w, b, a)) // k01, k02, k03: all late
	a.boot(true)
	a.put("k01", "new")
	a.put("k04", "x")
	w.drop(anything)
	now := serve(w, request(b, w)) // k02, k03, k01, k04
	if len(old) != 3 || len(now) != 4 {
		t.Fatalf("sessions of %d and %d messages, want 3 and 4", len(old), len(now))
	}
	w.deliver(old[0])
	w.deliver(now[1:]...)
	if !b.core.Applied().IsEmpty() {
		t.Errorf("vector of b is %v after parts of two sessions", b.vector())
	}
	w.converge(300)
}

// TestSessionAfterSilence: a session that was given up is over, whatever comes of
// it while the next one runs.
func TestSessionAfterSilence(t *testing.T) {
	t.Parallel()
	w, a, b := filled(t, 3)
	req := requestOf(w, b, a)
	old := serve(w, req)
	number := req.message.(*replication.Request).Session
	for range 2000 { // no answer arrives, but signs of life do
		w.pass(1)
		w.deliver(w.take(of[*replication.Hello]())...)
		ps := w.take(of[*replication.Request]())
		w.drop(anything)
		if len(ps) > 0 && ps[0].message.(*replication.Request).Session != number {
			w.deliver(old...)
			if !b.core.Applied().IsEmpty() {
				t.Errorf("messages of session %d counted in session %d: vector %v", number, ps[0].message.(*replication.Request).Session, b.vector())
			}
			w.converge(300)
			return
		}
	}
	t.Fatal("b never asked anew")
}

// TestSessionNumbers: no process of a store uses the number of a session that
// another did, so that what was sent to one is not taken by the other.
func TestSessionNumbers(t *testing.T) {
	t.Parallel()
	w, a, b := filled(t, 3)
	seen := map[uint64]bool{}
	for i := range 4 {
		n := requestOf(w, b, a).message.(*replication.Request).Session
		if seen[n] {
			t.Errorf("process %d asks for session %d, as one before did", i, n)
		}
		seen[n] = true
		b.boot(i%2 == 0)
		w.drop(anything)
	}
}

// TestSessionLateBeginning: messages of an earlier beginning of the session come
// after some of a later one.
func TestSessionLateBeginning(t *testing.T) {
	t.Parallel()
	w, a, b := filled(t, 3)
	old := serve(w, requestOf(w, b, a)) // k01, k02, k03: all late
	a.boot(true)
	w.drop(anything)
	a.put("k01", "new") // its entry moves to the end
	w.drop(anything)
	now := serve(w, request(b, w)) // k02, k03, k01
	if len(old) != 3 || len(now) != 3 {
		t.Fatalf("sessions of %d and %d messages, want 3 and 3", len(old), len(now))
	}
	w.deliver(now[1:]...) // k03, k01
	w.deliver(old[0])     // k01
	if !b.core.Applied().IsEmpty() {
		t.Errorf("b counts a session as complete of which k02 has not come: vector %v", b.vector())
	}
	w.deliver(now[0])
	b.shows("k02", "x")
	if !b.core.Applied().Equal(a.core.Applied()) {
		t.Errorf("after all messages of the later beginning b has %v, a %v", b.vector(), a.vector())
	}
}
