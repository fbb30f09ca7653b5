package crdttest

import (
	"bytes"

	"pgregory.net/rapid"

	"github.com/dovetail-crdt/dovetail/crdt"
)

// encode returns the frame of s, having checked that it round-trips.
func (w *world[S]) encode(s S) []byte {
	f, err := crdt.AppendFrame(nil, w.kind, s)
	if err != nil {
		w.t.Fatalf("encode: %v", err)
	}
	back, err := crdt.DecodeFrame(w.kind, f)
	if err != nil {
		w.t.Fatalf("decode of an encoded state: %v\n%x", err, f)
	}
	if !back.Equal(s) || !s.Equal(back) {
		w.t.Fatalf("decoded state differs from the encoded one\n%x", f)
	}
	again, err := crdt.AppendFrame(nil, w.kind, back)
	if err != nil || !bytes.Equal(f, again) {
		w.t.Fatalf("encode of the decoded state: %v\n%x, want\n%x", err, again, f)
	}
	return f
}

// checkArguments checks that no delta was changed, at once or later, by being
// merged somewhere.
func (w *world[S]) checkArguments() {
	for i, p := range w.deltas {
		if now := w.encode(p.delta); !bytes.Equal(now, p.bytes) {
			w.t.Fatalf("delta %d changed after it was merged: a Merge changed or kept its argument\n%x, was\n%x", i, now, p.bytes)
		}
	}
}

// join returns a ⊔ b.
func join[S crdt.Lattice[S]](a, b S) S {
	c := a.Clone()
	c.Merge(b)
	return c
}

// checkAlgebra checks the lattice laws on the states of the replicas and on
// deltas.
func (w *world[S]) checkAlgebra() {
	all := []S{w.kind.New()}
	for _, n := range w.nodes {
		all = append(all, n.state)
	}
	for _, p := range w.deltas[:min(2, len(w.deltas))] {
		all = append(all, p.delta)
	}
	a, b, c := w.pick(all), w.pick(all), w.pick(all)
	same := func(law string, x, y S) {
		if !bytes.Equal(w.encode(x), w.encode(y)) || !x.Equal(y) {
			w.t.Fatalf("Merge is not %s:\n%x\n%x", law, w.encode(x), w.encode(y))
		}
	}
	same("idempotent", join(a, a), a)
	same("idempotent", join(join(a, b), b), join(a, b))
	same("commutative", join(a, b), join(b, a))
	same("associative", join(join(a, b), c), join(a, join(b, c)))
	same("neutral to bottom", join(a, w.kind.New()), a)
	same("neutral to bottom", join(w.kind.New(), a), a)
	if !w.kind.New().IsBottom() {
		w.t.Fatalf("a new value is not bottom")
	}
	if a.Merge(a) {
		w.t.Fatalf("merging a value with itself changed it")
	}
}

func (w *world[S]) pick(all []S) S { return rapid.SampledFrom(all).Draw(w.t, "state") }

// checkConvergence checks that all deltas in two orders, with one doubled, and
// the join of all replicas' states have equal bytes.
func (w *world[S]) checkConvergence() {
	states := w.kind.New()
	for _, n := range w.nodes {
		states.Merge(n.state)
	}
	want := w.encode(states)
	for range 2 {
		s := w.kind.New()
		for _, p := range rapid.Permutation(w.deltas).Draw(w.t, "order") {
			s.Merge(p.delta)
		}
		if got := w.encode(s); !bytes.Equal(got, want) {
			w.t.Fatalf("all deltas come out as\n%x, all states as\n%x", got, want)
		}
	}
	for i, n := range w.nodes {
		s := w.kind.New()
		for id, p := range w.deltas {
			if n.has[id] {
				s.Merge(p.delta)
			}
		}
		if got, want := w.encode(n.state), w.encode(s); !bytes.Equal(got, want) {
			w.t.Fatalf("replica %d is\n%x, its deltas in order of making come out as\n%x", i, got, want)
		}
	}
}

// checkDamage decodes damaged frames and damaged contents.
func (w *world[S]) checkDamage() {
	s := w.nodes[0].state
	frame := w.encode(s)
	bad := damage(w.t, frame)
	if v, err := crdt.DecodeFrame(w.kind, bad); err == nil && !bytes.Equal(w.encode(v), bad) {
		w.t.Fatalf("decoder accepted\n%x, which encodes as\n%x", bad, w.encode(v))
	}
	if !bytes.Equal(bad, frame) {
		if _, err := crdt.DecodeFrame(w.kind, bad); err == nil {
			w.t.Fatalf("a damaged frame was accepted\n%x, from\n%x", bad, frame)
		}
	}
	content, err := w.kind.Append(nil, s)
	if err != nil {
		w.t.Fatalf("Append: %v", err)
	}
	bad = damage(w.t, content)
	v, err := w.kind.Decode(bad)
	if err != nil {
		return
	}
	again, err := w.kind.Append(nil, v)
	if err != nil || !bytes.Equal(again, bad) {
		w.t.Fatalf("Decode accepted\n%x, which encodes as\n%x (%v)", bad, again, err)
	}
	v.Merge(s) // what was accepted can be used
	s.Clone().Merge(v)
}

// damage returns b with a few bytes changed, cut or added.
func damage(t *rapid.T, b []byte) []byte {
	b = bytes.Clone(b)
	for range rapid.IntRange(1, 3).Draw(t, "faults") {
		at := rapid.IntRange(0, len(b)).Draw(t, "at")
		switch rapid.IntRange(0, 3).Draw(t, "fault") {
		case 0:
			b = b[:at]
		case 1:
			b = append(b, rapid.Byte().Draw(t, "byte"))
		default:
			if at < len(b) {
				b[at] = rapid.Byte().Draw(t, "byte")
			}
		}
	}
	return b
}
