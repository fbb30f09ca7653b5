package aerospike

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/unit"
)

// keeper keeps the changes that this process issued: those in doubt until they are
// settled, and those that the cluster has acknowledged for a time. An acknowledged
// change can still be lost with the record's version that had it: in a split that
// heals to the other side, in a restart that loads an older one. Then this is where
// it is. With a Journal it is also on disk; see keeper_disk.go.
type keeper struct {
	keep  time.Duration // how long after the acknowledgement
	bytes int           // how much of that, at most

	mu      sync.Mutex
	next    ticket
	entries map[ticket]*journaled
	acked   []ticket // in the order of their acknowledgement
	size    int      // of acked

	disk *disk // nil: none
}

// ticket names a change in a keeper.
type ticket uint64

type journaled struct {
	key   string
	entry unit.Entry
	known bool      // what became of the first attempts: false while it is on its way
	acked time.Time // zero: in doubt
	by    author
	left  bool // issued by the process before, so nobody here waits for it

	round *round // that brings it to the disk
}

func newKeeper(keep time.Duration, bytes int) *keeper {
	return &keeper{keep: keep, bytes: bytes, entries: make(map[ticket]*journaled)}
}

// add takes in a change that is about to be sent, when kept says so. By is its author,
// if that is this process.
func (j *keeper) add(key string, entry unit.Entry, by author) ticket {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.next++
	e := &journaled{key: key, entry: entry, by: by}
	j.entries[j.next] = e
	if j.disk != nil {
		j.disk.add(j.next, e)
		j.disk.run(j)
	}
	return j.next
}

// settled takes note that the cluster acknowledged a change at that time, and lets
// go of what has been kept long enough.
func (j *keeper) settled(t ticket, now time.Time) {
	j.mu.Lock()
	defer j.mu.Unlock()
	e := j.entries[t]
	if e == nil || !e.acked.IsZero() {
		return
	}
	e.acked, e.known = now, true
	j.count(t, e)
	if j.disk != nil {
		j.disk.put(ackedRow(t, now)) // with what comes next: without it, it is merged again
	}
	j.trim(now)
}

// count takes in a change that was acknowledged. J.mu is held.
func (j *keeper) count(t ticket, e *journaled) {
	j.acked = append(j.acked, t)
	j.size += len(e.entry.Frame) + len(e.key)
}

// trim lets go of what has been kept long enough, or is too much. J.mu is held.
func (j *keeper) trim(now time.Time) {
	n := 0
	for n < len(j.acked) {
		t := j.acked[n]
		old := j.entries[t]
		if j.size <= j.bytes && now.Sub(old.acked) < j.keep {
			break
		}
		j.size -= len(old.entry.Frame) + len(old.key)
		j.drop(t)
		n++
	}
	j.acked = j.acked[n:]
}

// drop takes a change out. J.mu is held.
func (j *keeper) drop(t ticket) {
	delete(j.entries, t)
	if j.disk != nil {
		j.disk.put(gone(rowEntry, t))
		j.disk.put(gone(rowFate, t))
		j.disk.runIfMany(j)
	}
}

// acknowledged takes in a change that somebody else issued, and that the cluster has
// acknowledged.
func (j *keeper) acknowledged(key string, entry unit.Entry, now time.Time) {
	j.settled(j.add(key, entry, author{}), now)
}

// doubted takes note that it is not known whether a change was applied.
func (j *keeper) doubted(t ticket) {
	j.mu.Lock()
	defer j.mu.Unlock()
	e := j.entries[t]
	if e == nil || e.known {
		return
	}
	e.known = true
	if j.disk != nil {
		j.disk.put(doubtRow(t))
		j.disk.run(j)
	}
}

// forget takes out a change that was surely not applied, or was revoked. It returns
// when a process that comes after this one will not find it either.
func (j *keeper) forget(t ticket) {
	j.mu.Lock()
	e := j.entries[t]
	if e == nil {
		j.mu.Unlock()
		return
	}
	if !e.acked.IsZero() { // it was settled while it was being abandoned
		j.acked = slices.DeleteFunc(j.acked, func(o ticket) bool { return o == t })
		j.size -= len(e.entry.Frame) + len(e.key)
	}
	j.drop(t)
	var r *round
	if j.disk != nil {
		r = j.disk.forget(t, e.by)
		j.disk.run(j)
	}
	j.mu.Unlock()
	r.wait()
}

// kept is a change with its ticket.
type kept struct {
	ticket ticket
	entry  unit.Entry
	left   bool
}

// byKey returns the changes of each object that may be missing, oldest first. One
// that is on its way is not among them: it may be refused yet, and its number be used
// as if it had never been. They must not be changed.
func (j *keeper) byKey() map[string][]kept {
	j.mu.Lock()
	defer j.mu.Unlock()
	m := make(map[string][]kept)
	for _, t := range slices.Sorted(maps.Keys(j.entries)) {
		if e := j.entries[t]; e.known {
			m[e.key] = append(m[e.key], kept{t, e.entry, e.left})
		}
	}
	return m
}
