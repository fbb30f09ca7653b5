package store_test

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt/untyped"
	"github.com/dovetail-crdt/dovetail/store/replication"
)

// has reports whether the engine's object contains what frame brings: merging it
// changes nothing.
func (n *node) has(key string, frame []byte) bool {
	rec, err := n.engine.Load(n.w.ctx(), key)
	return err == nil && contains(rec.Frames, frame)
}

// contains reports whether the object of these frames contains what frame brings.
func contains(frames [][]byte, frame []byte) bool {
	d, err := untyped.DecodeObject(frame)
	for _, f := range frames {
		if bytes.Equal(f, frame) {
			return true
		}
		o, oerr := untyped.DecodeObject(f)
		if err != nil || oerr != nil || o.Kind() != d.Kind() {
			continue
		}
		if changed, err := o.Merge(d); err == nil && !changed {
			return true
		}
	}
	return false
}

// checkApplied checks I2: what the vector covers is in the objects.
func (n *node) checkApplied() {
	w := n.w
	w.t.Helper()
	if n.holds == nil {
		n.holds = make(map[int]bool)
	}
	for i, ch := range w.changes {
		if n.holds[i] || !n.core.Applied().Contains(ch.span) {
			continue
		}
		if !n.has(ch.key, ch.frame) {
			w.t.Fatalf("%s: vector %v covers %v on %q, whose effect is not in the object", n.id, n.core.Applied(), ch.span, ch.key)
		}
		n.holds[i] = true
	}
}

// checkDurable checks I10: what a message says of its sender is durable there.
func (n *node) checkDurable(e replication.Envelope) {
	w := n.w
	w.t.Helper()
	durable := n.durable()
	says := func(what string, v *replication.Applied) {
		w.t.Helper()
		if v != nil && !durable.Covers(v) {
			w.t.Fatalf("%s: %s of %T to %s is %v, but durable is only %v", n.id, what, e.Message, e.To, v, durable)
		}
	}
	switch m := e.Message.(type) {
	case *replication.Push:
		says("vector", m.Have)
		for _, ch := range m.Changes {
			says("change", spans(ch.Span))
			if !n.has(ch.Key, ch.Frame) {
				w.t.Fatalf("%s: pushes %v on %q to %s, whose effect is not durable here", n.id, ch.Span, ch.Key, e.To)
			}
		}
	case *replication.Hello:
		says("vector", m.Have)
	case *replication.Request:
		says("base", m.Base)
	case *replication.Frames:
		says("snapshot", m.Snapshot)
		for _, ch := range w.changes {
			if !m.Snapshot.Contains(ch.span) {
				continue
			}
			for _, it := range m.Items {
				if it.Key == ch.key && len(it.Frames) > 0 && !contains(it.Frames, ch.frame) {
					w.t.Fatalf("%s: snapshot %v covers %v, whose effect is not in its frames of %q", n.id, m.Snapshot, ch.span, it.Key)
				}
			}
		}
	}
}

// durable returns the vector in the store's books.
func (n *node) durable() *replication.Applied { return n.book("applied") }

// held returns what the books say that the store may hold beyond its vector.
func (n *node) held() *replication.Applied { return n.book("held") }

func (n *node) book(key string) *replication.Applied {
	w := n.w
	w.t.Helper()
	a := &replication.Applied{}
	for _, b := range n.books() {
		if b.Key != key {
			continue
		}
		var c clock.Context
		if err := c.UnmarshalBinary(b.Value); err != nil {
			w.t.Fatalf("%s: book %q: %v", n.id, key, err)
		}
		for id, in := range c.Intervals() {
			a.Add(replication.Span{Replica: id, First: in.Lo, Last: in.Hi})
		}
	}
	return a
}

// image returns all objects of the store, as text.
func (n *node) image() string {
	n.w.t.Helper()
	var b strings.Builder
	for rec, err := range n.engine.Scan(n.w.ctx(), "", "") {
		if err != nil {
			n.w.t.Fatalf("%s: Scan: %v", n.id, err)
		}
		fmt.Fprintf(&b, "%q: %x\n", rec.Key, rec.Frames)
	}
	return b.String()
}

// apart returns how the stores differ, or "".
func (w *world) apart() string {
	a := w.nodes[0]
	for _, n := range w.nodes[1:] {
		if !a.core.Applied().Equal(n.core.Applied()) {
			return fmt.Sprintf("vector of %s is %v, of %s %v", a.id, a.core.Applied(), n.id, n.core.Applied())
		}
		if x, y := a.image(), n.image(); x != y {
			return fmt.Sprintf("vectors are equal; objects of %s are\n%sof %s\n%s", a.id, x, n.id, y)
		}
	}
	return ""
}

// converge lets time pass over a good network until all stores are equal; it
// fails if they are not after some ticks.
func (w *world) converge(ticks int) {
	w.t.Helper()
	w.cut = nil
	w.flush()
	for range ticks {
		w.run(1)
		if w.nodes[0].core.Applied().Equal(w.nodes[len(w.nodes)-1].core.Applied()) && w.apart() == "" {
			return
		}
	}
	w.t.Fatalf("stores differ %d ticks after the last fault: %s", ticks, w.apart())
}
