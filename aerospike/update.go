package aerospike

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/layout"
	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/untyped"
	"github.com/dovetail-crdt/dovetail/store"
)

// update is one Update.
type update struct {
	e    *Engine
	o    *object
	v    *value
	fn   func(*crdt.Tx, *untyped.Object) error
	opts *store.Options
	want *clock.Context // what must be applied before, or nil

	refused *round // takes the change that was refused last off the disk
}

// run runs the transaction and writes what came of it, and returns what is seen after
// the change.
func (u *update) run(ctx context.Context) (readContext, error) {
	if err := u.e.ledger.admit(); err != nil {
		return readContext{}, err
	}
	after, err := u.transact(ctx)
	if err != nil {
		u.refused.wait() // while others go on
	}
	return after, err
}

func (u *update) transact(ctx context.Context) (readContext, error) {
	if u.opts.Blind {
		c, err := u.numberBlind(ctx)
		if c == nil {
			return u.v.present(), err
		}
		return u.end(c, c.delta, u.e.send(ctx, u.o, c))
	}
	if err := u.o.take(ctx, u.e); err != nil {
		return readContext{}, err
	}
	defer u.o.give()
	return u.runAlone(ctx)
}

// numberBlind runs the transaction on what is remembered. It gives the turn back
// before the change is sent: others go on, and their changes go together with this one.
func (u *update) numberBlind(ctx context.Context) (*change, error) {
	if err := u.o.take(ctx, u.e); err != nil {
		return nil, err
	}
	defer u.o.give()
	if u.opts.Newest || u.want != nil {
		if err := u.v.readAtLeast(ctx, u.e, u.o, u.opts.Newest, u.want); err != nil {
			return nil, err
		}
	} else {
		u.readIfForgotten(ctx)
	}
	return u.number(ctx)
}

// runAlone runs the transaction, and writes what came of it, before another may. Where
// the process knows the object, the write asks the cluster whether it is still as it
// was known to be, which costs nothing; only if it is not, the transaction was one on
// a stale state, and is run again on what is read then.
func (u *update) runAlone(ctx context.Context) (readContext, error) {
	newest := u.opts.Newest
	read := !u.v.isExact() || newest || u.want != nil
	for ; ; read = true {
		if read {
			if err := u.v.readAtLeast(ctx, u.e, u.o, newest, u.want); err != nil {
				return readContext{}, err
			}
		}
		c, err := u.number(ctx)
		if c == nil {
			if read {
				return u.v.present(), err
			}
			continue // what is in the cluster may let it change something, and not fail
		}
		delta := c.delta
		err = u.writeAlone(ctx, c, !read)
		if errors.Is(err, layout.ErrStale) {
			u.e.counts.stale.Add(1)
			// A server that was handed the write twice answers what became of it the
			// second time, so it is looked up.
			newest = true
			if rerr := u.v.read(ctx, u.e, u.o, true); rerr != nil {
				err = fmt.Errorf("%w: %w", layout.ErrInDoubt, rerr)
			} else if u.v.contains(delta) {
				err = nil
			}
		}
		after, err := u.end(c, delta, err)
		if !errors.Is(err, layout.ErrStale) || errors.Is(err, store.ErrInDoubt) {
			return after, err
		}
	}
}

// readIfForgotten reads an object of which nothing is remembered but that there were
// events, so that a counter goes on with its total if that is there. If it cannot be read, or
// is not there, the counter begins another, which is as right but adds to the object
// for good.
func (u *update) readIfForgotten(ctx context.Context) {
	if u.o.forgotten.Load() == 0 || u.v.rows || u.v.isMet() {
		return
	}
	if err := u.v.read(ctx, u.e, u.o, false); err != nil {
		u.e.cfg.Logger.Debug("aerospike: blind update of what was forgotten", slog.String("key", u.o.key), slog.Any("error", err))
	}
}

// errRevised ends a transaction that ran on a change which was taken back meanwhile.
var errRevised = errors.New("aerospike: a change that the transaction saw was taken back")

// number runs the function and returns the change, nil if there was none. The caller
// has the turn, and no lock is held: the function may take its time, and view the
// object.
func (u *update) number(ctx context.Context) (*change, error) {
	for {
		if err := u.v.check(); err != nil {
			return nil, err
		}
		c, err := u.tryNumber()
		if !errors.Is(err, errRevised) {
			return c, err
		}
		if ctx.Err() != nil {
			return nil, fmt.Errorf("%w: %w", store.ErrContention, ctx.Err())
		}
	}
}

func (u *update) tryNumber() (*change, error) {
	work, revision := u.v.workOn(u.e.ledger)
	src := &source{u: u, revision: revision, forgotten: u.forgottenUpTo(work)}
	opts, err := u.seen()
	if err != nil {
		return nil, err
	}
	delta, err := work.Mutate(src, src.observe(u.fn), opts...)
	if err == nil && src.ev.n == 0 {
		return nil, nil
	}
	var frame []byte
	if err == nil {
		frame, err = delta.AppendFrame(nil)
	}
	if err != nil {
		u.undo(src.ev)
		return nil, err
	}
	covered := delta.BorrowContext()
	if covered == nil && src.named {
		u.v.beginOwn(u.e.ledger, u.o.key)
	}
	c := &change{
		key: u.o.key, entry: layout.NewEntryExcept(frame, src.ev.ended(covered)), by: u.issuer(), events: src.ev,
		object: u.o, value: u.v, delta: delta,
	}
	u.e.ledger.number(c)
	return c, nil
}

// seen returns the options of a transaction on behalf of a reader.
func (u *update) seen() ([]crdt.Option, error) {
	if u.opts.Seen == nil {
		return nil, nil
	}
	seen, err := u.opts.Seen.Open(u.e.cfg.TokenKey, u.o.key)
	if err != nil {
		return nil, err
	}
	return []crdt.Option{crdt.Seen(seen)}, nil
}

// undo takes back the numbers of events that came into no change.
func (u *update) undo(ev numbered) {
	if ev.n == 0 {
		return
	}
	u.v.mu.Lock()
	defer u.v.mu.Unlock()
	u.e.replica.retract(u.o.hash, ev)
	u.v.work.revise()
}

// issuer says who issued a change, and on what.
func (u *update) issuer() issuer {
	a := issuer{replica: u.e.replica, hash: u.o.hash}
	if u.v.hasOwn() {
		a.kind = u.v.name
	}
	return a
}

// forgottenUpTo returns the last of the replica's events on the object whose effects the
// process does not remember, or 0. A counter that shows the last of them has all of them,
// since totals repeat what was before.
func (u *update) forgottenUpTo(work *untyped.Object) uint64 {
	if u.v.rows { // which knows all that it did, for ever
		return 0
	}
	d := u.o.forgotten.Load()
	if d == 0 {
		return 0
	}
	if c, err := untyped.ValueOf(crdt.CounterKind(), work); err == nil && c.Last(u.e.replica.id) == d {
		u.o.forgotten.Store(0)
		return 0
	}
	return d
}

// writeAlone appends the change by itself. Exact asks that the record is as it is
// known.
func (u *update) writeAlone(ctx context.Context, c *change, exact bool) error {
	if err := u.e.acquire(ctx, u.o.writing); err != nil {
		return err
	}
	defer func() { <-u.o.writing }()
	g := layout.Guard{Exact: exact}
	u.v.mu.Lock()
	g.Stamp, g.Queued = u.v.stamp, len(u.v.entries)
	u.v.mu.Unlock()
	if err := u.e.ledger.persist(ctx, c); err != nil {
		return err
	}
	queued, err := u.e.append(ctx, u.o, []layout.Entry{c.entry}, g)
	if err == nil {
		u.v.appended(c.entry.Key, g.Queued, queued)
		u.e.counts.wrote(1)
	}
	return err
}

// end takes note of how the first write of c ended and returns what to tell.
func (u *update) end(c *change, delta *untyped.Object, err error) (readContext, error) {
	if err == nil {
		u.v.acknowledged(u.e.ledger, c, delta, u.e.cfg.Now())
		return u.v.present(), nil
	}
	if !errors.Is(err, layout.ErrInDoubt) {
		if r, ok := u.v.refused(u.e.ledger, c); ok {
			u.refused = r
			return readContext{}, err
		}
	}
	u.e.counts.doubts.Add(1)
	u.e.objects.hold(u.o) // until it is resolved
	u.v.doubted(u.e.ledger, c)
	u.e.resolver.wake(u.e)
	return readContext{}, store.NewInDoubtError(u.o.key, storeError(err), &doubt{e: u.e, o: u.o, v: u.v, c: c, delta: delta})
}

// source is the crdt.Source of an update.
type source struct {
	u        *update
	revision int // of the state that the transaction runs on
	ev       numbered

	forgotten uint64 // see update.forgottenUpTo

	running bool // the function
	named   bool // it asked for the replica: what it wrote belongs to that
}

// observe returns fn as a function that takes note of what it asks for.
func (s *source) observe(fn func(*crdt.Tx, *untyped.Object) error) func(*crdt.Tx, *untyped.Object) error {
	return func(tx *crdt.Tx, o *untyped.Object) error {
		s.running = true
		defer func() { s.running = false }()
		return fn(tx, o)
	}
}

// Replica implements crdt.Source.
func (s *source) Replica() clock.ReplicaID {
	s.named = s.named || s.running
	return s.u.e.replica.id
}

// Stamp implements crdt.Source.
func (s *source) Stamp(over ...clock.Timestamp) clock.Timestamp { return s.u.e.replica.stamp(over...) }

// Doubt implements crdt.Source. Changes in doubt do not count, since the state that the
// transaction runs on has them.
func (s *source) Doubt() uint64 { return s.forgotten }

// Issue implements crdt.Source. What the transaction ran on cannot be taken back from
// here on: the change that it becomes was numbered since.
func (s *source) Issue(n int) (clock.Event, error) {
	s.u.v.mu.Lock()
	defer s.u.v.mu.Unlock()
	if s.revision != s.u.v.work.revision {
		return clock.Event{}, errRevised
	}
	ev, err := s.u.e.replica.issue(s.u.o.hash, n)
	if err == nil {
		s.ev = numbered{ev, n}
	}
	return ev, err
}
