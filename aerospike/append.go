package aerospike

import (
	"context"
	"log/slog"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/layout"
)

// append puts entries into the object's queue and returns its length. The caller
// has the turn to write. If that made the queue long, it is folded in the
// background.
func (e *Engine) append(ctx context.Context, o *object, entries []layout.Entry, g layout.Guard) (queued int, err error) {
	o.mu.Lock()
	g.MaxSize = o.room
	o.mu.Unlock()
	queued, err = e.writer.Load().Append(ctx, o.key, entries, g)
	if err != nil {
		return 0, err
	}
	e.counts.appends.Add(1)
	// Of all writers, the one whose change crossed a multiple of the length folds;
	// if that fails, another will.
	if l := e.cfg.QueueLength; queued/l > (queued-len(entries))/l {
		e.fold(o) //nolint:contextcheck // it outlives this write
	}
	return queued, nil
}

// fold folds the object's queue in the background, unless that is going on.
func (e *Engine) fold(o *object) {
	if !o.compacting.CompareAndSwap(false, true) {
		return
	}
	e.start(func(e *Engine) {
		defer o.compacting.Store(false)
		ctx, cancel := context.WithTimeout(e.ctx, e.cfg.Timeout)
		defer cancel()
		f, err := e.writer.Load().Fold(ctx, o.key)
		if err != nil {
			e.cfg.Logger.Warn("aerospike: queue not folded", slog.String("key", o.key), slog.Any("error", err))
			return
		}
		o.mu.Lock()
		o.room = f.Size + e.cfg.QueueSize // the writer sees to the limit
		o.mu.Unlock()
		o.folded(f)
	})
}

// folded lets all that is remembered of the object follow a fold of this process.
func (o *object) folded(f layout.Folding) {
	if f.Done == nil {
		return
	}
	for _, v := range o.remembered() {
		v.folded(f.Done)
	}
}

// Fold folds the queue of an object's record into its snapshot now. The engine does
// so by itself when a queue becomes long; a tool may do it for all before a quiet
// time.
func (e *Engine) Fold(ctx context.Context, key string) error {
	o, ctx, done, err := e.enter(ctx, key)
	if err != nil {
		return keyError(key, err)
	}
	defer done()
	f, err := e.writer.Load().Fold(ctx, o.key)
	if err != nil {
		return keyError(key, err)
	}
	o.folded(f)
	return nil
}
