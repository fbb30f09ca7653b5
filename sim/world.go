package sim

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt/crdttest/spec"
	"github.com/dovetail-crdt/dovetail/store"
	"github.com/dovetail-crdt/dovetail/store/memory"
	"github.com/dovetail-crdt/dovetail/store/replication"
)

// world is a run: virtual time, stores, links and the oracle. It has one
// goroutine, no clock, and no decision that does not come from the seed.
type world struct {
	sc     Scenario
	now    int64
	agenda agenda
	nodes  []*node
	byPeer map[store.PeerID]*node
	links  [][]link
	ids    *Stream
	load   *Stream
	oracle *oracle
	result *Result

	replicas []clock.ReplicaID // that ever were, in order of their first start

	last      int64 // time of the last fault or write that was planned
	violation error
	trace     uint64
}

// Run carries out a scenario. A run in which a replica ever shows something else
// than its operations require, or breaks an invariant, returns a *ViolationError, and
// so does one in which the replicas do not become equal in time. Any other error
// is about the scenario, or is ctx's.
func Run(ctx context.Context, sc Scenario) (*Result, error) {
	if err := sc.validate(); err != nil {
		return nil, err
	}
	if sc.Settle == 0 {
		sc.Settle = time.Minute
	}
	src := NewSource(sc.Seed)
	w := &world{
		sc: sc, byPeer: map[store.PeerID]*node{}, ids: src.Stream("ids"), load: src.Stream("workload"),
		oracle: newOracle(), result: &Result{Dropped: map[string]int{}},
	}
	if sc.Record {
		w.result.History = &History{}
	}
	var err error
	if w.links, err = newLinks(&sc, src); err != nil {
		return nil, err
	}
	for i := range sc.Replicas {
		n := &node{
			w: w, i: i, name: peerName(&sc, i), rng: src.Stream("disk/" + peerName(&sc, i)), disk: memory.New(),
			ghosts: map[string]*ghost{}, hashes: map[string]uint64{},
		}
		w.nodes = append(w.nodes, n)
		w.byPeer[store.PeerID(n.name)] = n
	}
	for _, n := range w.nodes {
		n.start(true)
	}
	w.planAll()
	if err := w.loop(ctx); err != nil {
		return nil, err
	}
	w.finish()
	return w.result, w.violation
}

// peerName is the region, with a number if several replicas are in it.
func peerName(sc *Scenario, i int) string {
	name := string(sc.Replicas[i])
	if k := slices.Index(sc.Replicas, sc.Replicas[i]); k != i {
		name = fmt.Sprintf("%s-%d", name, i)
	}
	return name
}

// peersOf returns the neighbours of a replica.
func (w *world) peersOf(i int) []store.PeerID {
	var out []store.PeerID
	for j := range w.sc.Replicas {
		linked := w.sc.Links == nil
		for _, l := range w.sc.Links {
			linked = linked || l == [2]int{i, j} || l == [2]int{j, i}
		}
		if linked && j != i {
			out = append(out, store.PeerID(peerName(&w.sc, j)))
		}
	}
	return out
}

func (w *world) plan(at int64, do func()) { w.agenda.plan(max(at, w.now), do) }

// planAll plans what the scenario says.
func (w *world) planAll() {
	until := func(d time.Duration) int64 {
		w.last = max(w.last, int64(d))
		return int64(d)
	}
	for _, s := range w.sc.Script {
		w.plan(until(s.At), func() { w.write(w.nodes[s.Replica], s.Txs) })
	}
	if w.sc.Rate > 0 && w.sc.Duration > 0 {
		until(w.sc.Duration)
		w.planDraw()
	}
	for _, c := range w.sc.Cuts {
		until(c.To)
	}
	for _, c := range w.sc.Crashes {
		n := w.nodes[c.Replica]
		w.plan(until(c.At), n.crash)
		w.plan(until(c.At+c.For), func() {
			if !n.up {
				n.start(!c.Fresh)
			}
		})
	}
}

// planDraw plans the next transaction of the generated workload.
func (w *world) planDraw() {
	gap := w.load.Exp(int64(float64(time.Second) / w.sc.Rate))
	if w.now+gap >= int64(w.sc.Duration) {
		return
	}
	w.plan(w.now+gap, func() {
		n := w.nodes[w.load.Choose(len(w.nodes))]
		obj := w.sc.Objects[w.load.Choose(len(w.sc.Objects))]
		keys := obj.keys()
		tx := Tx{Key: keys[w.load.Choose(len(keys))]}
		count := 1
		if w.load.Chance(0.3) {
			count = 2 + w.load.Choose(2)
		}
		for range count {
			tx.Ops = append(tx.Ops, obj.draw(w.load))
		}
		w.write(n, []Tx{tx})
		w.planDraw()
	})
}

// write has a replica take writes, if it is up.
func (w *world) write(n *node, txs []Tx) {
	if !n.up {
		w.result.Refused += len(txs)
		return
	}
	n.input(func() { n.mutate(txs) })
}

func (w *world) planTick(n *node, life int) {
	w.plan(w.now+int64(tickEvery), func() {
		if n.life != life {
			return
		}
		n.input(func() {
			n.core.Tick()
			n.carryOut(&write{})
		})
		w.planTick(n, life)
	})
}

// loop runs until the replicas are equal after everything that was planned, or
// have had their time.
func (w *world) loop(ctx context.Context) error {
	for steps := 0; ; steps++ {
		if steps%4096 == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
			if w.sc.Progress != nil {
				w.sc.Progress(time.Duration(w.now))
			}
		}
		e := w.agenda.next()
		if e.at > w.last && w.equal() {
			w.result.Converged = true
			w.result.Settled = time.Duration(max(w.now-w.last, 0))
			return nil
		}
		if e.at > w.last+int64(w.sc.Settle) {
			w.fail(w.nodes[0], "", "the replicas are not equal %v after the last fault and write: %s", w.sc.Settle, w.state())
			return w.violation
		}
		w.now = e.at
		e.do()
		if w.violation != nil {
			return w.violation
		}
	}
}

// equal reports whether all replicas are up and idle, have applied the same
// events, and show the same.
func (w *world) equal() bool {
	for _, n := range w.nodes {
		if !n.up || n.writing != nil || len(n.inputs) > 0 || n.digest != w.nodes[0].digest ||
			!n.core.Applied().Equal(w.nodes[0].core.Applied()) {
			return false
		}
	}
	return true
}

func (w *world) state() string {
	var out []byte
	for _, n := range w.nodes {
		if n.up {
			out = fmt.Appendf(out, " %s: digest %016x, applied %v;", n.name, n.digest, n.core.Applied())
		} else {
			out = fmt.Appendf(out, " %s: down;", n.name)
		}
	}
	return string(out)
}

// fail ends the run with a violation, the first one.
func (w *world) fail(n *node, key, format string, args ...any) {
	if w.violation == nil {
		w.violation = &ViolationError{Seed: w.sc.Seed, At: time.Duration(w.now), Replica: n.name, Key: key, What: fmt.Sprintf(format, args...)}
	}
}

// enter notes a transaction that a replica has made, and what it must do there.
func (w *world) enter(n *node, key string, ops []spec.Op, events []clock.Event) *transaction {
	g := n.ghost(key)
	if len(events) == 0 {
		view := g.view.Clone()
		if view.Do(ops...); !maps.Equal(view.Reads(), g.view.Reads()) {
			w.fail(n, key, "a transaction that should have changed something did not: %v", ops)
		}
		return nil
	}
	first, last := events[0].Dot, events[len(events)-1].Dot
	tx := &transaction{key: key, span: replication.Span{Replica: first.Replica, First: first.Seq, Last: last.Seq}}
	if err := w.oracle.note(tx); err != nil {
		w.fail(n, key, "%v", err)
		return nil
	}
	tx.ops = g.view.Do(ops...)
	tx.version = w.oracle.lww[key].write(version{at: w.now, replica: n.i, parent: g.best, ops: ops})
	g.best = tx.version
	w.result.Transactions++
	w.result.Operations += len(ops)
	tx.index = w.recordOp(n, tx, ops)
	return tx
}

// forget takes back a transaction that a crash lost before anybody saw it.
func (w *world) forget(n *node, tx *transaction) {
	g := n.ghosts[tx.key]
	g.view = g.view.Without(tx.ops...)
	g.best = w.oracle.lww[tx.key].versions[tx.version].parent
	for seq := tx.span.First; seq <= tx.span.Last; seq++ {
		delete(w.oracle.txs, clock.Dot{Replica: tx.span.Replica, Seq: seq})
	}
	w.oracle.order = slices.DeleteFunc(w.oracle.order, func(t *transaction) bool { return t == tx })
	w.result.Transactions--
	w.result.Operations -= len(tx.ops)
}

// check compares what a replica shows of each key with what it must.
func (w *world) check(n *node, keys []string) {
	for _, key := range keys {
		shown, ok := w.read(n, key, false)
		if !ok {
			return
		}
		if diff := differ(shown, n.ghost(key).view.Reads()); diff != "" {
			w.fail(n, key, "%s", diff)
			return
		}
		h := hashOf(key, shown)
		n.digest += h - n.hashes[key]
		n.hashes[key] = h
		w.hash(uint64(n.i), h)
	}
	w.recordDistinct()
}

// read returns what a replica shows of an object.
func (w *world) read(n *node, key string, final bool) (shown map[string]string, ok bool) {
	frames, err := n.load(key)
	if err != nil {
		w.fail(n, key, "load: %v", err)
		return nil, false
	}
	obj, err := objectOf(w.sc.Objects, key)
	if err != nil {
		w.fail(n, key, "%v", err)
		return nil, false
	}
	if shown, err = obj.show(key, frames, final); err != nil {
		w.fail(n, key, "read: %v", err)
		return nil, false
	}
	return shown, true
}
