package store_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/dovetail-crdt/dovetail/store"
	"github.com/dovetail-crdt/dovetail/store/replication"
)

// TestHiddenByNewer is rule R2: the index has one entry a key a replica, so an
// entry that the peer has can stand for an older event that it lacks. B has a's
// third change, on k2, and lacks the second, on k2 as well.
func TestHiddenByNewer(t *testing.T) {
	t.Parallel()
	w, a, b := pair(t, shortLog)
	a.put("k1", "1")
	w.deliver(w.take(of[*replication.Push]())...)
	a.put("k2", "2")
	w.drop(anything)
	a.put("k2", "3")
	w.deliver(w.take(of[*replication.Push]())...)
	a.put("k3", "4")
	w.drop(anything)
	b.shows("k2", "3")
	w.deliver(serve(w, requestOf(w, b, a))...)
	if !b.core.Applied().Equal(a.core.Applied()) {
		t.Fatalf("after the session b has %v, a %v", b.vector(), a.vector())
	}
	b.shows("k2", "2", "3")
	b.shows("k3", "4")
}

// TestSkipsOlder: a session leaves out the objects on which nothing happened
// since the lowest event that the peer lacks.
func TestSkipsOlder(t *testing.T) {
	t.Parallel()
	w, a, b := pair(t, shortLog)
	a.put("old1", "x")
	a.put("old2", "x")
	w.deliver(w.take(of[*replication.Push]())...)
	a.put("new1", "x")
	a.put("new2", "x")
	w.drop(anything)
	var keys []string
	for _, f := range serve(w, requestOf(w, b, a)) {
		for _, it := range f.message.(*replication.Frames).Items {
			keys = append(keys, it.Key)
		}
	}
	if !slices.Equal(keys, []string{"new1", "new2"}) {
		t.Errorf("the session holds objects %q, want only those with something new", keys)
	}
}

// TestRemovesAreIndexed is rule R4: an event that only ends others needs an
// entry too.
func TestRemovesAreIndexed(t *testing.T) {
	t.Parallel()
	w, a, b := pair(t, shortLog)
	a.put("k", "x")
	w.deliver(w.take(of[*replication.Push]())...)
	a.remove("k", "x")
	a.put("other", "y")
	w.drop(anything)
	b.shows("k", "x")
	w.deliver(serve(w, requestOf(w, b, a))...)
	b.shows("k")
	if !b.core.Applied().Equal(a.core.Applied()) {
		t.Errorf("after the session b has %v, a %v", b.vector(), a.vector())
	}
}

// TestEntryMoves is rule R3: an object that changes while a session runs, so that
// its entry moves up, is still sent.
func TestEntryMoves(t *testing.T) {
	t.Parallel()
	w, a, b := filled(t, 12)
	first := serve(w, requestOf(w, b, a))
	if len(first) != 8 {
		t.Fatalf("first window has %d messages", len(first))
	}
	a.put("k10", "moved") // not sent yet
	a.put("k01", "moved") // sent
	w.drop(anything)
	w.deliver(first...)
	w.deliver(w.one(of[*replication.Request]()))
	a.tick(1)
	w.drop(of[*replication.Hello]())
	w.deliver(w.take(of[*replication.Frames]())...)
	b.shows("k10", "moved", "x")
	b.shows("k01", "x")
	if v := b.vector(); !v.Equal(spans(span(a.core.Replica(), 1, 12))) {
		t.Errorf("after a session that began at 12 events b's vector is %v", v)
	}
	w.converge(300)
	b.shows("k01", "moved", "x")
}

// TestHeldIsServed is rule R9: b got a part of a's objects in a session that was
// cut, and a is gone for ever. A session of b brings c what b holds, although
// b's vector does not vouch for it.
func TestHeldIsServed(t *testing.T) {
	t.Parallel()
	w, a, b, c := trio(t, shortLog)
	for _, k := range []string{"k1", "k2", "k3"} {
		a.put(k, "x")
	}
	w.drop(anything)
	w.deliver(serve(w, requestOf(w, b, a))[:2]...)
	b.put("m1", "y")
	b.put("m2", "y")
	w.drop(anything)
	b.boot(true) // what is held is durable
	w.drop(anything)
	w.deliver(serve(w, requestOf(w, c, b))...)
	c.shows("m1", "y")
	c.shows("k1", "x")
	c.shows("k2", "x")
	if c.core.Applied().Max(a.core.Replica()) > 0 {
		t.Errorf("vector of c is %v: b cannot vouch for a's events", c.vector())
	}
	if !c.held().Covers(b.held()) {
		t.Errorf("c got what b holds, %v, and says that it may hold %v", b.held(), c.held())
	}
}

// TestHeldOriginGone is rule R9 to its end: b holds objects of a, which is gone;
// nothing that b's vector says makes c ask. B and c must still come to be equal.
func TestHeldOriginGone(t *testing.T) {
	t.Parallel()
	w, a, b, c := trio(t, func(c *replication.CoreConfig) { c.SessionKeys = 1 })
	ev, err := a.core.Issue("burned", 1) // a number that a's log cannot answer for
	if err != nil {
		t.Fatalf("Issue: %v", err)
	}
	a.core.Burn(ev, 1)
	a.put("k1", "x")
	a.put("k2", "x")
	w.drop(anything)
	w.deliver(serve(w, requestOf(w, b, a))[:1]...)
	b.shows("k1", "x")
	w.nodes = []*node{b, c} // a is gone
	w.cut = nil
	w.drop(anything)
	b.put("m", "y")
	w.isolate("a")
	for range 1000 {
		w.run(1)
	}
	if apart := w.apart(); apart != "" {
		t.Errorf("1000 ticks after the origin of what b holds was lost, b and c differ: %s", apart)
	}
}

// TestLostRecordEndsSession: an object that the index names and that cannot be
// read is reported, and the session does not end as if it had been sent.
func TestLostRecordEndsSession(t *testing.T) {
	t.Parallel()
	w, a, b := filled(t, 3)
	sound := a.load
	broken := errors.New("bad sector")
	a.load = func(key string) ([][]byte, error) {
		if key == "k02" {
			return nil, broken
		}
		return sound(key)
	}
	a.boot(true)
	w.drop(anything)
	w.deliver(serve(w, requestOf(w, b, a))...)
	w.run(200)
	if b.core.Applied().Covers(spans(w.changes[1].span)) {
		t.Errorf("b has %v, with a change that could not be read", b.vector())
	}
	var ke *store.KeyError
	if len(a.errs) == 0 || !errors.Is(a.errs[0], broken) || !errors.As(a.errs[0], &ke) || ke.Key != "k02" {
		t.Errorf("a reports %v, want a KeyError of k02 with %v", a.errs, broken)
	}
	a.load = sound
	a.boot(true)
	w.converge(2000)
}

// TestBrokenPeerDoesNotStarve: a peer that cannot complete its sessions must not
// keep its asker from asking another, who can.
func TestBrokenPeerDoesNotStarve(t *testing.T) {
	t.Parallel()
	w, a, b, c := trio(t, shortLog)
	a.load = func(string) ([][]byte, error) { return nil, errors.New("bad sector") }
	a.boot(true)
	w.drop(anything)
	a.put("k1", "x")
	w.deliver(w.take(of[*replication.Push](from("a", "b")))...)
	a.put("k2", "x")
	w.deliver(w.take(of[*replication.Push](from("a", "b")))...)
	w.drop(anything)
	for range 4000 {
		w.run(1)
		if c.core.Applied().Covers(b.core.Applied()) {
			return
		}
	}
	t.Errorf("after 4000 ticks c has %v; b, which can serve %v, was not asked while a fails", c.vector(), b.vector())
}
