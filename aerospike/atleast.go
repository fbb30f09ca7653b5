package aerospike

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
)

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

// readAtLeast reads the record until it has applied what is wanted, if anything is.
func (v *value) readAtLeast(ctx context.Context, e *Engine, o *object, newest bool, want *clock.Context) error {
	var missing *clock.Context // when last read
	for wait := atLeastWait; ; wait = min(2*wait, atLeastMost) {
		err := v.read(ctx, e, o, newest)
		if err == nil && want != nil {
			if missing = v.present().lacks(want); !missing.IsEmpty() {
				newest = true
				err = e.pause(ctx, wait)
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
