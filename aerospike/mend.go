package aerospike

import (
	"context"
	"log/slog"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/unit"
	"github.com/dovetail-crdt/dovetail/crdt"
)

// mend merges into the record, in the background, what u lacks of what is known to
// have been in it: the record went back, in a split, a restart or by somebody's
// hand. It is done under a key of its own, like any other change.
func (k *known[S]) mend(e *Engine, s *slot, u *unit.Unit) {
	e.counts.regressions.Add(1)
	fresh, _, err := k.join(u)
	if err != nil {
		return // it was joined a moment ago
	}
	k.mu.Lock()
	frame, err := crdt.AppendFrame(nil, k.kind, crdt.Strip(fresh, k.seen))
	entry := unit.NewEntryExcept(frame, k.sight().unapplied)
	k.mu.Unlock()
	if err != nil {
		k.doubt()
		e.cfg.Logger.Error("aerospike: record went back, not mended", slog.String("key", s.key), slog.Any("error", err))
		return
	}
	e.slots.hold(s)
	started := e.start(func(e *Engine) {
		defer e.slots.done(s)
		ctx, cancel := context.WithTimeout(e.ctx, e.cfg.Timeout)
		defer cancel()
		defer k.doubt() // it may have failed, or be lost again before it was read
		if err := e.write(ctx, s, entry); err != nil {
			e.cfg.Logger.Error("aerospike: record went back, not mended", slog.String("key", s.key), slog.Any("error", err))
			return
		}
		e.counts.mended.Add(1)
		e.cfg.Logger.Warn("aerospike: record went back, mended", slog.String("key", s.key))
	})
	if !started {
		e.slots.done(s)
	}
}

// doubt has the next read compare all of the record with what is remembered.
func (k *known[S]) doubt() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.unsure, k.checked = true, false
}
