package mirror

import (
	"encoding/binary"
	"sync"
	"time"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/cluster"
	"github.com/dovetail-crdt/dovetail/aerospike/internal/record"
)

// late are the objects that are known not to have arrived, because they cannot be
// copied, and since when that is known. What failed for a moment is not among
// them: the cursor of its group stays before it.
type late struct {
	mu      sync.Mutex
	objects map[lateKey]lateObject
}

type lateKey struct {
	set    string
	digest [20]byte
}

type lateObject struct {
	key   string // empty: it has none of ours
	since time.Time
}

// lateMost is how many are remembered. What comes after is younger.
const lateMost = 1 << 16

// missing takes note of an object, and reports whether that is new.
func (l *late) missing(set string, r *record.Found, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	k := lateKey{set, r.Digest}
	if _, known := l.objects[k]; known || len(l.objects) >= lateMost {
		return false
	}
	if l.objects == nil {
		l.objects = make(map[lateKey]lateObject)
	}
	l.objects[k] = lateObject{r.Key, now}
	return true
}

// arrived takes note of an object that has been copied.
func (l *late) arrived(set string, digest [20]byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.objects, lateKey{set, digest})
}

// among returns the objects that are in some partitions.
func (l *late) among(set string, first, count int) (rs []record.Found) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for k, o := range l.objects {
		if p := partitionOf(k.digest); k.set == set && p >= first && p < first+count {
			rs = append(rs, record.Found{Key: o.key, Digest: k.digest})
		}
	}
	return rs
}

// partitionOf returns the partition that a record is in.
func partitionOf(digest [20]byte) int {
	return int(binary.LittleEndian.Uint16(digest[:])) % cluster.Partitions
}

// oldest returns how many there are, and since when the first of them.
func (l *late) oldest() (n int, since time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, o := range l.objects {
		since = earlier(since, o.since)
	}
	return len(l.objects), since
}
