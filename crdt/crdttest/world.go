package crdttest

import (
	"bytes"
	"maps"
	"slices"

	"pgregory.net/rapid"

	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/internal/textbook"
)

const replicas = 3

// world is one history: replicas, every delta that was made, and whole states as
// they once were, which may still arrive.
type world[S crdt.Lattice[S]] struct {
	t      *rapid.T
	kind   crdt.Kind[S]
	mutate func(*rapid.T, *crdt.Tx, S)
	nodes  [replicas]*replica[S]
	tries  int // transactions, whatever came of them
	deltas []*packet[S]
	states []*packet[S]
}

type replica[S crdt.Lattice[S]] struct {
	state S
	bytes []byte           // of the state
	twin  *textbook.Object // nil for a lattice without a context
	src   *source
	has   map[int]bool // deltas merged
	saved *packet[S]   // what a rollback returns to
}

// packet is a delta or a state in flight, held by reference and by its bytes when
// it was made: if a merge changed or kept it, the two come apart.
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
		n.twin, n.bytes = w.twinOf(n.state), w.encode(n.state)
		n.saved = w.image(n)
		w.nodes[i] = n
	}
	return w
}

// step does one thing that can happen.
func (w *world[S]) step() {
	n := w.node("replica")
	switch what := rapid.IntRange(0, 13).Draw(w.t, "what"); {
	case what <= 3 || len(w.deltas) == 0:
		w.transaction(n)
	case what <= 7: // any delta, any number of times, in any order
		w.deliver(n, rapid.SampledFrom(w.deltas).Draw(w.t, "delta"))
	case what == 8:
		w.group(n)
	case what == 9:
		w.whole(n, w.node("from"))
	case what == 10:
		w.states = append(w.states, w.image(n))
	case what == 11:
		if len(w.states) > 0 {
			w.deliver(n, rapid.SampledFrom(w.states).Draw(w.t, "state"))
		}
	case what == 12:
		n.state = w.decode(n.bytes) // as a restart does
	default:
		w.rollback(n)
	}
}

func (w *world[S]) node(label string) *replica[S] {
	return w.nodes[rapid.IntRange(0, replicas-1).Draw(w.t, label)]
}

// deliver merges p into n, as it is or as its bytes come out.
func (w *world[S]) deliver(n *replica[S], p *packet[S]) {
	d := p.delta
	if rapid.IntRange(0, 3).Draw(w.t, "by frame") == 0 {
		d = w.decode(p.bytes)
	}
	w.merge(n, d, p.twin)
	for _, id := range p.ids {
		n.has[id] = true
	}
}

// group joins two deltas into a third and delivers that.
func (w *world[S]) group(n *replica[S]) {
	p := rapid.SampledFrom(w.deltas).Draw(w.t, "first")
	q := rapid.SampledFrom(w.deltas).Draw(w.t, "second")
	g := &packet[S]{delta: p.delta.Clone(), ids: slices.Concat(p.ids, q.ids)}
	g.delta.Merge(q.delta)
	if p.twin != nil {
		g.twin = textbook.Join(p.twin, q.twin)
	}
	g.bytes = w.encode(g.delta)
	w.deliver(n, g)
	if !bytes.Equal(w.encode(g.delta), g.bytes) {
		w.t.Fatalf("Merge changed its argument")
	}
}

// whole merges the whole state of m into n.
func (w *world[S]) whole(n, m *replica[S]) {
	w.merge(n, m.state, m.twin)
	maps.Copy(n.has, m.has)
}

// image returns the state of n as it is now.
func (w *world[S]) image(n *replica[S]) *packet[S] {
	ids := slices.Sorted(maps.Keys(n.has))
	return &packet[S]{delta: n.state.Clone(), bytes: n.bytes, twin: n.twin, ids: ids}
}

// rollback puts the record of n back to what it was at some time, and leaves n in
// doubt about its events; or saves it for that. Only the replicas of a lattice
// with a context know what to do about it.
func (w *world[S]) rollback(n *replica[S]) {
	if rapid.Bool().Draw(w.t, "save") || n.twin == nil {
		n.saved = w.image(n)
		return
	}
	p := n.saved
	n.state, n.bytes, n.twin, n.has = p.delta.Clone(), p.bytes, p.twin, map[int]bool{}
	for _, id := range p.ids {
		n.has[id] = true
	}
	n.src.doubt = n.src.last
}

// merge merges d into n and checks what Merge says.
func (w *world[S]) merge(n *replica[S], d S, twin *textbook.Object) {
	was, before := n.bytes, n.state.Clone()
	changed := n.state.Merge(d)
	n.bytes = w.encode(n.state)
	if changed == bytes.Equal(was, n.bytes) {
		w.t.Fatalf("Merge reported changed=%t; bytes before %x, after %x", changed, was, n.bytes)
	}
	if !bytes.Equal(w.encode(before), was) {
		w.t.Fatalf("a Clone shares with what it is a copy of: Merge into that changed it")
	}
	if n.state.Clone().Merge(before) {
		w.t.Fatalf("Merge took something back: what was before it is news after it\n%x, after %x", was, n.bytes)
	}
	if n.twin != nil {
		n.twin = textbook.Join(n.twin, twin)
		w.checkTwin(n)
	}
	if n.state.Merge(d) {
		w.t.Fatalf("Merge is not idempotent: the same once more changed the state")
	}
}
