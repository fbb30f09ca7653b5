package mirror

import (
	"encoding/binary"
	"errors"
	"sync"
	"time"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/cluster"
	"github.com/dovetail-crdt/dovetail/aerospike/internal/layout"
	"github.com/dovetail-crdt/dovetail/aerospike/internal/record"
	"github.com/dovetail-crdt/dovetail/crdt"
)

// undelivered are the objects that are known not to have arrived, because they cannot be
// copied, and since when that is known. What failed for a moment is not among
// them: the cursor of its group stays before it.
type undelivered struct {
	mu      sync.Mutex
	objects map[objectID]undeliveredObject
}

type objectID struct {
	set    string
	digest [20]byte
}

type undeliveredObject struct {
	key    string // empty: it has none of ours
	since  time.Time
	reason reason
}

// reason is why an object cannot be copied.
type reason uint8

const (
	failing    reason = iota // it may pass: whatever failed, failed again and again
	damaged                  // a part of it cannot be read
	tooLarge                 // what the clusters have of it is together larger than a record may be
	incomplete               // a block of it is missing
	foreign                  // the record is not one of ours
	reasons                  // how many there are
)

// reasonOf returns why an object was not copied. All but failing are of the object itself,
// so that trying again soon would be of no use.
func reasonOf(r *record.Found, err error) reason {
	switch {
	case r.Bad != nil:
		return foreign
	case errors.Is(err, record.ErrCorrupt), errors.Is(err, crdt.ErrCorrupt):
		return damaged
	case errors.Is(err, layout.ErrTooLarge):
		return tooLarge
	case errors.Is(err, layout.ErrIncomplete):
		return incomplete
	}
	return failing
}

// maxUndelivered is how many are remembered. What comes after is younger.
const maxUndelivered = 1 << 16

// add takes note of an object and why it was not copied, and reports whether that is new.
func (u *undelivered) add(set string, r *record.Found, why reason, now time.Time) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	id := objectID{set, r.Digest}
	if old, known := u.objects[id]; known {
		u.objects[id] = undeliveredObject{old.key, old.since, why}
		return why != old.reason
	}
	if len(u.objects) >= maxUndelivered {
		return false
	}
	if u.objects == nil {
		u.objects = make(map[objectID]undeliveredObject)
	}
	u.objects[id] = undeliveredObject{r.Key, now, why}
	return true
}

// remove takes note of an object that has been copied.
func (u *undelivered) remove(set string, digest [20]byte) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.objects, objectID{set, digest})
}

// in returns the objects that are in some partitions.
func (u *undelivered) in(set string, first, count int) (rs []record.Found) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for id, o := range u.objects {
		if p := partitionOf(id.digest); id.set == set && p >= first && p < first+count {
			rs = append(rs, record.Found{Key: o.key, Digest: id.digest})
		}
	}
	return rs
}

// partitionOf returns the partition that a record is in.
func partitionOf(digest [20]byte) int {
	return int(binary.LittleEndian.Uint16(digest[:])) % cluster.Partitions
}

// count returns how many there are for each reason, and since when the first of them.
func (u *undelivered) count() (n [reasons]int, since time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, o := range u.objects {
		since = earlier(since, o.since)
		n[o.reason]++
	}
	return n, since
}
