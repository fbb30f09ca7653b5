package aerospike

import (
	"context"
	"errors"

	"github.com/dovetail-crdt/dovetail/crdt/untyped"
	"github.com/dovetail-crdt/dovetail/store"
)

// doubt is a change in doubt of this process. It holds its object until the change is
// resolved.
type doubt struct {
	e     *Engine
	o     *object
	v     *value
	c     *change
	delta *untyped.Object
}

// Retry implements store.PendingChange.
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
		return store.ErrAbandoned
	})
}

// Abandon implements store.PendingChange.
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
		return store.ErrApplied
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
	case errors.Is(err, store.ErrAbandoned), errors.Is(err, store.ErrApplied):
		return keyError(d.o.key, err)
	}
	return keyError(d.o.key, store.InDoubt(err))
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
		first = d.v.acknowledged(d.e.ledger, d.c, d.delta, now)
		d.v.inexact()
	}
	if first {
		d.e.objects.done(d.o)
	}
	return nil
}
