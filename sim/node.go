package sim

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt/crdttest/spec"
	"github.com/dovetail-crdt/dovetail/store"
	"github.com/dovetail-crdt/dovetail/store/memory"
	"github.com/dovetail-crdt/dovetail/store/replication"
)

// node is one store: the real core over an engine that plays its disk. It takes
// one input at a time; what an input makes durable takes a while, during which
// others wait.
type node struct {
	w    *world
	i    int
	name string
	rng  *Stream
	disk *memory.Engine
	core *replication.Core
	hlc  *clock.HLC

	up      bool
	life    int // counts crashes, so that what was planned in an earlier life is void
	writing *write
	inputs  []func()

	ghosts map[string]*ghost
	hashes map[string]uint64
	digest uint64
}

// write is a batch on its way to the disk, and what it will have done.
type write struct {
	ready replication.Ready
	made  []*transaction       // here
	came  []*transaction       // by pushes
	seen  map[string]ghostItem // of items of a heal
}

// start opens the store from its disk: as the replica that it was, or as a new
// one.
func (n *node) start(same bool) {
	var books []store.Book
	for b, err := range n.disk.Books(context.Background()) {
		if err != nil {
			n.w.fail(n, "", "books: %v", err)
			return
		}
		books = append(books, b)
	}
	core, err := replication.NewCore(replication.CoreConfig{
		Self: store.PeerID(n.name), Peers: n.w.peersOf(n.i),
		Fresh:    clock.ReplicaID(n.w.ids.next() | 1),
		Continue: same,
		LogBytes: n.w.sc.LogBytes, Reserve: n.w.sc.Reserve, SessionKeys: n.w.sc.SessionKeys,
	}, books)
	if err != nil {
		n.w.fail(n, "", "restart: %v", err)
		return
	}
	n.core, n.up = core, true
	if !slices.Contains(n.w.replicas, core.Replica()) {
		n.w.replicas = append(n.w.replicas, core.Replica())
	}
	n.hlc = clock.NewHLC(n.wall, 0)
	n.carryOut(&write{})
	n.w.planTick(n, n.life)
}

// wall is the replica's clock, right or wrong.
func (n *node) wall() time.Time {
	skew := time.Duration(0)
	if n.i < len(n.w.sc.Skew) {
		skew = n.w.sc.Skew[n.i]
	}
	return epoch().Add(time.Duration(n.w.now) + skew)
}

func epoch() time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) }

func (n *node) load(key string) ([][]byte, error) {
	r, err := n.disk.Load(context.Background(), key)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	return r.Frames, err
}

// input has f done once nothing before it is being written.
func (n *node) input(f func()) {
	if n.writing == nil && len(n.inputs) == 0 {
		f()
		return
	}
	n.inputs = append(n.inputs, f)
}

// receive gives a message to the core.
func (n *node) receive(p *packet) {
	before := n.core.Applied().Clone()
	if m, ok := p.message.(*replication.Push); ok {
		for i := range m.Changes {
			n.hlc.Observe(m.Changes[i].Time)
		}
	}
	if err := n.core.Step(store.PeerID(n.w.nodes[p.from].name), p.message); err != nil {
		n.w.fail(n, "", "message from %s: %v", n.w.nodes[p.from].name, err)
		return
	}
	if err := n.core.Err(); err != nil {
		n.w.fail(n, "", "identity: %v", err)
		return
	}
	wr := &write{}
	switch m := p.message.(type) {
	case *replication.Push:
		for i := range m.Changes {
			if tx := n.w.oracle.txs[dot(m.Changes[i].Span)]; tx != nil && n.core.Applied().Contains(tx.span) {
				wr.came = append(wr.came, tx)
			}
		}
	case *replication.Frames:
		wr.seen = make(map[string]ghostItem)
		for i, it := range m.Items {
			wr.seen[it.Key] = p.ghosts[i]
		}
	}
	n.carryOut(wr)
	if _, ok := p.message.(*replication.Frames); ok && !before.Equal(n.core.Applied()) {
		n.input(n.checkVector)
	}
}

func dot(s replication.Span) clock.Dot { return clock.Dot{Replica: s.Replica, Seq: s.First} }

// carryOut does what the core has ready: write, then send.
func (n *node) carryOut(wr *write) {
	r, ok := n.core.Ready()
	for _, err := range r.Errors {
		n.w.fail(n, "", "%v", err)
	}
	if !ok {
		return
	}
	wr.ready = r
	if r.Batch.IsEmpty() {
		n.follow(&r)
		return
	}
	n.writing = wr
	life := n.life
	n.w.plan(n.w.now+n.rng.Exp(int64(n.w.sc.Sync)), func() {
		if n.life == life {
			n.written()
		}
	})
}

// written is the moment at which a batch is durable.
func (n *node) written() {
	wr := n.writing
	n.writing = nil
	n.apply(wr)
	n.follow(&wr.ready)
	for n.writing == nil && len(n.inputs) > 0 && n.up {
		f := n.inputs[0]
		n.inputs = n.inputs[1:]
		f()
	}
}

// follow does what follows a durable batch: it sends the messages, and reads what is
// to be loaded.
func (n *node) follow(r *replication.Ready) {
	for _, e := range r.Messages {
		n.w.send(n, e)
	}
	for i := range r.Loads {
		n.input(func() {
			n.core.Loaded(r.Loads[i].Read(n.load))
			n.carryOut(&write{})
		})
	}
}

// apply puts a batch on the disk, tells the oracle, and checks every object that
// the batch or the oracle touched.
func (n *node) apply(wr *write) {
	if err := n.disk.Batch(context.Background(), &wr.ready.Batch); err != nil {
		n.w.fail(n, "", "write: %v", err)
		return
	}
	var touched []string
	for _, d := range wr.ready.Batch.Deltas {
		touched = append(touched, d.Key)
		if item, ok := wr.seen[d.Key]; ok {
			g := n.ghost(d.Key)
			before := g.view.Seen().Clone()
			g.view.See(item.seen.Members()...)
			if n.w.oracle.lww[d.Key].wins(item.best, g.best) {
				g.best = item.best
			}
			n.w.recordArrivals(n, d.Key, &before, &item.seen)
		}
	}
	for _, tx := range wr.came {
		touched = append(touched, tx.key)
		if n.w.oracle.see(n.ghost(tx.key), tx) {
			n.w.recordArrival(n, tx)
		}
	}
	n.w.check(n, touched)
}

func (n *node) ghost(key string) *ghost {
	g := n.ghosts[key]
	if g == nil {
		g = n.w.oracle.ghost()
		g.view = n.w.oracle.history(key).View()
		n.ghosts[key] = g
	}
	return g
}

// mutate runs the transactions of one step.
func (n *node) mutate(txs []Tx) {
	wr := &write{}
	for i, t := range txs {
		tx, err := n.transact(t)
		if errors.Is(err, replication.ErrReserve) { // as a driver would: reserve durably, then go on
			n.core.Reserve(len(t.Ops))
			n.inputs = slices.Insert(n.inputs, 0, func() { n.mutate(txs[i:]) })
			break
		}
		if err != nil {
			n.w.fail(n, t.Key, "transaction: %v", err)
			return
		}
		if tx != nil {
			wr.made = append(wr.made, tx)
		}
	}
	n.carryOut(wr)
}

// transact runs one transaction and enters it with the oracle. Transactions of
// one step on one object would not see each other, so steps do not have them.
func (n *node) transact(t Tx) (*transaction, error) {
	obj, err := objectOf(n.w.sc.Objects, t.Key)
	if err != nil {
		return nil, err
	}
	frames, err := n.load(t.Key)
	if err != nil {
		return nil, err
	}
	ops := make([]spec.Op, len(t.Ops))
	for i, op := range t.Ops {
		op.Replica = slices.Index(n.w.replicas, n.core.Replica())
		ops[i] = op
	}
	events, err := obj.run(&replication.Transaction{Core: n.core, Key: t.Key, Clock: n.hlc}, frames, ops)
	if err != nil {
		return nil, err
	}
	return n.w.enter(n, t.Key, ops, events), nil
}

// crash stops the store. A batch that was being written is lost, or is not.
func (n *node) crash() {
	if !n.up {
		return
	}
	n.up = false
	n.life++
	wr := n.writing
	n.writing, n.inputs, n.core = nil, nil, nil
	if wr == nil {
		return
	}
	if n.rng.Chance(0.5) {
		n.apply(wr)
		return
	}
	for _, tx := range wr.made { // what came from others comes again
		n.w.forget(n, tx)
	}
}

// checkVector checks that everything that the vector has was applied here.
func (n *node) checkVector() {
	for _, tx := range n.w.oracle.order {
		g := n.ghosts[tx.key]
		if !n.core.Applied().Contains(tx.span) {
			continue
		}
		for _, id := range tx.ops {
			if g == nil || !g.view.Seen().Has(id) {
				n.w.fail(n, tx.key, "the vector has %v, which was never applied here", tx.span)
				return
			}
		}
	}
}
