package aerospike

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/system"
)

// scrub goes round over the objects that the process remembers or keeps changes of, for
// as long as the engine is open. A record can go back while nobody reads
// it and the cluster stays the same: it is restored by hand, or XDR brings back an
// old copy. A reader mends what it finds so, and the watch what comes with a change
// of the cluster; the rest is found here, within two rounds.
func (e *Engine) scrub() {
	err := system.Pause(e.ctx, e.cfg.Scrub) // engines opened together do not go round together
	for err == nil {
		err = e.scrubRound(e.ctx)
	}
}

// scrubRound looks at each object once, at a steady pace. The error is that of a
// context that ended.
func (e *Engine) scrubRound(ctx context.Context) error {
	kept := e.ledger.byKey()
	keys := e.objects.keys()
	maps.Insert(keys, maps.All(kept))
	var failed []error
	if err := e.restoreBlocks(ctx); err != nil {
		failed = append(failed, err)
	}
	for key := range keys {
		if err := system.Sleep(ctx, e.scrubEvery(len(keys))); err != nil {
			return err
		}
		if err := e.scrubObject(ctx, key, kept[key]); err != nil {
			failed = append(failed, keyError(key, err))
		}
		delete(kept, key) // what the journal has let go of is not kept for longer than that
	}
	e.counts.scrubs.Add(1)
	if len(failed) > 0 && ctx.Err() == nil {
		e.cfg.Logger.Warn("aerospike: scrub failed of some objects, comes again",
			slog.Int("failed", len(failed)), slog.Int("of", len(keys)), slog.Any("first", failed[0]))
	}
	if len(keys) == 0 {
		return system.Sleep(ctx, e.cfg.Scrub)
	}
	return ctx.Err()
}

// scrubEvery returns the time for each of n objects.
func (e *Engine) scrubEvery(n int) time.Duration {
	return max(e.cfg.Scrub/time.Duration(n), time.Second/time.Duration(e.cfg.ScrubRate))
}

// scrubObject compares an object's record with what is remembered of it and with
// its changes in the journal, and has it mended if it lacks any of that. It only
// reads what no user has read since it last came by.
func (e *Engine) scrubObject(ctx context.Context, key string, kept []*change) error {
	o, ctx, done, err := e.enter(ctx, key)
	if err != nil {
		return err
	}
	defer done()
	remembered := o.remembered()
	// What is remembered has nearly all of them, and is compared anyway. But it may
	// have them from a copy elsewhere, where they are not safe.
	if !e.records.Others() {
		kept = slices.DeleteFunc(kept, func(j *change) bool {
			entry, _, _ := e.ledger.toMerge(j)
			return slices.ContainsFunc(remembered, func(r *value) bool { return r.has(entry.Frame) })
		})
	}
	var errs []error
	if len(kept) > 0 {
		e.counts.scrubbed.Add(1)
		n, err := e.remerge(ctx, key, kept)
		if n > 0 {
			e.cfg.Logger.Warn("aerospike: record went back, changes of the journal merged again", slog.String("key", key), slog.Int("lost", n))
		}
		errs = append(errs, err)
	}
	for _, r := range remembered {
		errs = append(errs, r.scrub(ctx, e, o))
	}
	return errors.Join(errs...)
}

// scrub reads the newest copy of the record, takes it in and has it mended if it
// is behind, unless a user's read did so since the last scrub.
func (v *value) scrub(ctx context.Context, e *Engine, o *object) error {
	if v.uncheck() {
		return nil
	}
	e.counts.scrubbed.Add(1)
	v.distrust()
	defer v.uncheck() // this was no user
	return v.read(ctx, e, o, true)
}

// uncheck reports whether there is nothing to look for: the record had all that is
// remembered when it was last read, or nothing is. Next time there is.
func (v *value) uncheck() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	was := v.checked || !v.isSome()
	v.checked = false
	return was
}
