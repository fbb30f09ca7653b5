package aerospike

import (
	"fmt"
	"log/slog"
	"maps"
	"slices"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/system"
	"github.com/dovetail-crdt/dovetail/clock"
)

// resume takes up the journal: the identity of the process before, if it is proven
// that it may go on, and its changes in any case. The engine is not used yet.
func (e *Engine) resume(fresh clock.ReplicaID) error {
	j := e.cfg.Journal
	l, err := load(j)
	if err != nil {
		return err
	}
	where := e.cfg.Namespace + "/" + setOf(e.cfg.Set, e.cfg.DC)
	if l.where != "" && l.where != where {
		return fmt.Errorf("%w: it is that of %s, not of %s", ErrJournal, l.where, where)
	}
	why := j.Proven()
	if l.replica != 0 && why == nil {
		e.replica.resume(l)
	} else {
		if l.replica != 0 {
			e.cfg.Logger.Warn("aerospike: not the replica of the last start",
				slog.String("was", l.replica.String()), slog.String("is", fresh.String()), slog.Any("reason", why))
		}
		l.forsake()
	}
	rows := []JournalRow{identity{e.replica.id, where}.row(), e.replica.head()}
	for _, key := range l.stale {
		rows = append(rows, JournalRow{Key: key})
	}
	if err := j.Write(rows); err != nil {
		return fmt.Errorf("%w: %w", ErrJournal, err)
	}
	e.journal.resume(l, e)
	return nil
}

// resume goes on as the replica that is left.
func (r *replica) resume(l *left) {
	r.id, r.seq, r.last = l.replica, l.seq, l.last
	if err := r.hlc.UnmarshalBinary(l.clock); err != nil {
		panic(fmt.Sprintf("aerospike: clock %x, which was read: %v", l.clock, err))
	}
}

// head returns how far the replica has counted.
func (r *replica) head() JournalRow {
	r.mu.Lock()
	defer r.mu.Unlock()
	at, err := r.hlc.MarshalBinary()
	if err != nil {
		panic(fmt.Sprintf("aerospike: a clock that cannot be written: %v", err)) // documented not to happen
	}
	return headRow(r.seq, at)
}

// resume takes in the changes that are left. All that is not known to be in the
// cluster is in doubt now.
func (j *keeper) resume(l *left, e *Engine) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.next, j.entries = l.next, l.entries
	j.disk = &disk{
		journal: e.cfg.Journal, replica: e.replica, log: e.cfg.Logger,
		own:   l.own,
		start: func(f func()) bool { return e.start(func(*Engine) { f() }) },
	}
	for _, t := range slices.Sorted(maps.Keys(j.entries)) {
		if c := j.entries[t]; c.acked.IsZero() {
			c.known = true
		} else {
			j.count(t, c)
		}
	}
	slices.SortStableFunc(j.acked, func(a, b ticket) int { return j.entries[a].acked.Compare(j.entries[b].acked) })
	j.trim(e.cfg.Now())
}

// catchUp merges what the process before left until the cluster has it all.
func (e *Engine) catchUp() {
	for {
		n, err := e.Remerge(e.ctx)
		if err == nil {
			e.cfg.Logger.Info("aerospike: journal of the last start merged", slog.Int("lost", n))
			return
		}
		e.cfg.Logger.Warn("aerospike: journal of the last start not merged", slog.Any("error", err))
		if system.Pause(e.ctx, doubtWait) != nil {
			return
		}
	}
}
