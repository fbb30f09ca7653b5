package crdttest

import (
	"bytes"
	"slices"

	"pgregory.net/rapid"

	"github.com/dovetail-crdt/dovetail/crdt"
)

// encode returns the frame of s, having checked that it round-trips.
func (w *world[S]) encode(s S) []byte {
	f := w.frame(s)
	if again := w.frame(s); !bytes.Equal(f, again) {
		w.t.Fatalf("Append is not canonical: one state has the bytes\n%x and\n%x", f, again)
	}
	back := w.decode(f)
	if !back.Equal(s) || !s.Equal(back) {
		w.t.Fatalf("decoded state differs from the encoded one, or Decode keeps its input\n%x", f)
	}
	if again := w.frame(back); !bytes.Equal(f, again) {
		w.t.Fatalf("Append is not canonical, or Decode keeps its input: encode of the decoded state is\n%x, want\n%x", again, f)
	}
	return f
}

func (w *world[S]) frame(s S) []byte {
	f, err := crdt.AppendFrame(nil, w.kind, s)
	if err != nil {
		w.t.Fatalf("encode: %v", err)
	}
	return f
}

// decode returns the state of a frame, whose bytes it then overwrites.
func (w *world[S]) decode(f []byte) S {
	in := bytes.Clone(f)
	s, err := crdt.DecodeFrame(w.kind, in)
	if err != nil {
		w.t.Fatalf("decode of an encoded state: %v\n%x", err, f)
	}
	for i := range in {
		in[i] = ^in[i]
	}
	return s
}

// checkApart checks that nothing changed by what was done elsewhere: no delta or
// state that was merged somewhere, at once or later, and no other replica.
func (w *world[S]) checkApart() {
	for _, ps := range [][]*packet[S]{w.deltas, w.states} {
		for _, p := range ps {
			if now := w.encode(p.delta); !bytes.Equal(now, p.bytes) {
				w.t.Fatalf("a delta changed after it was merged: Merge changed or kept its argument\n%x, was\n%x", now, p.bytes)
			}
		}
	}
	for _, n := range w.nodes {
		if now := w.encode(n.state); !bytes.Equal(now, n.bytes) {
			w.t.Fatalf("a state changed with another: Merge or Clone keeps a part of its argument, or Merge changed it\n%x, was\n%x", now, n.bytes)
		}
	}
	w.checkTouch()
}

// checkTouch merges something into a copy of a state, into a delta that was merged
// there, and into what was merged from it, and checks that it stays where it is.
func (w *world[S]) checkTouch() {
	if len(w.deltas) == 0 {
		return
	}
	n := w.node("touched")
	d := rapid.SampledFrom(w.deltas).Draw(w.t, "touch")
	arg := w.decode(rapid.SampledFrom(w.deltas).Draw(w.t, "argument").bytes)
	into := n.state.Clone()
	into.Merge(arg)
	want := w.encode(into)
	arg.Merge(d.delta)
	if !bytes.Equal(w.encode(into), want) {
		w.t.Fatalf("Merge keeps its argument: a change of that changed the state")
	}
	was := w.encode(arg)
	into.Merge(d.delta)
	if !bytes.Equal(w.encode(arg), was) {
		w.t.Fatalf("Merge keeps its argument: a change of the state changed that")
	}
	if !bytes.Equal(w.encode(n.state), n.bytes) {
		w.t.Fatalf("a Clone shares with what it is a copy of")
	}
}

// join returns a ⊔ b.
func join[S crdt.Lattice[S]](a, b S) S {
	c := a.Clone()
	c.Merge(b)
	return c
}

// checkAlgebra checks the lattice laws on the states of the replicas, on states
// that were, and on deltas.
func (w *world[S]) checkAlgebra() {
	all := []S{w.kind.New()}
	for _, n := range w.nodes {
		all = append(all, n.state)
	}
	for _, p := range slices.Concat(w.deltas[:min(3, len(w.deltas))], w.states) {
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
	if join(a, b).Merge(a) {
		w.t.Fatalf("Merge took something back: a is news to the join of a and b")
	}
	if a.Merge(a) {
		w.t.Fatalf("merging a value with itself changed it")
	}
	equal := bytes.Equal(w.encode(a), w.encode(b))
	if a.Equal(b) != equal || b.Equal(a) != equal {
		w.t.Fatalf("Equal reports %t and %t of states whose bytes are\n%x and\n%x", a.Equal(b), b.Equal(a), w.encode(a), w.encode(b))
	}
	if bottom := bytes.Equal(w.encode(a), w.encode(w.kind.New())); a.IsBottom() != bottom {
		w.t.Fatalf("IsBottom reports %t of the bytes %x; a new value has %x", a.IsBottom(), w.encode(a), w.encode(w.kind.New()))
	}
}

func (w *world[S]) pick(all []S) S { return rapid.SampledFrom(all).Draw(w.t, "state") }

// checkConvergence checks that all deltas in any order and grouping, some of them
// twice, some by way of frames, and the join of all replicas' states have equal
// bytes.
func (w *world[S]) checkConvergence() {
	states, lost := w.kind.New(), w.kind.New()
	for _, n := range w.nodes {
		states.Merge(n.state)
	}
	for id, p := range w.deltas { // those that a rollback has left with nobody
		if !slices.ContainsFunc(w.nodes[:], func(n *replica[S]) bool { return n.has[id] }) {
			lost.Merge(p.delta)
		}
	}
	states.Merge(lost)
	want := w.encode(states)
	for range 2 {
		if got := w.encode(w.anyTree()); !bytes.Equal(got, want) {
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
		if got := w.encode(s); !bytes.Equal(n.bytes, got) {
			w.t.Fatalf("replica %d is\n%x, its deltas in order of making come out as\n%x", i, n.bytes, got)
		}
	}
}

// anyTree joins all deltas, some of them twice, two by two in any order.
func (w *world[S]) anyTree() S {
	pile := []S{w.kind.New()}
	for _, p := range w.deltas {
		pile = append(pile, p.delta.Clone())
	}
	if n := rapid.IntRange(0, 3).Draw(w.t, "twice"); len(w.deltas) > 0 {
		for range n {
			pile = append(pile, rapid.SampledFrom(w.deltas).Draw(w.t, "once more").delta.Clone())
		}
	}
	for len(pile) > 1 {
		i := rapid.IntRange(0, len(pile)-1).Draw(w.t, "into")
		x := pile[i]
		pile = slices.Delete(pile, i, i+1)
		j := rapid.IntRange(0, len(pile)-1).Draw(w.t, "of")
		x.Merge(pile[j])
		if rapid.IntRange(0, 3).Draw(w.t, "by frame") == 0 {
			x = w.decode(w.frame(x))
		}
		pile[j] = x
	}
	return pile[0]
}

// checkAgain checks that what is drawn again comes out again.
func checkAgain[S crdt.Lattice[S]](t *rapid.T, k crdt.Kind[S], mutate func(*rapid.T, *crdt.Tx, S)) {
	history := rapid.Custom(func(t *rapid.T) []byte {
		w := newWorld(t, k, mutate)
		var out []byte
		for range rapid.IntRange(1, 6).Draw(t, "steps") {
			n := w.node("replica")
			n.src.draw(t)
			d, err := crdt.Mutate(n.state, n.src, func(tx *crdt.Tx, s S) error { mutate(t, tx, s); return nil })
			if err == nil && any(d) != any(*new(S)) {
				out = append(out, w.frame(d)...)
			}
		}
		return out
	})
	seed := rapid.IntRange(0, 1<<30).Draw(t, "seed")
	if a, b := history.Example(seed), history.Example(seed); !bytes.Equal(a, b) {
		t.Fatalf("the same mutations done twice have other bytes: one of them, or a codec, depends on the order of a map, a clock or chance\n%x\n%x", a, b)
	}
}
