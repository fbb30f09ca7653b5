package aerospike

import (
	"context"
	"errors"
	"fmt"

	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/store"
)

var (
	// ErrCannotAbandon means that a change in doubt cannot be taken back: it is a
	// counter's total, which the next one repeats and others may have counted on; or
	// it only removed something, which may be gone; or it was of a type that nothing is
	// ever taken out of. It stays in doubt.
	ErrCannotAbandon = errors.New("aerospike: change cannot be abandoned")
	// ErrApplied is what Abandon says of a change that is applied by now.
	ErrApplied = errors.New("aerospike: change is applied")
	// ErrAbandoned is what Retry says of a change that was abandoned.
	ErrAbandoned = errors.New("aerospike: change was abandoned")
)

// InDoubtError is the error of an Update whose change may have been applied, or may
// yet be. It matches store.ErrInDoubt. The change is pending: it is in the journal,
// and unless it is abandoned the engine goes on merging it until it is known to be
// in the cluster, so it ends up applied, once. What the process does next on the
// object is right in both cases.
//
// Running the Update again would be another change beside it. Retry and Abandon
// resolve this one, and may be called from any goroutine, at any time, in any order.
// It is resolved once: by the engine or a Retry, which keeps the change, or by an
// Abandon, which drops it. Whatever is asked afterwards gets the same answer.
type InDoubtError struct {
	Key string
	Err error // why it is in doubt

	doubt *doubt
}

// Error implements error.
func (e *InDoubtError) Error() string {
	return fmt.Sprintf("aerospike: update of object %q in doubt: %v", e.Key, e.Err)
}

// Unwrap returns store.ErrInDoubt and the cause.
func (e *InDoubtError) Unwrap() []error { return []error{store.ErrInDoubt, e.Err} }

// Retry merges the same change again, as often as the context lets it. When it
// returns nil the change is in the cluster, once, and stays. The error matches
// ErrAbandoned if it was abandoned; any other matches store.ErrInDoubt: retry again.
func (e *InDoubtError) Retry(ctx context.Context) error { return e.doubt.Retry(ctx) }

// Abandon takes the change back: it is killed by name, so that it shows nowhere,
// wherever and whenever it arrives. What it overwrote or removed stays so where it
// has arrived. The error matches ErrApplied if the change is applied by now, and
// ErrCannotAbandon if it cannot be taken back. Any other matches store.ErrInDoubt:
// from then on the change is being dropped, by the engine too, and nothing else
// becomes of it; Abandon again says when it is done.
func (e *InDoubtError) Abandon(ctx context.Context) error { return e.doubt.Abandon(ctx) }

// doubt is a change in doubt of this process. It holds its object until the change is
// resolved.
type doubt struct {
	e     *Engine
	o     *object
	v     *value
	c     *change
	delta *crdt.Object
}

// Retry implements InDoubtError.Retry.
func (d *doubt) Retry(ctx context.Context) error {
	return d.call(ctx, func(ctx context.Context) error {
		if d.state() == stateDoubted {
			if err := d.merge(ctx); err != nil && d.state() == stateDoubted {
				return err
			}
		}
		if err := d.e.ledger.persist(ctx, d.c); err != nil {
			return err
		}
		if d.state() == stateKept {
			return nil
		}
		return ErrAbandoned
	})
}

// Abandon implements InDoubtError.Abandon.
func (d *doubt) Abandon(ctx context.Context) error {
	return d.call(ctx, func(ctx context.Context) error {
		if d.state() == stateDoubted {
			r, err := revoke(d.delta)
			if err != nil {
				return err
			}
			d.v.drop(d.e.ledger, d.c, r)
		}
		if d.state() == stateDropping {
			if err := d.merge(ctx); err != nil && d.state() == stateDropping {
				return err
			}
		}
		if err := d.e.ledger.persist(ctx, d.c); err != nil {
			return err
		}
		if d.state() == stateDropped {
			return nil
		}
		return ErrApplied
	})
}

func (d *doubt) state() changeState { return d.e.ledger.stateOf(d.c) }

// call runs f as a call of the engine, or as none if the change is resolved: then it
// asks for no more than the answer, which a closed engine gives too. What is no answer
// leaves the change in doubt, and says so.
func (d *doubt) call(ctx context.Context, f func(context.Context) error) error {
	var err error
	if d.state().isResolved() {
		err = f(ctx)
	} else {
		var done context.CancelFunc
		if ctx, done, err = d.e.begin(ctx); err == nil {
			defer done()
			err = f(ctx)
		}
	}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrAbandoned), errors.Is(err, ErrApplied), errors.Is(err, ErrCannotAbandon):
		return keyError(d.o.key, err)
	}
	return keyError(d.o.key, &doubtError{err})
}

// merge merges the change, or its revocation if it is being dropped, and takes note
// when the cluster has that. It does nothing for a change that is resolved.
func (d *doubt) merge(ctx context.Context) error {
	if err := d.e.ledger.persist(ctx, d.c); err != nil {
		return err
	}
	entry, revocation, is := d.e.ledger.toMerge(d.c)
	if !is.isOpen() {
		return nil
	}
	if err := d.e.write(ctx, d.o, entry); err != nil {
		return err
	}
	now, first := d.e.cfg.Now(), false
	if is == stateDropping {
		first = d.v.dropped(d.e.ledger, d.c, revocation, now)
	} else {
		_, first = d.v.acknowledged(d.e.ledger, d.c, d.delta, now)
		d.v.inexact()
	}
	if first {
		d.e.objects.done(d.o)
	}
	return nil
}
