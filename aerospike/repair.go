package aerospike

import (
	"context"
	"log/slog"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/layout"
	"github.com/dovetail-crdt/dovetail/crdt/untyped"
)

// repair merges into the record, in the background, what u lacks of what is known to
// have been in it: the record went back, in a split, a restart or by somebody's
// hand. It is done under a key of its own, like any other change.
func (v *value) repair(e *Engine, o *object, u *layout.Record) {
	e.counts.regressions.Add(1)
	fresh, _, err := v.join(u)
	if err != nil {
		return // the caller has joined u before, so it can be joined
	}
	v.mu.Lock()
	entry, err := v.lackedBy(fresh)
	v.mu.Unlock()
	if err != nil {
		v.distrust()
		e.cfg.Logger.Error("aerospike: record went back, not repaired", slog.String("key", o.key), slog.Any("error", err))
		return
	}
	e.objects.hold(o)
	started := e.start(func(e *Engine) {
		defer e.objects.done(o)
		ctx, cancel := context.WithTimeout(e.ctx, e.cfg.Timeout)
		defer cancel()
		defer v.distrust() // it may have failed, or be lost again before it was read
		if err := e.write(ctx, o, entry); err != nil {
			e.cfg.Logger.Error("aerospike: record went back, not repaired", slog.String("key", o.key), slog.Any("error", err))
			return
		}
		e.counts.mended.Add(1)
		e.cfg.Logger.Warn("aerospike: record went back, repaired", slog.String("key", o.key))
	})
	if !started {
		e.objects.done(o)
	}
}

// lackedBy returns what a state lacks of what is remembered. V.mu is held.
func (v *value) lackedBy(fresh *untyped.Object) (layout.Entry, error) {
	news, err := fresh.Strip(v.seen)
	if err != nil {
		return layout.Entry{}, err
	}
	if news == nil {
		news = untyped.NewObject(v.kind)
	}
	frame, err := news.AppendFrame(nil)
	return layout.NewEntryExcept(frame, v.readContext().unapplied), err
}

// distrust has the next read compare all of the record with what is remembered.
func (v *value) distrust() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.unsure, v.checked = true, false
}
