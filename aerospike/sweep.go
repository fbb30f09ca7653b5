package aerospike

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/record"
	"github.com/dovetail-crdt/dovetail/aerospike/internal/unit"
)

// sweepAtOnce is how many objects a Remerge looks at at a time.
const sweepAtOnce = 16

// Remerge merges again whatever of the journal the cluster lacks, and returns how
// many changes that were. The engine does it after each change of the cluster; an
// operator may ask for it after a restore. It looks before it writes, so a cluster
// that has everything is only read.
func (e *Engine) Remerge(ctx context.Context) (merged int, err error) {
	var n atomic.Int64
	var wg sync.WaitGroup
	var mu sync.Mutex
	var errs []error
	room := make(chan struct{}, sweepAtOnce)
	for key, changes := range e.journal.byKey() {
		if ctx.Err() != nil {
			break
		}
		room <- struct{}{}
		wg.Go(func() {
			defer func() { <-room }()
			m, err := e.remerge(ctx, key, changes)
			n.Add(int64(m))
			if err != nil {
				mu.Lock()
				errs = append(errs, keyError(key, err))
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if err := ctx.Err(); err != nil {
		errs = append(errs, err)
	}
	return int(n.Load()), errors.Join(errs...)
}

// remerge merges those of an object's changes that its record does not contain.
// That it covers their dots says nothing: what they ended may be alive.
func (e *Engine) remerge(ctx context.Context, key string, changes []kept) (merged int, err error) {
	s, ctx, done, err := e.enter(ctx, key)
	if err != nil {
		return 0, err
	}
	defer done()
	u, err := e.writer.Read(ctx, key, true)
	if err != nil {
		return 0, err
	}
	f, damaged, err := unit.Fold(unit.NewState(e.cfg.Kinds), u)
	if err != nil {
		return 0, record.Corrupt("%w", err)
	}
	if damaged != nil {
		e.cfg.Logger.Error("aerospike: damaged entry", slog.String("key", key), slog.Any("error", damaged))
	}
	for _, c := range changes {
		o, err := f.State.Decode(c.entry.Frame)
		if err != nil || !f.State.Contains(o) {
			if err := e.write(ctx, s, c.entry); err != nil {
				return merged, err
			}
			e.counts.remerged.Add(1)
			merged++
		}
		if c.left {
			e.journal.settled(c.ticket, e.cfg.Now())
		}
	}
	return merged, nil
}
