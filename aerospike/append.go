package aerospike

import (
	"context"
	"log/slog"
	"maps"
	"slices"

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
		f, err := e.writer.Fold(ctx, s.key)
		if err != nil {
			e.cfg.Logger.Warn("aerospike: queue not folded", slog.String("key", s.key), slog.Any("error", err))
			return
		}
		s.mu.Lock()
		s.room = min(f.Size+e.cfg.QueueSize, e.cfg.RecordSize)
		s.mu.Unlock()
		s.folded(f)
	})
}

// folded lets all that is remembered of the object follow a fold of this process.
func (s *slot) folded(f unit.Folding) {
	if f.Done == nil {
		return
	}
	s.mu.Lock()
	values := slices.Collect(maps.Values(s.values))
	s.mu.Unlock()
	for _, v := range values {
		if k, ok := v.(interface{ folded(*unit.Compaction) }); ok {
			k.folded(f.Done)
		}
	}
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
	f, err := e.writer.Fold(ctx, s.key)
	if err != nil {
		return keyError(key, err)
	}
	s.folded(f)
	return nil
}
