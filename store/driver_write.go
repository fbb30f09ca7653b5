package store

import (
	"context"
	"fmt"
	"log/slog"
	"sync"

	"github.com/dovetail-crdt/dovetail/store/replication"
)

// work is what came of one input of the core: a batch to be made durable, and what is
// to be sent and loaded then. It is carried out in the order of the inputs.
type work struct {
	ready replication.Ready
	after func() // called when it is known whether the batch is durable, or nil
	done  chan struct{}
	err   error // of the batch, once done is closed
}

// wait waits until w is durable. A nil w is.
func (w *work) wait(ctx context.Context) error {
	if w == nil {
		return nil
	}
	select {
	case <-w.done:
		return w.err
	default:
	}
	select {
	case <-w.done:
		return w.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// enqueue hands on what the core has ready. Db.mu is held.
func (db *DB) enqueue() *work {
	r, ok := db.core.Ready()
	if !ok {
		return nil
	}
	w := &work{ready: r, done: make(chan struct{})}
	db.queue = append(db.queue, w)
	select {
	case db.wake <- struct{}{}:
	default:
	}
	return w
}

// take empties the queue.
func (db *DB) take() []*work {
	db.mu.Lock()
	defer db.mu.Unlock()
	q := db.queue
	db.queue = nil
	return q
}

// write carries out what is in the queue until the DB is closed. A write that fails
// ends the store, since the core is ahead of what is durable.
func (db *DB) write(ctx context.Context) {
	var failed error
	all := func() {
		for _, w := range db.take() {
			if failed == nil {
				failed = db.carryOut(ctx, w)
			}
			w.err = failed
			if w.after != nil {
				w.after()
			}
			close(w.done)
		}
	}
	for {
		select {
		case <-db.wake:
			all()
		case <-db.closed: // since when nothing is added
			all()
			return
		}
	}
}

// carryOut makes the batch of w durable and hands on its messages and loads.
func (db *DB) carryOut(ctx context.Context, w *work) error {
	if !w.ready.Batch.IsEmpty() {
		if err := db.cfg.Engine.Batch(ctx, &w.ready.Batch); err != nil {
			err = fmt.Errorf("%w: %w", ErrFailed, err)
			db.mu.Lock()
			defer db.mu.Unlock()
			if db.failed == nil {
				db.failed = err
			}
			return err
		}
	}
	db.durable.add(w.ready.Grown, len(w.ready.Batch.Deltas) > 0)
	for _, err := range w.ready.Errors {
		db.cfg.Logger.Error("store: heal", slog.Any("error", err))
	}
	for _, e := range w.ready.Messages {
		if l := db.links[e.To]; l != nil && !l.put(e.Message) {
			db.cfg.Logger.Debug("store: message dropped, too many wait", slog.String("to", string(e.To)))
		}
	}
	for i := range w.ready.Loads {
		l := &w.ready.Loads[i]
		db.links[l.Peer()].putLoad(l)
	}
	return nil
}

// durable is the events whose effects are durable here.
type durable struct {
	mu    sync.Mutex
	set   Applied
	copy  *Applied      // of set, which nobody changes; nil if set has grown since
	moved chan struct{} // closed at the next change of an object; nil if nobody waits
}

// add puts events in, and tells those who wait for a change of an object of one.
func (d *durable) add(events *Applied, changed bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.set.Join(events) {
		d.copy, changed = nil, true
	}
	if changed && d.moved != nil {
		close(d.moved)
		d.moved = nil
	}
}

// get returns the events. The caller must not change them.
func (d *durable) get() *Applied {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.copy == nil {
		d.copy = d.set.Clone()
	}
	return d.copy
}

// next returns a channel that is closed at the next change.
func (d *durable) next() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.moved == nil {
		d.moved = make(chan struct{})
	}
	return d.moved
}
