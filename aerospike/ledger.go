package aerospike

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/layout"
	"github.com/dovetail-crdt/dovetail/crdt/untyped"
)

// ErrTooManyInDoubt means that so many changes are in doubt already (Config.MaxInDoubt,
// Config.MaxInDoubtSize) that an Update was refused before it ran. Nothing has changed.
var ErrTooManyInDoubt = errors.New("aerospike: too many changes in doubt")

// ledger owns the changes of this process: those on their way, those in doubt until
// they are resolved, and those that the cluster has acknowledged, for a time. An
// acknowledged change can still be lost with the record's version that had it: in a
// split that heals to the other side, in a restart that loads an older one. Then this
// is where it is. With a Journal it is also on disk; see ledger_journal.go.
//
// The order of locks: value.mu, then ledger.mu, then replica.mu or Engine.mu;
// objectCache.mu, then replica.mu. Whoever has objectCache.mu or object.mu takes none of
// value.mu, ledger.mu and Engine.mu, and the other way round. Nothing waits, and no code of
// a user runs, under any of them. The turns to update an object and to write to it
// (object.turn, object.writing) are waited for with a context and with no lock held.
type ledger struct {
	keep     time.Duration // how long after the acknowledgement
	bytes    int           // how much of that, at most
	maxOpen  int           // in doubt, and their bytes
	maxBytes int

	mu       sync.Mutex
	next     ticket
	changes  map[ticket]*change
	doubts   map[ticket]*change // those that are open
	resolved []*change          // in the order in which they were resolved
	disk     *journalQueue
	own      map[ownName]*ownRows
	cut      <-chan struct{} // closed when nobody waits for the disk any more

	figures struct {
		changes, size   atomic.Int64 // all, and the bytes of those resolved
		open, openBytes atomic.Int64
	}
}

func newLedger(cfg *Config, cut <-chan struct{}) *ledger {
	return &ledger{
		cut:  cut,
		keep: cfg.KeepTime, bytes: cfg.KeepSize, changes: make(map[ticket]*change), doubts: make(map[ticket]*change),
		own:     make(map[ownName]*ownRows),
		maxOpen: cfg.MaxInDoubt, maxBytes: cfg.MaxInDoubtSize,
	}
}

// admit fails if there is no room for another change that may end in doubt.
func (l *ledger) admit() error {
	n, size := l.figures.open.Load(), l.figures.openBytes.Load()
	if n >= int64(l.maxOpen) || size >= int64(l.maxBytes) {
		return fmt.Errorf("%w: %d, of %d bytes", ErrTooManyInDoubt, n, size)
	}
	return nil
}

// number takes in a change that this process has just numbered: one of v, whose
// transactions build on it from now on. It may be sent when persist says so.
func (l *ledger) number(c *change) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.take(c)
	c.value.pending = append(c.value.pending, c)
	if l.disk == nil {
		c.state = stateSent
		return
	}
	l.disk.add(c)
	l.disk.run(l)
}

// take gives a change its ticket. L.mu is held.
func (l *ledger) take(c *change) {
	l.next++
	c.ticket, c.rowKey = l.next, changeKey(l.next)
	l.changes[c.ticket] = c
	l.figures.changes.Add(1)
}

// acknowledge takes note that the cluster has c, and reports whether c became kept by
// that. If it is being dropped, it still is.
func (l *ledger) acknowledge(c *change, now time.Time) (became bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch c.state {
	case stateDoubted:
		l.close(c)
	case stateNumbered, stateSent:
	case stateKept, stateDropping, stateDropped, stateRefused:
		return false
	}
	l.resolve(c, stateKept, now)
	return true
}

// keepForeign takes in a change that somebody else issued, and that the cluster has
// acknowledged.
func (l *ledger) keepForeign(key string, entry layout.Entry, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := &change{key: key, entry: entry}
	l.take(c)
	l.resolve(c, stateKept, now)
}

// doubt takes note that nobody can tell whether c was applied.
func (l *ledger) doubt(c *change) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c.state = stateDoubted
	l.open(c)
	l.put(c)
	l.run()
}

// drop decides that a change in doubt is dropped, unless it is decided, and returns
// what it is now.
func (l *ledger) drop(c *change, r *revocation) changeState {
	l.mu.Lock()
	defer l.mu.Unlock()
	if c.state == stateDoubted {
		c.state, c.revocation = stateDropping, r
		l.put(c)
		l.run()
	}
	return c.state
}

// dropped takes note that the cluster has the revocation of c, and reports whether it
// is the first to say so.
func (l *ledger) dropped(c *change, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if c.state != stateDropping {
		return false
	}
	l.close(c)
	l.resolve(c, stateDropped, now)
	return true
}

// refuse lets go of a change that was surely not applied, and returns the round after
// which a process that comes after this one will not find it either.
func (l *ledger) refuse(c *change) *round {
	l.mu.Lock()
	defer l.mu.Unlock()
	if c.state != stateNumbered && c.state != stateSent {
		panic(fmt.Sprintf("aerospike: change %d is %v and cannot be refused", c.ticket, c.state))
	}
	c.state = stateRefused
	l.detach(c)
	l.forget(c)
	if l.disk == nil {
		return nil
	}
	r := l.disk.refuse(c)
	l.disk.run(l)
	return r
}

// stateOf returns what c is now.
func (l *ledger) stateOf(c *change) changeState {
	l.mu.Lock()
	defer l.mu.Unlock()
	return c.state
}

// toMerge returns what is merged for c as it is now: itself, or its revocation.
func (l *ledger) toMerge(c *change) (layout.Entry, *revocation, changeState) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if c.revocation != nil {
		return c.revocation.entry, c.revocation, c.state
	}
	return c.entry, nil, c.state
}

// pendingOf returns what transactions on v build on beside what the cluster is known
// to have: the changes whose fate is open, and the revocations of those that are being
// dropped. V.mu is held, so none of them is resolved meanwhile.
func (l *ledger) pendingOf(v *value) []*untyped.Object {
	l.mu.Lock()
	defer l.mu.Unlock()
	deltas := make([]*untyped.Object, 0, len(v.pending))
	for _, c := range v.pending {
		if c.revocation != nil {
			deltas = append(deltas, c.revocation.delta)
		} else {
			deltas = append(deltas, c.delta)
		}
	}
	return deltas
}

// resolve makes a change one that the cluster has acknowledged, and lets go of what
// was kept for long enough. L.mu is held.
func (l *ledger) resolve(c *change, as changeState, now time.Time) {
	c.state, c.resolved = as, now
	l.detach(c)
	l.resolved = append(l.resolved, c)
	l.figures.size.Add(int64(c.size()))
	l.put(c) // with what comes next: without it, it is merged again
	l.trim(now)
}

// detach takes a change from the object whose transactions built on it. L.mu is held.
func (l *ledger) detach(c *change) {
	if v := c.value; v != nil {
		if i := slices.Index(v.pending, c); i >= 0 {
			v.pending = slices.Delete(v.pending, i, i+1)
		}
	}
	c.object, c.value, c.delta = nil, nil, nil
}

// open and close count a change as one in doubt. L.mu is held.
func (l *ledger) open(c *change) {
	l.doubts[c.ticket] = c
	l.figures.open.Add(1)
	l.figures.openBytes.Add(int64(c.size()))
}

func (l *ledger) close(c *change) {
	delete(l.doubts, c.ticket)
	l.figures.open.Add(-1)
	l.figures.openBytes.Add(-int64(c.size()))
}

// trim lets go of what has been kept long enough, or is too much. L.mu is held.
func (l *ledger) trim(now time.Time) {
	n := 0
	for ; n < len(l.resolved); n++ {
		old := l.resolved[n]
		if l.figures.size.Load() <= int64(l.bytes) && now.Sub(old.resolved) < l.keep {
			break
		}
		l.figures.size.Add(-int64(old.size()))
		l.forget(old)
		if l.disk != nil {
			l.disk.forget(old)
			l.disk.runIfMany(l)
		}
		l.resolved[n] = nil
	}
	l.resolved = l.resolved[n:]
}

// forget takes a change out. L.mu is held.
func (l *ledger) forget(c *change) {
	delete(l.changes, c.ticket)
	l.figures.changes.Add(-1)
}

// byKey returns the changes of each object that may be missing, oldest first. One
// that is on its way is not among them: it may be refused yet, and its number be used
// as if it had never been.
func (l *ledger) byKey() map[string][]*change {
	l.mu.Lock()
	defer l.mu.Unlock()
	m := make(map[string][]*change)
	for _, t := range slices.Sorted(maps.Keys(l.changes)) {
		if c := l.changes[t]; c.state.isOpen() || c.state.isResolved() {
			m[c.key] = append(m[c.key], c)
		}
	}
	return m
}
