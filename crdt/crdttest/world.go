package crdttest

import (
	"bytes"
	"errors"

	"pgregory.net/rapid"

	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/internal/textbook"
)

const replicas = 3

// world is one history: replicas, and every delta that was made.
type world[S crdt.Lattice[S]] struct {
	t      *rapid.T
	kind   crdt.Kind[S]
	mutate func(*rapid.T, *crdt.Tx, S)
	nodes  [replicas]*replica[S]
	deltas []*packet[S]
}

type replica[S crdt.Lattice[S]] struct {
	state S
	twin  *textbook.Object // nil for a lattice without a context
	src   *source
	has   map[int]bool // deltas merged
}

// packet is a delta in flight, held by reference and by its bytes when it was
// made: if a merge changed or kept it, the two come apart.
type packet[S crdt.Lattice[S]] struct {
	delta S
	bytes []byte
	twin  *textbook.Object
	ids   []int
}

func newWorld[S crdt.Lattice[S]](t *rapid.T, k crdt.Kind[S], mutate func(*rapid.T, *crdt.Tx, S)) *world[S] {
	w := &world[S]{t: t, kind: k, mutate: mutate}
	for i := range w.nodes {
		n := &replica[S]{state: k.New(), src: newSource(t, i), has: map[int]bool{}}
		n.twin = w.twinOf(n.state)
		w.nodes[i] = n
	}
	return w
}

// step does one thing that can happen.
func (w *world[S]) step() {
	n := w.nodes[rapid.IntRange(0, replicas-1).Draw(w.t, "replica")]
	switch what := rapid.IntRange(0, 9).Draw(w.t, "what"); {
	case what <= 3 || len(w.deltas) == 0:
		w.transaction(n)
	case what <= 7: // any delta, any number of times, in any order
		w.deliver(n, rapid.SampledFrom(w.deltas).Draw(w.t, "delta"))
	case what == 8:
		w.group(n)
	default:
		w.whole(n, w.nodes[rapid.IntRange(0, replicas-1).Draw(w.t, "from")])
	}
}

var errDrawn = errors.New("drawn failure")

// transaction mutates the state of n and checks what comes of it.
func (w *world[S]) transaction(n *replica[S]) {
	before := n.state.Clone()
	was, issued := w.encode(n.state), n.src.issued
	n.src.draw(w.t)
	fail := rapid.IntRange(0, 9).Draw(w.t, "fails") == 0
	delta, err := crdt.Mutate(n.state, n.src, func(tx *crdt.Tx, s S) error {
		w.mutate(w.t, tx, s)
		if fail {
			return errDrawn
		}
		return nil
	})
	if err != nil {
		if fail && !errors.Is(err, errDrawn) {
			w.t.Fatalf("Mutate returned %v, want the function's own error", err)
		}
		if !bytes.Equal(w.encode(n.state), was) || n.src.issued != issued {
			w.t.Fatalf("a transaction that failed with %v changed the state or issued events", err)
		}
		return
	}
	if any(delta) == any(*new(S)) || delta.IsBottom() {
		if !bytes.Equal(w.encode(n.state), was) || n.src.issued != issued {
			w.t.Fatalf("a transaction without a delta changed the state or issued events")
		}
		return
	}
	w.checkDelta(n, before, delta)
	p := &packet[S]{delta: delta, bytes: w.encode(delta), twin: w.twinOf(delta), ids: []int{len(w.deltas)}}
	n.has[len(w.deltas)] = true
	w.deltas = append(w.deltas, p)
}

// checkDelta checks before ⊔ delta = after, and that no part can be left out.
func (w *world[S]) checkDelta(n *replica[S], before, delta S) {
	if !before.Merge(delta) {
		w.t.Fatalf("merging the delta of a transaction into the state before changed nothing")
	}
	if after := w.encode(n.state); !bytes.Equal(w.encode(before), after) || !before.Equal(n.state) {
		w.t.Fatalf("state before merged with the delta is\n%x, state after is\n%x", w.encode(before), after)
	}
	if n.twin == nil {
		return
	}
	whole := w.twinOf(delta)
	after := textbook.Join(n.twin, whole)
	whole.Parts(func(part string, rest *textbook.Object) {
		if textbook.Join(n.twin, rest).Equal(after) {
			w.t.Fatalf("the delta is not minimal: its %s can be left out", part)
		}
	})
	n.twin = after
	w.checkTwin(n)
}

// deliver merges p into n.
func (w *world[S]) deliver(n *replica[S], p *packet[S]) {
	w.merge(n, p.delta, p.twin)
	for _, id := range p.ids {
		n.has[id] = true
	}
}

// group joins two deltas into a third and delivers that.
func (w *world[S]) group(n *replica[S]) {
	p := rapid.SampledFrom(w.deltas).Draw(w.t, "first")
	q := rapid.SampledFrom(w.deltas).Draw(w.t, "second")
	g := &packet[S]{delta: p.delta.Clone(), ids: append(append([]int(nil), p.ids...), q.ids...)}
	g.delta.Merge(q.delta)
	if p.twin != nil {
		g.twin = textbook.Join(p.twin, q.twin)
	}
	g.bytes = w.encode(g.delta)
	w.deliver(n, g)
}

// whole merges the whole state of m into n.
func (w *world[S]) whole(n, m *replica[S]) {
	was := w.encode(m.state)
	w.merge(n, m.state, m.twin)
	if n != m && !bytes.Equal(w.encode(m.state), was) {
		w.t.Fatalf("Merge changed its argument")
	}
	for id := range m.has {
		n.has[id] = true
	}
}

func (w *world[S]) merge(n *replica[S], d S, twin *textbook.Object) {
	was := w.encode(n.state)
	changed := n.state.Merge(d)
	if now := w.encode(n.state); changed == bytes.Equal(was, now) {
		w.t.Fatalf("Merge reported changed=%t; bytes before %x, after %x", changed, was, now)
	}
	if n.twin != nil {
		n.twin = textbook.Join(n.twin, twin)
		w.checkTwin(n)
	}
	if n.state.Merge(d) {
		w.t.Fatalf("merging the same once more changed the state")
	}
}
