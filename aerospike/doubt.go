package aerospike

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/system"
	"github.com/dovetail-crdt/dovetail/aerospike/internal/unit"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/store"
)

// ErrCannotAbandon means that a change in doubt cannot be taken back: it is a
// counter's total, which the next one repeats and others may have counted on; or
// it only removed something, which may be gone; or it was of a type that nothing is
// ever taken out of.
var ErrCannotAbandon = errors.New("aerospike: change cannot be abandoned")

// InDoubtError is the error of an Update whose change may have been applied, or may
// yet be. It matches store.ErrInDoubt. The change is pending: it is in the journal,
// and unless it is abandoned the engine goes on merging it until it is known to be
// in the cluster, so it ends up applied, once. What the process does next on the
// object is right in both cases.
//
// Running the Update again would be another change beside it. Retry and Abandon
// settle this one, and may be called from any goroutine, at any time, in any order;
// what comes after one that succeeded does nothing.
type InDoubtError struct {
	Key string
	Err error // why it is in doubt

	pending settler
}

// Error implements error.
func (e *InDoubtError) Error() string {
	return fmt.Sprintf("aerospike: update of object %q in doubt: %v", e.Key, e.Err)
}

// Unwrap returns store.ErrInDoubt and the cause.
func (e *InDoubtError) Unwrap() []error { return []error{store.ErrInDoubt, e.Err} }

// Retry merges the same change again, as often as the context lets it. When it
// returns nil the change is in the cluster, once.
func (e *InDoubtError) Retry(ctx context.Context) error { return e.pending.retry(ctx) }

// Abandon takes the change back: it is killed by name, so that it shows nowhere,
// wherever and whenever it arrives. What it overwrote or removed stays so where it
// has arrived. If it cannot be taken back, the error matches ErrCannotAbandon; if
// the abandoning itself is in doubt, store.ErrInDoubt: abandon again.
func (e *InDoubtError) Abandon(ctx context.Context) error { return e.pending.abandon(ctx) }

// pending is a change in doubt. It holds its slot until it is settled.
type pending[S crdt.Lattice[S]] struct {
	e *Engine
	s *slot
	k *known[S]
	c *issued[S]
}

func (p *pending[S]) retry(ctx context.Context) error { return p.settle(ctx, p.c) }

func (p *pending[S]) abandon(ctx context.Context) error {
	revocation, ok := crdt.Revoke(p.c.delta)
	if !ok {
		return keyError(p.s.key, ErrCannotAbandon)
	}
	frame, err := crdt.AppendFrame(nil, p.k.kind, revocation)
	if err != nil {
		return keyError(p.s.key, err)
	}
	entry := unit.NewEntryExcept(frame, crdt.ContextOf(revocation))
	return p.settle(ctx, &issued[S]{delta: revocation, entry: entry, ticket: p.e.journal.add(p.s.key, entry, author{})})
}

// settle writes the change itself or its revocation, unless the change was settled
// before.
func (p *pending[S]) settle(ctx context.Context, by *issued[S]) error {
	ctx, cancel, err := p.e.begin(ctx)
	if err != nil {
		return keyError(p.s.key, err)
	}
	defer cancel()
	if p.isSettled() {
		return nil
	}
	if err := p.e.send(ctx, p.s, by.entry, by.ticket); err != nil {
		p.e.journal.doubted(by.ticket)
		return keyError(p.s.key, inDoubt(err))
	}
	p.k.mu.Lock()
	was := p.k.drop(p.c)
	p.k.merge(by.delta, by.entry.Unapplied)
	p.k.acks++
	if by == p.c {
		p.k.own.settled(p.e.journal, p.s.key, p.k.kind, by)
	} else {
		p.k.refused(p.c)
		p.e.journal.forget(p.c.ticket)
	}
	p.k.exact = false
	p.k.mu.Unlock()
	p.e.journal.settled(by.ticket, p.e.cfg.Now())
	if was {
		p.e.slots.done(p.s)
	}
	return nil
}

func (p *pending[S]) isSettled() bool {
	p.k.mu.Lock()
	defer p.k.mu.Unlock()
	return !slices.Contains(p.k.open, p.c)
}

// doubts are the changes in doubt that the engine goes on merging.
type doubts struct {
	mu      sync.Mutex
	list    []settler
	running bool
}

type settler interface {
	retry(ctx context.Context) error
	abandon(ctx context.Context) error
	isSettled() bool
}

// doubtWait is how long the engine waits between rounds through what is in doubt.
const doubtWait = time.Second

// add takes in a change, and starts to merge what there is until nothing is left.
func (d *doubts) add(e *Engine, p settler) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.list = append(d.list, p)
	if !d.running {
		d.running = e.start(d.settle)
	}
}

// settle merges again what is in doubt, in rounds, until nothing is.
func (d *doubts) settle(e *Engine) {
	for system.Pause(e.ctx, doubtWait) == nil {
		d.mu.Lock()
		list := slices.Clone(d.list)
		d.mu.Unlock()
		for _, p := range list {
			if err := p.retry(e.ctx); err != nil {
				e.cfg.Logger.Debug("aerospike: still in doubt", slog.Any("error", err))
			}
		}
		if !d.remain() {
			return
		}
	}
}

// remain lets go of what is settled and reports whether anything is left.
func (d *doubts) remain() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.list = slices.DeleteFunc(d.list, settler.isSettled)
	d.running = len(d.list) > 0
	return d.running
}
