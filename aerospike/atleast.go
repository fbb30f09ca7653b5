package aerospike

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/system"
	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
)

// AtLeast lets a View or an Update wait until everything is here that the reader who
// was given the token had applied: read your writes, and monotonic reads, across
// processes and datacenters. That the object knows the fate of an event is not
// enough: what the event ended may be alive here. (A writes x over v; B overwrites x;
// a cluster that has B's write and lost A's shows v beside it, although it knows that
// x is dead.)
//
// It may never come: in a cluster that is available in partitions an acknowledged
// write can be lost, with all who knew of it. When the context ends, the error
// matches crdt.ErrBehind, and *crdt.BehindError lists the events that are missing.
// A token is good for the object that it is of; the zero token waits for nothing.
func AtLeast(t clock.Token) Option { return func(o *options) { o.atLeast = &t } }

// readContext is what a reader of an object saw: the events whose fate it knows, and of
// them those that it has not applied. Nil contexts are empty.
type readContext struct{ context, unapplied *clock.Context }

// lacks returns the events that are not applied.
func (s readContext) lacks(applied *clock.Context) *clock.Context {
	if s.context == nil {
		return applied
	}
	if s.unapplied == nil {
		return applied.Minus(s.context)
	}
	return applied.Minus(s.context.Minus(s.unapplied))
}

// readContext returns what a reader of what is remembered sees: a copy, for when others
// have gone on. V.mu is held.
func (v *value) readContext() readContext {
	s := readContext{context: v.seen.Context()}
	if u := v.unapplied.Context(); u != nil {
		s.unapplied = u.Clone()
	}
	return s
}

// Waits between the reads of an AtLeast.
const atLeastWait, atLeastMost = 2 * time.Millisecond, 100 * time.Millisecond

// readAtLeast reads the record until it has what the token's reader had applied.
func (v *value) readAtLeast(ctx context.Context, e *Engine, o *object, opts options) error {
	var want *clock.Context
	if opts.atLeast != nil {
		var err error
		if want, err = opts.atLeast.OpenApplied(e.cfg.TokenKey, o.key); err != nil {
			return err
		}
	}
	newest := opts.newest
	var missing *clock.Context // when last read
	for wait := atLeastWait; ; wait = min(2*wait, atLeastMost) {
		err := v.read(ctx, e, o, newest)
		if err == nil && want != nil {
			if missing = v.present().lacks(want); !missing.IsEmpty() {
				newest = true
				err = system.Pause(ctx, wait)
			}
		}
		switch {
		case err != nil && missing != nil && (ctx.Err() != nil || errors.Is(err, context.DeadlineExceeded)): // whose timer may be late
			return fmt.Errorf("%w: %w", &crdt.BehindError{Missing: missing}, err)
		case err != nil, missing == nil, missing.IsEmpty():
			return err
		}
	}
}
