package aerospike

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/unit"
)

// journal keeps the changes that this process issued: those in doubt until they
// are settled, and those that the cluster has acknowledged for a time. An
// acknowledged change can still be lost with the record's version that had it: in
// a split that heals to the other side, in a restart that loads an older one. Then
// this is where it is.
type journal struct {
	keep  time.Duration // how long after the acknowledgement
	bytes int           // how much of that, at most

	mu      sync.Mutex
	next    ticket
	entries map[ticket]*journaled
	acked   []ticket // in the order of their acknowledgement
	size    int      // of acked
}

// ticket names an entry of a journal.
type ticket uint64

type journaled struct {
	key   string
	entry unit.Entry
	known bool      // what became of the first attempts: false while it is on its way
	acked time.Time // zero: in doubt
}

func newJournal(keep time.Duration, bytes int) *journal {
	return &journal{keep: keep, bytes: bytes, entries: make(map[ticket]*journaled)}
}

// add takes in a change that is about to be sent.
func (j *journal) add(key string, entry unit.Entry) ticket {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.next++
	j.entries[j.next] = &journaled{key: key, entry: entry}
	return j.next
}

// settled takes note that the cluster acknowledged a change at that time, and lets
// go of what has been kept long enough.
func (j *journal) settled(t ticket, now time.Time) {
	j.mu.Lock()
	defer j.mu.Unlock()
	e := j.entries[t]
	if e == nil || !e.acked.IsZero() {
		return
	}
	e.acked, e.known = now, true
	j.acked = append(j.acked, t)
	j.size += len(e.entry.Frame) + len(e.key)
	n := 0
	for n < len(j.acked) {
		old := j.entries[j.acked[n]]
		if j.size <= j.bytes && now.Sub(old.acked) < j.keep {
			break
		}
		j.size -= len(old.entry.Frame) + len(old.key)
		delete(j.entries, j.acked[n])
		n++
	}
	j.acked = j.acked[n:]
}

// doubted takes note that it is not known whether a change was applied.
func (j *journal) doubted(t ticket) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if e := j.entries[t]; e != nil {
		e.known = true
	}
}

// forget takes out a change that was surely not applied.
func (j *journal) forget(t ticket) {
	j.mu.Lock()
	defer j.mu.Unlock()
	delete(j.entries, t)
}

// byKey returns the changes of each object that may be missing, oldest first. One
// that is on its way is not among them: it may be refused yet, and its number be used
// as if it had never been. They must not be changed.
func (j *journal) byKey() map[string][]unit.Entry {
	j.mu.Lock()
	defer j.mu.Unlock()
	m := make(map[string][]unit.Entry)
	for _, t := range slices.Sorted(maps.Keys(j.entries)) {
		e := j.entries[t]
		if !e.known {
			continue
		}
		m[e.key] = append(m[e.key], e.entry)
	}
	return m
}
