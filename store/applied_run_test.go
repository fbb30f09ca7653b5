package store_test

import (
	"testing"

	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/store"
	"github.com/dovetail-crdt/dovetail/store/replication"
)

// contextOf returns the context of the set under key, as text.
func contextOf(n *node, key string) string { return crdt.ContextOf(view(n, words, key)).String() }

// killedByName brings about the run of invariant I2: a adds x, b gets it. B adds
// x again, which ends a's add; only c gets that. C removes x, which ends b's add;
// a and b get that. It returns b's second add, on its way to a.
func killedByName(t *testing.T, opts ...func(*replication.CoreConfig)) (w *world, a, b, c *node, late parcel) {
	t.Helper()
	w, a, b, c = trio(t, opts...)
	a.put("k", "x")
	w.flush()
	w.run(30) // acknowledged everywhere
	w.drop(anything)
	b.put("k", "x")
	late = w.one(of[*replication.Push](from("b", "a")))
	w.deliver(w.one(of[*replication.Push](from("b", "c"))))
	c.remove("k", "x")
	w.deliver(w.take(of[*replication.Push](from("c", "")))...)
	w.drop(anything)
	return w, a, b, c, late
}

// TestAppliedIsNotCovered is the run that must fail a store whose vector, or
// whose decision to skip a change, takes anything but the names of applied
// changes: a knows that b's add is dead, and not that it ended a's own.
func TestAppliedIsNotCovered(t *testing.T) {
	t.Parallel()
	w, a, b, c, late := killedByName(t)
	a.shows("k", "x")
	b.shows("k")
	c.shows("k")
	if x, y := contextOf(a, "k"), contextOf(b, "k"); x != y {
		t.Errorf("context of k at a is %s, at b %s; this run is about equal ones", x, y)
	}
	if a.vector().Equal(b.vector()) {
		t.Errorf("a and b have the vector %v, although a lacks b's second change", a.vector())
	}
	if a.core.Applied().Contains(late.message.(*replication.Push).Changes[0].Span) {
		t.Errorf("vector of a is %v, with b's second change, which a has not applied", a.vector())
	}
	w.deliver(late)
	for _, n := range w.nodes {
		n.shows("k")
	}
	w.converge(100)
}

// TestAppliedIsNotCoveredHeal is the same run, but b's add never comes as it is: a
// must ask for it, from the log or in a session.
func TestAppliedIsNotCoveredHeal(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		opts []func(*replication.CoreConfig)
	}{
		{"log", nil},
		{"session", []func(*replication.CoreConfig){shortLog}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w, a, b, _, _ := killedByName(t, tt.opts...)
			w.cut = func(from, to store.PeerID) bool { return from == "b" && to == "a" }
			w.run(50)
			if a.core.Applied().Covers(b.core.Applied()) {
				a.shows("k") // it came by c, or a claims what it lacks
			}
			w.converge(400)
			for _, n := range w.nodes {
				n.shows("k")
			}
		})
	}
}

// TestAppliedNeverTakesContext: a heal brings objects that are ahead of its
// snapshot; their contexts do not get into the vector, even if the session ends.
func TestAppliedNeverTakesContext(t *testing.T) {
	t.Parallel()
	w, a, b := pair(t, shortLog)
	w.isolate("a")
	a.put("k1", "x")
	a.put("k2", "y")
	w.drop(anything)
	w.cut = nil
	w.deliver(requestOf(w, b, a)) // takes the snapshot
	first := w.take(of[*replication.Frames](from("a", "b")))
	if len(first) != 2 {
		t.Fatalf("session of two objects has %d messages at once, want 2", len(first))
	}
	a.tick(30)
	w.drop(anything)
	a.put("k2", "z") // beyond the snapshot
	w.drop(anything)
	again := request(b, w)
	w.deliver(again)
	a.tick(1)
	newer := w.take(of[*replication.Frames](from("a", "b")))
	if len(newer) != 2 {
		t.Fatalf("repeated session has %d messages, want 2", len(newer))
	}
	w.deliver(newer...)
	b.shows("k2", "y", "z")
	third := w.changes[2].span
	if b.core.Applied().Contains(third) {
		t.Errorf("b has %v in its vector %v: the snapshot was taken before", third, b.vector())
	}
	if !b.held().Contains(third) {
		t.Errorf("b says that it may hold %v, but the session brought %v too", b.held(), third)
	}
	w.converge(300)
}
