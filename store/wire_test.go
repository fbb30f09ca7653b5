package store_test

import (
	"context"
	"slices"

	"github.com/dovetail-crdt/dovetail/store"
	"github.com/dovetail-crdt/dovetail/store/replication"
)

func (w *world) ctx() context.Context { return context.Background() }

// from matches the messages from one store to another; "" is any.
func from(src, dst store.PeerID) func(parcel) bool {
	return func(p parcel) bool { return (src == "" || p.from == src) && (dst == "" || p.to == dst) }
}

// of matches the messages of one type.
func of[M replication.Message](more ...func(parcel) bool) func(parcel) bool {
	return func(p parcel) bool {
		if _, ok := p.message.(M); !ok {
			return false
		}
		return !slices.ContainsFunc(more, func(f func(parcel) bool) bool { return !f(p) })
	}
}

func anything(parcel) bool { return true }

// take removes the matching messages from the wire and returns them in the order
// in which they were sent.
func (w *world) take(match func(parcel) bool) (out []parcel) {
	var rest []parcel
	for _, p := range w.wire {
		if match(p) {
			out = append(out, p)
		} else {
			rest = append(rest, p)
		}
	}
	w.wire = rest
	return out
}

// one takes the only matching message.
func (w *world) one(match func(parcel) bool) parcel {
	w.t.Helper()
	ps := w.take(match)
	if len(ps) != 1 {
		w.t.Fatalf("%d messages %v on the wire, want one; others: %v", len(ps), ps, w.wire)
	}
	return ps[0]
}

// drop loses the matching messages.
func (w *world) drop(match func(parcel) bool) { w.take(match) }

// deliver gives messages to their receivers.
func (w *world) deliver(ps ...parcel) {
	w.t.Helper()
	for _, p := range ps {
		w.node(p.to).step(p)
	}
}

func (w *world) node(id store.PeerID) *node {
	w.t.Helper()
	for _, n := range w.nodes {
		if n.id == id {
			return n
		}
	}
	w.t.Fatalf("no store %q", id)
	return nil
}

// flush delivers what is on the wire, and what comes of it, in order; what is cut
// is lost.
func (w *world) flush() {
	w.t.Helper()
	for len(w.wire) > 0 {
		p := w.wire[0]
		w.wire = w.wire[1:]
		if w.cut == nil || !w.cut(p.from, p.to) {
			w.deliver(p)
		}
	}
}

// run lets k ticks pass over a good network.
func (w *world) run(k int) {
	w.t.Helper()
	for range k {
		for _, n := range w.nodes {
			n.tick(1)
		}
		w.flush()
	}
}

// pass lets k ticks pass and leaves the messages on the wire.
func (w *world) pass(k int) {
	w.t.Helper()
	for range k {
		for _, n := range w.nodes {
			n.tick(1)
		}
	}
}

// isolate cuts these stores from all others.
func (w *world) isolate(ids ...store.PeerID) {
	w.cut = func(from, to store.PeerID) bool { return slices.Contains(ids, from) != slices.Contains(ids, to) }
}
