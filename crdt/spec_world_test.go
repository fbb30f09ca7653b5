package crdt_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"pgregory.net/rapid"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/crdttest/spec"
)

// specWorld is three replicas of an object over a network that loses, duplicates
// and reorders deltas, each beside the view that says what it must show.
type specWorld[S crdt.Lattice[S]] struct {
	t      *rapid.T
	kind   crdt.Kind[S]
	change func(t *rapid.T, tx *crdt.Tx, s S, id int) []spec.Op
	shown  func(S) map[string]string
	nodes  []*specNode[S]
	sent   []specPacket[S]
	from   map[int]int // operation to packet
	story  []string    // for a failure
	h      spec.History
}

type specNode[S crdt.Lattice[S]] struct {
	doc  S
	w    *recorder
	view *spec.View
	log  []int // packets in the order in which they were made or applied here
}

// specPacket is the outcome of one transaction.
type specPacket[S crdt.Lattice[S]] struct {
	by    int
	delta S
	ops   []int
	event clock.Interval // its numbers; empty if it had none
}

// recorder remembers the last events issued.
type recorder struct {
	crdt.Source
	last clock.Interval
}

func (r *recorder) Issue(n int) (clock.Event, error) {
	ev, err := r.Source.Issue(n)
	r.last = clock.Interval{Lo: ev.Dot.Seq, Hi: ev.Dot.Seq + uint64(n) - 1}
	return ev, err
}

func newSpecWorld[S crdt.Lattice[S]](t *rapid.T, k crdt.Kind[S], change func(*rapid.T, *crdt.Tx, S, int) []spec.Op, shown func(S) map[string]string) *specWorld[S] {
	w := &specWorld[S]{t: t, kind: k, change: change, shown: shown, from: map[int]int{}}
	for i := range 3 {
		w.nodes = append(w.nodes, &specNode[S]{k.New(), &recorder{Source: writer(clock.ReplicaID(i + 1))}, w.h.View(), nil})
	}
	return w
}

func (w *specWorld[S]) tell(format string, args ...any) {
	w.story = append(w.story, fmt.Sprintf(format, args...))
}

// step does one thing that can happen and checks the replica it happened to.
func (w *specWorld[S]) step() {
	i := rapid.IntRange(0, len(w.nodes)-1).Draw(w.t, "replica")
	switch what := rapid.IntRange(0, 9).Draw(w.t, "what"); {
	case what <= 3 || len(w.sent) == 0:
		w.mutate(i, func(tx *crdt.Tx, d S) (ops []spec.Op) {
			for range rapid.IntRange(1, 3).Draw(w.t, "ops") {
				ops = append(ops, w.change(w.t, tx, d, i)...)
			}
			return ops
		})
	case what <= 8:
		p := rapid.IntRange(0, len(w.sent)-1).Draw(w.t, "delta")
		w.nodes[i].doc.Merge(w.sent[p].delta)
		w.see(i, p)
	default:
		w.pull(i, rapid.IntRange(0, len(w.nodes)-1).Draw(w.t, "from"))
	}
	w.check(i)
}

// pull merges the whole state of replica j into i.
func (w *specWorld[S]) pull(i, j int) {
	w.nodes[i].doc.Merge(w.nodes[j].doc)
	w.see(i, w.nodes[j].log...)
}

// mutate runs a transaction at replica i, of which fn returns the operations.
func (w *specWorld[S]) mutate(i int, fn func(*crdt.Tx, S) []spec.Op) S {
	delta, ops, err := w.try(i, fn)
	if err != nil {
		w.t.Fatal(err)
	}
	w.done(i, delta, ops)
	return delta
}

// try runs a transaction at replica i and returns its delta and operations.
func (w *specWorld[S]) try(i int, fn func(*crdt.Tx, S) []spec.Op, opts ...crdt.Option) (delta S, ops []spec.Op, err error) {
	n := w.nodes[i]
	n.w.last = clock.Interval{Lo: 1}
	delta, err = crdt.Mutate(n.doc, n.w, func(tx *crdt.Tx, d S) error { ops = fn(tx, d); return nil }, opts...)
	return delta, ops, err
}

// done records a transaction of replica i.
func (w *specWorld[S]) done(i int, delta S, ops []spec.Op) {
	n := w.nodes[i]
	p := specPacket[S]{i, delta, n.view.Do(ops...), n.w.last}
	for j, id := range p.ops {
		w.from[id] = len(w.sent)
		w.tell("replica %d: operation %d: verb %d %q %d", i, id, ops[j].Verb, ops[j].Path, ops[j].N)
	}
	n.log = append(n.log, len(w.sent))
	w.sent = append(w.sent, p)
}

// see makes packets visible at replica i.
func (w *specWorld[S]) see(i int, packets ...int) {
	n := w.nodes[i]
	for _, p := range packets {
		if !slices.Contains(n.log, p) {
			n.log = append(n.log, p)
		}
		n.view.See(w.sent[p].ops...)
		w.tell("replica %d sees %v", i, w.sent[p].ops)
	}
}

func (w *specWorld[S]) check(i int) {
	n := w.nodes[i]
	want := n.view.Reads()
	if got := w.shown(n.doc); !maps.Equal(got, want) {
		w.t.Fatalf("replica %d shows %v, its operations require %v\n%s", i, got, want, strings.Join(w.story, "\n"))
	}
	if naive := n.view.Naive(); n.view.Closed() && !maps.Equal(naive, want) {
		w.t.Fatalf("the two specifications differ: %v and, naively, %v\n%s", want, naive, strings.Join(w.story, "\n"))
	}
}

// stable returns the packets that every replica has applied, as far as all that
// each made before it applied them is applied at replica i; and their events.
func (w *specWorld[S]) stable(i int) (map[int]bool, *clock.Context) {
	packets, events := map[int]bool{}, new(clock.Context)
	for p, sent := range w.sent {
		if slices.ContainsFunc(w.nodes, func(n *specNode[S]) bool { return !w.settled(i, n, p) }) {
			continue
		}
		packets[p] = true
		if sent.event.Lo <= sent.event.Hi {
			events.AddRange(clock.ReplicaID(sent.by+1), sent.event)
		}
	}
	return packets, events
}

// settled reports whether n has applied p and replica i what n made before.
func (w *specWorld[S]) settled(i int, n *specNode[S], p int) bool {
	at := slices.Index(n.log, p)
	if at < 0 {
		return false
	}
	for _, q := range n.log[:at] {
		if w.nodes[w.sent[q].by] == n && !slices.Contains(w.nodes[i].log, q) {
			return false
		}
	}
	return true
}
