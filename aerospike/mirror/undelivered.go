package mirror

import (
	"encoding/binary"
	"sync"
	"time"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/cluster"
	"github.com/dovetail-crdt/dovetail/aerospike/internal/record"
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
	key   string // empty: it has none of ours
	since time.Time
}

// maxUndelivered is how many are remembered. What comes after is younger.
const maxUndelivered = 1 << 16

// add takes note of an object, and reports whether that is new.
func (u *undelivered) add(set string, r *record.Found, now time.Time) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	id := objectID{set, r.Digest}
	if _, known := u.objects[id]; known || len(u.objects) >= maxUndelivered {
		return false
	}
	if u.objects == nil {
		u.objects = make(map[objectID]undeliveredObject)
	}
	u.objects[id] = undeliveredObject{r.Key, now}
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

// oldest returns how many there are, and since when the first of them.
func (u *undelivered) oldest() (n int, since time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, o := range u.objects {
		since = earlier(since, o.since)
	}
	return len(u.objects), since
}
