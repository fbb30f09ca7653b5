package aerospike

import (
	"context"
	"log/slog"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/unit"
)

// append puts entries into the object's queue and returns its length. The caller
// has the turn to write. If that made the queue long, it is folded in the
// background.
func (e *Engine) append(ctx context.Context, s *slot, entries []unit.Entry, g unit.Guard) (queued int, err error) {
	s.mu.Lock()
	g.MaxSize = s.room
	s.mu.Unlock()
	queued, err = e.writer.Append(ctx, s.key, entries, g)
	if err != nil {
		return 0, err
	}
	e.counts.appends.Add(1)
	// Of all writers, the one whose change crossed a multiple of the length folds;
	// if that fails, another will.
	if l := e.cfg.QueueLength; queued/l > (queued-len(entries))/l {
		e.fold(s) //nolint:contextcheck // it outlives this write
	}
	return queued, nil
}

// fold folds the object's queue in the background, unless that is going on.
func (e *Engine) fold(s *slot) {
	if !s.compacting.CompareAndSwap(false, true) {
		return
	}
	e.start(func(e *Engine) {
		defer s.compacting.Store(false)
		ctx, cancel := context.WithTimeout(e.ctx, e.cfg.Timeout)
		defer cancel()
		size, err := e.writer.Compact(ctx, s.key, nil)
		if err != nil {
			e.cfg.Logger.Warn("aerospike: queue not folded", slog.String("key", s.key), slog.Any("error", err))
			return
		}
		s.mu.Lock()
		s.room = min(size+e.cfg.QueueSize, e.cfg.RecordSize)
		s.mu.Unlock()
	})
}

// Fold folds the queue of an object's record into its snapshot now. The engine does
// so by itself when a queue becomes long; a tool may do it for all before a quiet
// time.
func (e *Engine) Fold(ctx context.Context, key string) error {
	s, ctx, done, err := e.enter(ctx, key)
	if err != nil {
		return keyError(key, err)
	}
	defer done()
	if _, err := e.writer.Compact(ctx, s.key, nil); err != nil {
		return keyError(key, err)
	}
	return nil
}
