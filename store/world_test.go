package store_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/store"
	"github.com/dovetail-crdt/dovetail/store/memory"
	"github.com/dovetail-crdt/dovetail/store/replication"
)

// world is some cores, their engines, and the messages in flight between them.
// Nothing happens in it but what a test does: it delivers, drops, repeats and
// reorders by hand. There are no goroutines.
type world struct {
	t       rapid.TB
	nodes   []*node
	wire    []parcel
	cut     func(from, to store.PeerID) bool // messages that are lost on the way
	changes []change                         // every change that became durable
	issued  clock.Context                    // every event number that was given out
	booted  clock.ReplicaID
}

// node is a store: what a crash leaves (engine) and what it takes (core).
type node struct {
	w      *world
	id     store.PeerID
	engine *memory.Engine
	cfg    replication.CoreConfig
	core   *replication.Core
	hlc    *clock.HLC
	local  []change     // changes in the core's batch, not durable yet
	holds  map[int]bool // changes of the world that were seen to be in the engine
	errs   []error      // what Ready reported
	load   func(key string) ([][]byte, error)
}

// change is a transaction: its events, and its delta once it is durable.
type change struct {
	key   string
	span  replication.Span
	frame []byte
}

// parcel is a message on the wire, as bytes, and what it says.
type parcel struct {
	from, to store.PeerID
	raw      []byte
	message  replication.Message
}

func newWorld(t rapid.TB) *world { return &world{t: t} }

// trio is three connected stores a, b and c, one tick old.
func trio(t *testing.T, opts ...func(*replication.CoreConfig)) (w *world, a, b, c *node) {
	t.Helper()
	w = newWorld(t)
	a, b, c = w.open("a", "b c", opts...), w.open("b", "a c", opts...), w.open("c", "a b", opts...)
	w.run(1)
	return w, a, b, c
}

// pair is two connected stores a and b, one tick old.
func pair(t *testing.T, opts ...func(*replication.CoreConfig)) (w *world, a, b *node) {
	t.Helper()
	w = newWorld(t)
	a, b = w.open("a", "b", opts...), w.open("b", "a", opts...)
	w.run(1)
	return w, a, b
}

// shortLog makes the log forget all but the last change, so that heals take a
// session, of one object a message.
func shortLog(c *replication.CoreConfig) { c.LogBytes, c.SessionKeys = 1, 1 }

// open adds a store with these peers, given as words.
func (w *world) open(id store.PeerID, peers string, opts ...func(*replication.CoreConfig)) *node {
	n := &node{w: w, id: id, engine: memory.New()}
	n.cfg = replication.CoreConfig{Self: id}
	n.load = func(key string) ([][]byte, error) {
		rec, err := n.engine.Load(w.ctx(), key)
		return rec.Frames, err
	}
	for _, p := range peers {
		if p != ' ' {
			n.cfg.Peers = append(n.cfg.Peers, store.PeerID(p))
		}
	}
	for _, o := range opts {
		o(&n.cfg)
	}
	w.nodes = append(w.nodes, n)
	n.boot(false)
	return n
}

// boot makes the core again from what is durable. What was not is lost.
func (n *node) boot(keep bool) {
	n.w.t.Helper()
	n.w.booted++
	n.cfg.Fresh, n.cfg.Continue = 0x100+n.w.booted, keep
	core, err := replication.NewCore(n.cfg, n.books())
	if err != nil {
		n.w.t.Fatalf("%s: NewCore from its own books: %v", n.id, err)
	}
	n.core, n.local = core, nil
	n.hlc = clock.NewHLC(wall, 0)
	n.carryOut()
}

func (n *node) books() (books []store.Book) {
	for b, err := range n.engine.Books(n.w.ctx()) {
		if err != nil {
			n.w.t.Fatalf("%s: Books: %v", n.id, err)
		}
		books = append(books, b)
	}
	return books
}

// carryOut does what a driver does: it writes the batch, then sends.
func (n *node) carryOut() {
	w := n.w
	w.t.Helper()
	r, _ := n.core.Ready()
	if len(n.local) > len(r.Batch.Deltas) {
		w.t.Fatalf("%s: %d changes were made and the batch has %d deltas", n.id, len(n.local), len(r.Batch.Deltas))
	}
	for i, b := range r.Batch.Puts {
		if slices.Contains(r.Batch.Deletes, b.Key) || slices.ContainsFunc(r.Batch.Puts[:i], func(o store.Book) bool { return o.Key == b.Key }) {
			w.t.Fatalf("%s: book %q stands twice in a batch", n.id, b.Key)
		}
	}
	if err := n.engine.Batch(w.ctx(), &r.Batch); err != nil {
		w.t.Fatalf("%s: Batch: %v", n.id, err)
	}
	for i, ch := range n.local {
		ch.frame = r.Batch.Deltas[i].Frame
		w.changes = append(w.changes, ch)
	}
	n.local = nil
	n.errs = append(n.errs, r.Errors...)
	for _, e := range r.Messages {
		n.checkDurable(e)
		raw := replication.AppendMessage(nil, e.Message)
		m, err := replication.DecodeMessage(raw)
		if err != nil {
			w.t.Fatalf("%s: its own message %T does not decode: %v", n.id, e.Message, err)
		}
		w.wire = append(w.wire, parcel{n.id, e.To, raw, m})
	}
	n.checkApplied()
	for i := range r.Loads {
		n.core.Loaded(r.Loads[i].Read(n.load))
		n.carryOut()
	}
}

// tick advances the store's time by k ticks.
func (n *node) tick(k int) {
	n.w.t.Helper()
	for range k {
		n.core.Tick()
		n.carryOut()
	}
}

// step gives the store a message.
func (n *node) step(p parcel) {
	n.w.t.Helper()
	m, err := replication.DecodeMessage(slices.Clone(p.raw))
	if err != nil {
		n.w.t.Fatalf("%s: message from %s: %v", n.id, p.from, err)
	}
	if err := n.core.Step(p.from, m); err != nil {
		n.w.t.Fatalf("%s: Step of %T from %s: %v", n.id, m, p.from, err)
	}
	n.carryOut()
}

// perform runs a transaction and leaves the batch in the core.
func perform[S crdt.Lattice[S]](n *node, k crdt.Kind[S], key string, fn func(*crdt.Tx, S)) error {
	n.w.t.Helper()
	rec, err := n.engine.Load(n.w.ctx(), key)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		n.w.t.Fatalf("%s: Load(%q): %v", n.id, key, err)
	}
	tx := &replication.Transaction{Core: n.core, Key: key, Clock: n.hlc, Reserve: func(m int) error {
		n.core.Reserve(m)
		n.carryOut()
		return nil
	}}
	_, events, err := replication.Run(tx, k, rec.Frames, func(tx *crdt.Tx, s S) error { fn(tx, s); return nil })
	if err != nil || len(events) == 0 {
		return err
	}
	first, last := events[0].Dot, events[len(events)-1].Dot
	for s := first.Seq; s <= last.Seq; s++ {
		if d := (clock.Dot{Replica: first.Replica, Seq: s}); !n.w.issued.Add(d) {
			n.w.t.Fatalf("%s: event number %v was given out twice", n.id, d)
		}
	}
	n.local = append(n.local, change{key: key, span: replication.Span{Replica: first.Replica, First: first.Seq, Last: last.Seq}})
	return nil
}

// update runs a transaction and makes it durable.
func update[S crdt.Lattice[S]](n *node, k crdt.Kind[S], key string, fn func(*crdt.Tx, S)) {
	n.w.t.Helper()
	if err := perform(n, k, key, fn); err != nil {
		n.w.t.Fatalf("%s: update of %q: %v", n.id, key, err)
	}
	n.carryOut()
}

// view reads an object from the engine.
func view[S crdt.Lattice[S]](n *node, k crdt.Kind[S], key string) S {
	n.w.t.Helper()
	rec, err := n.engine.Load(n.w.ctx(), key)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		n.w.t.Fatalf("%s: Load(%q): %v", n.id, key, err)
	}
	s, err := replication.Join(k, key, rec.Frames)
	if err != nil {
		n.w.t.Fatalf("%s: Join of %q: %v", n.id, key, err)
	}
	return s
}

var words = crdt.AWSetKind(crdt.String)

// put adds words to the set under key, in one transaction.
func (n *node) put(key string, items ...string) {
	n.w.t.Helper()
	update(n, words, key, func(tx *crdt.Tx, s *crdt.AWSet[string]) {
		for _, it := range items {
			s.Add(tx, it)
		}
	})
}

func (n *node) remove(key, item string) {
	n.w.t.Helper()
	update(n, words, key, func(tx *crdt.Tx, s *crdt.AWSet[string]) { s.Remove(tx, item) })
}

// shows fails unless the set under key has exactly these words, in order.
func (n *node) shows(key string, want ...string) {
	n.w.t.Helper()
	if got := slices.Collect(view(n, words, key).All()); !slices.Equal(got, want) {
		n.w.t.Errorf("%s shows %q under %q, want %q; vector %v", n.id, got, key, want, n.core.Applied())
	}
}

// vector returns a copy of what the store says that it has applied.
func (n *node) vector() *replication.Applied { return n.core.Applied().Clone() }

func span(id clock.ReplicaID, first, last uint64) replication.Span {
	return replication.Span{Replica: id, First: first, Last: last}
}

func spans(all ...replication.Span) *replication.Applied {
	a := &replication.Applied{}
	for _, s := range all {
		a.Add(s)
	}
	return a
}

func (p parcel) String() string { return fmt.Sprintf("%T %s→%s", p.message, p.from, p.to) }

// wall is a clock that stands still.
func wall() time.Time { return time.UnixMilli(1_700_000_000_000) }
