package aerospike

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/layout"
	"github.com/dovetail-crdt/dovetail/aerospike/internal/record"
)

// sweepAtOnce is how many objects a Remerge looks at at a time.
const sweepAtOnce = 16

// Remerge merges again whatever the cluster lacks of the changes that this process
// keeps (Config.KeepTime), and returns how many those were. The engine does it after each change of the cluster; an
// operator may ask for it after a restore. It looks before it writes, so a cluster
// that has everything is only read.
func (e *Engine) Remerge(ctx context.Context) (merged int, err error) {
	var n atomic.Int64
	var wg sync.WaitGroup
	var mu sync.Mutex
	var errs []error
	room := make(chan struct{}, sweepAtOnce)
	for key, changes := range e.ledger.byKey() {
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
func (e *Engine) remerge(ctx context.Context, key string, changes []*change) (merged int, err error) {
	o, ctx, done, err := e.enter(ctx, key)
	if err != nil {
		return 0, err
	}
	defer done()
	u, err := e.writer.Load().Read(ctx, key, true)
	if err != nil {
		return 0, err
	}
	f, damaged, err := layout.Fold(layout.NewState(e.kinds()), u)
	if err != nil {
		return 0, record.Corrupt("%w", err)
	}
	if damaged != nil {
		e.cfg.Logger.Error("aerospike: damaged entry", slog.String("key", key), slog.Any("error", damaged))
	}
	for _, c := range changes {
		entry, _, is := e.ledger.toMerge(c)
		d, err := f.State.Decode(entry.Frame)
		if err != nil || !f.State.Contains(d) {
			if err := e.remergeOne(ctx, o, c, entry, is); err != nil {
				return merged, err
			}
			merged++
		}
		if c.isOurs() { // who numbered it has to learn of it too
			continue
		}
		if is == stateDropping {
			e.ledger.dropped(c, e.cfg.Now())
		} else {
			e.ledger.acknowledge(c, e.cfg.Now())
		}
	}
	return merged, nil
}

// remergeOne merges a change, or its revocation, once the journal has what was decided
// about it.
func (e *Engine) remergeOne(ctx context.Context, o *object, c *change, entry layout.Entry, is changeState) error {
	if is.isOpen() {
		if err := e.ledger.persist(ctx, c); err != nil {
			return err
		}
	}
	if err := e.write(ctx, o, entry); err != nil {
		return err
	}
	e.counts.remerged.Add(1)
	return nil
}
