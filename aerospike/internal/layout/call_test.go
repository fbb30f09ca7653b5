package layout_test

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/layout"
	"github.com/dovetail-crdt/dovetail/crdt/crdttest/spec"
)

// call is something that a process does through a Writer. It runs until it asks
// something of the cluster, or pauses; then it waits until the world answers it.
// Nothing runs beside anything else, so the order in which the world answers is
// all that there is of time.
type call struct {
	p       *process
	name    string
	wait    *request // what it waits for; nil when it ended
	resume  func() (*request, bool)
	stop    func()
	yield   func(*request) bool
	ctx     context.Context //nolint:containedctx // of this one call
	cancel  context.CancelFunc
	stopped bool

	read   *version // what it read last
	brings spec.Set // the operations that its compaction brings along
	doubt  bool     // of its last write
}

// request is one attempt at an operation, or a pause.
type request struct {
	what   what
	newest bool   // of a read
	write  *write // of a write
	answer answer
}

type what int

const (
	reading what = iota
	writing
	pausing
)

var errStopped = errors.New("the process is dead")

// start begins a call of p. The world goes on when it waits, or has ended.
func (w *world) start(p *process, name string, body func(c *call)) {
	c := &call{p: p, name: name}
	c.ctx, c.cancel = context.WithCancel(w.ctx)
	c.resume, c.stop = iter.Pull(func(yield func(*request) bool) {
		c.yield = yield
		body(c)
	})
	w.logf("%v: %s", p, name)
	w.calls = append(w.calls, c)
	w.run(c)
}

// run lets c go on until it waits again or has ended.
func (w *world) run(c *call) {
	if r, ok := c.resume(); ok {
		c.wait = r
		return
	}
	w.end(c)
}

// end takes c out of the world.
func (w *world) end(c *call) {
	c.stopped, c.wait = true, nil
	c.stop()
	c.cancel()
	for i := range w.calls {
		if w.calls[i] == c {
			w.calls = append(w.calls[:i], w.calls[i+1:]...)
			return
		}
	}
}

// ask waits for the answer of the world.
func (c *call) ask(ctx context.Context, r *request) answer {
	if err := ctx.Err(); err != nil {
		return answer{err: &layout.Error{Class: layout.Permanent, Err: err}}
	}
	if c.stopped || !c.yield(r) {
		c.stopped = true
		return answer{err: &layout.Error{Class: layout.Permanent, Err: errStopped}}
	}
	return r.answer
}

// Read implements layout.Cluster.
func (c *call) Read(ctx context.Context, _ string, newest bool) (*layout.Record, error) {
	a := c.ask(ctx, &request{what: reading, newest: newest})
	return a.rec, a.err
}

// Append implements layout.Cluster.
func (c *call) Append(ctx context.Context, _ string, entries []layout.Entry, g layout.Guard) (int, error) {
	a := c.ask(ctx, &request{what: writing, write: &write{entries: entries, guard: g}})
	return a.queued, c.took(a.err)
}

// Compact implements layout.Cluster.
func (c *call) Compact(ctx context.Context, _ string, change *layout.Compaction) error {
	a := c.ask(ctx, &request{what: writing, write: &write{change: change}})
	return c.took(a.err)
}

// took remembers whether a write was in doubt, for a bug that looks at no other.
func (c *call) took(err error) error {
	e, ok := errors.AsType[*layout.Error](err)
	c.doubt = ok && e.Doubt
	return err
}

// pause waits in virtual time: until the world says so.
func (c *call) pause(ctx context.Context, _ time.Duration) error {
	c.ask(ctx, &request{what: pausing})
	return ctx.Err()
}

// writer returns the code under test, on the modelled cluster.
func (c *call) writer() *layout.Writer {
	w := c.p.w
	return &layout.Writer{
		Cluster: c, QueueSize: w.tune.queueSize, RecordSize: w.tune.recordSize,
		Draw:  func() uint64 { w.stamps++; return w.stamps },
		Pause: c.pause,
		Count: func(e layout.Event) { w.events[e]++ },
	}
}
