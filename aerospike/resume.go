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
		l.disown()
	}
	rows := []JournalRow{identity{e.replica.id, where}.row(), e.replica.head()}
	for _, key := range l.stale {
		rows = append(rows, JournalRow{Key: key})
	}
	rows = append(rows, l.doubt()...)
	if err := j.Write(rows); err != nil {
		return fmt.Errorf("%w: %w", ErrJournal, err)
	}
	e.ledger.resume(l, e)
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

// resume takes in the changes that are left.
func (l *ledger) resume(of *left, e *Engine) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.next, l.changes = of.next, of.changes
	for name, parts := range of.own {
		l.own[name] = &ownRows{name: name, left: parts}
	}
	l.figures.changes.Store(int64(len(l.changes)))
	l.disk = &journalQueue{
		journal: e.cfg.Journal, replica: e.replica, log: e.cfg.Logger,
		start: func(f func()) bool { return e.start(func(*Engine) { f() }) },
	}
	for _, t := range slices.Sorted(maps.Keys(l.changes)) {
		c := l.changes[t]
		if c.state.isResolved() {
			l.resolved = append(l.resolved, c)
			l.figures.size.Add(int64(c.size()))
			continue
		}
		l.open(c)
	}
	slices.SortStableFunc(l.resolved, func(a, b *change) int { return a.resolved.Compare(b.resolved) })
	l.trim(e.cfg.Now())
}

// catchUp merges what the process before left, and what the cluster has lost of what it
// had, until the cluster has it all.
func (e *Engine) catchUp() {
	for wait := openWait; ; wait = min(2*wait, openWaitMost) {
		n, err := e.Remerge(e.ctx)
		if err == nil {
			e.cfg.Logger.Info("aerospike: journal of the last start merged", slog.Int("lost", n))
			return
		}
		e.cfg.Logger.Warn("aerospike: journal of the last start not merged", slog.Any("error", err))
		if system.Pause(e.ctx, wait) != nil {
			return
		}
	}
}
