package aerospike

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/unit"
	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
)

// update is one Update.
type update[S crdt.Lattice[S]] struct {
	e    *Engine
	s    *slot
	kind crdt.Kind[S]
	fn   func(*crdt.Tx, S) error
	opts options
	k    *known[S]
}

// run runs the transaction and writes what came of it. Where the process knows
// the object, the write asks the cluster whether it is still as it was known to
// be, which costs nothing; only if it is not, the transaction was one on a stale
// state, and is run again on what is read then. It returns what is seen after the
// change.
func (u *update[S]) run(ctx context.Context) (sight, error) {
	unlock, err := u.s.lockUpdate(ctx)
	if err != nil {
		return sight{}, fmt.Errorf("%w: %w", ErrContention, err)
	}
	if u.opts.blind {
		u.recall(ctx)
		c, ev, err := u.mutate()
		unlock() // others go on, and their changes go together with this one
		if c == nil {
			return u.k.saw(), err
		}
		return u.end(c, ev, u.e.send(ctx, u.s, c.entry, c.ticket))
	}
	defer unlock()
	read := !u.k.isExact() || u.opts.newest || u.opts.atLeast != nil
	for ; ; read = true {
		if read {
			if err := u.k.readAtLeast(ctx, u.e, u.s, u.opts); err != nil {
				return sight{}, err
			}
		}
		c, ev, err := u.mutate()
		if c == nil {
			if read {
				return u.k.saw(), err
			}
			continue // what is in the cluster may let it change something, and not fail
		}
		err = u.writeAlone(ctx, c, !read)
		if errors.Is(err, unit.ErrStale) {
			u.e.counts.stale.Add(1)
			// A server that was handed the write twice answers what became of it the
			// second time, so it is looked up.
			u.opts.newest = true
			if rerr := u.k.read(ctx, u.e, u.s, true); rerr != nil {
				err = fmt.Errorf("%w: %w", unit.ErrInDoubt, rerr)
			} else if u.k.contains(c) {
				err = nil
			}
		}
		after, err := u.end(c, ev, err)
		if !errors.Is(err, unit.ErrStale) {
			return after, err
		}
	}
}

// recall reads an object of which nothing is remembered but that there were events,
// so that a counter goes on with its total if that is there. If it cannot be read, or
// is not there, the counter begins another, which is as right but adds to the object
// for good.
func (u *update[S]) recall(ctx context.Context) {
	if u.s.doubt.Load() == 0 || u.k.rows || u.k.isMet() {
		return
	}
	if err := u.k.read(ctx, u.e, u.s, false); err != nil {
		u.e.cfg.Logger.Debug("aerospike: blind update of what was forgotten", slog.String("key", u.s.key), slog.Any("error", err))
	}
}

// mutate runs the function on what is known and returns the change, nil if there
// was none.
func (u *update[S]) mutate() (*issued[S], numbered, error) {
	u.k.mu.Lock()
	defer u.k.mu.Unlock()
	src := &source{replica: u.e.replica, hash: u.s.hash, doubt: u.doubt()}
	var opts []crdt.Option
	if u.opts.seen != nil {
		seen, err := u.opts.seen.Open(u.e.cfg.TokenKey, u.s.key)
		if err != nil {
			return nil, numbered{}, err
		}
		opts = append(opts, crdt.Seen(seen))
	}
	delta, err := crdt.Mutate(u.k.workOn(), src, u.fn, opts...)
	if err != nil {
		u.e.replica.retract(u.s.hash, src.ev)
		return nil, numbered{}, err
	}
	if src.ev.n == 0 {
		return nil, numbered{}, nil
	}
	if crdt.ContextOf(delta) == nil {
		u.s.pinned.Store(true)
	}
	frame, err := crdt.AppendFrame(nil, u.kind, delta)
	if err != nil {
		u.e.replica.retract(u.s.hash, src.ev)
		u.k.refused(nil)
		return nil, numbered{}, err
	}
	entry := unit.NewEntryExcept(frame, src.ev.ended(crdt.ContextOf(delta)))
	c := &issued[S]{delta: delta, entry: entry, ticket: u.e.journal.add(u.s.key, entry, u.author())}
	u.k.issue(c)
	return c, src.ev, nil
}

// author says who issued a change, and on what.
func (u *update[S]) author() author {
	a := author{replica: u.e.replica, hash: u.s.hash}
	if u.k.rows {
		a.kind = u.k.kind.Name
	}
	return a
}

// doubt returns how far the process does not remember what it did to the object. A
// counter that shows the last of it has all of it: totals repeat what was before.
// K.mu is held.
func (u *update[S]) doubt() uint64 {
	if u.k.rows { // which knows all that it did, for ever
		return 0
	}
	d := u.s.doubt.Load()
	if c, ok := any(u.k.workOn()).(*crdt.Counter); ok && d > 0 && c.Last(u.e.replica.id) == d {
		u.s.doubt.Store(0)
		return 0
	}
	return d
}

// writeAlone appends the change by itself. Exact asks that the record is as it is
// known.
func (u *update[S]) writeAlone(ctx context.Context, c *issued[S], exact bool) error {
	select {
	case u.s.write <- struct{}{}:
		defer func() { <-u.s.write }()
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", ErrContention, ctx.Err())
	}
	g := unit.Guard{Exact: exact}
	u.k.mu.Lock()
	g.Stamp, g.Queued = u.k.stamp, len(u.k.entries)
	u.k.mu.Unlock()
	if err := u.e.journal.kept(ctx, c.ticket); err != nil {
		return err
	}
	queued, err := u.e.append(ctx, u.s, []unit.Entry{c.entry}, g)
	if err == nil {
		u.k.appended(c.entry.Key, g.Queued, queued)
		u.e.counts.wrote(1)
	}
	return err
}

// end takes note of how the write of c ended and returns what to tell. A refusal
// is told as one only if nothing was issued on the object since: a later change
// carries what it repeats of this one, a total above all.
func (u *update[S]) end(c *issued[S], ev numbered, err error) (sight, error) {
	u.k.mu.Lock()
	defer u.k.mu.Unlock()
	switch {
	case err == nil:
		u.k.settled(c)
		u.k.own.settled(u.e.journal, u.s.key, u.k.kind, c)
		u.e.journal.settled(c.ticket, u.e.cfg.Now())
		return u.k.sight(), nil
	case !errors.Is(err, unit.ErrInDoubt) && u.e.replica.retract(u.s.hash, ev):
		u.k.refused(c)
		u.e.journal.forget(c.ticket)
		return sight{}, err
	}
	u.k.exact = false
	u.e.counts.doubts.Add(1)
	u.e.journal.doubted(c.ticket)
	p := &pending[S]{e: u.e, s: u.s, k: u.k, c: c}
	u.e.slots.hold(u.s) // until it is settled
	u.e.doubts.add(u.e, p)
	return sight{}, &InDoubtError{Key: u.s.key, Err: err, pending: p}
}

// source is the crdt.Source of an update.
type source struct {
	replica *replica
	hash    uint64
	doubt   uint64
	ev      numbered
}

// Replica implements crdt.Source.
func (s *source) Replica() clock.ReplicaID { return s.replica.id }

// Stamp implements crdt.Source.
func (s *source) Stamp(over ...clock.Timestamp) clock.Timestamp { return s.replica.stamp(over...) }

// Doubt implements crdt.Source.
func (s *source) Doubt() uint64 { return s.doubt }

// Issue implements crdt.Source.
func (s *source) Issue(n int) (clock.Event, error) {
	ev, err := s.replica.issue(s.hash, n)
	if err == nil {
		s.ev = numbered{ev, n}
	}
	return ev, err
}
