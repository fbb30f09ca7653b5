package asdtest

import (
	"encoding/binary"
	"slices"
	"sort"
	"sync"
	"sync/atomic"
	"time"
)

// epoch is where the server's times begin: 2010-01-01 UTC, in seconds of Unix time.
const epoch = 1262304000

// bin is one named value.
type bin struct {
	name string
	val  value
}

// record is one version of a record. It is immutable: a write makes another one.
type record struct {
	bins       []bin // in the order in which they were created
	set        string
	key        []byte // particle type and value, if it is stored
	generation uint16
	lut        uint64 // last update, milliseconds since the epoch
	void       uint32 // when it expires, seconds since the epoch; 0 is never
	size       int    // what it takes in storage
	shipped    bool   // came over a Link
}

// find returns the place of a bin, or -1.
func (r *record) find(name string) int {
	return slices.IndexFunc(r.bins, func(b bin) bool { return b.name == name })
}

// get returns the value of a bin; its kind is null if there is none.
func (r *record) get(name string) value {
	if i := r.find(name); i >= 0 {
		return r.bins[i].val
	}
	return value{}
}

// expired says whether the record is past its time.
func (r *record) expired(now time.Time) bool {
	return r.void != 0 && now.Unix()-epoch > int64(r.void)
}

// block is what the size of a record in storage is a multiple of.
const block = 16

// flatSize computes what the record takes in storage before it is rounded up: a
// fixed head and end, what it has of the optional fields, and its bins.
func (r *record) flatSize() int {
	const head, end = 35, 4
	n := head + end
	if r.void != 0 {
		n += 4
	}
	if r.set != "" {
		n += 1 + len(r.set)
	}
	if len(r.key) > 0 {
		n += varintSize(len(r.key)) + len(r.key)
	}
	n += varintSize(len(r.bins))
	for _, b := range r.bins {
		n += 1 + len(b.name) + b.val.storedSize()
	}
	return n
}

func varintSize(n int) int {
	size := 1
	for n >= 1<<7 {
		n >>= 7
		size++
	}
	return size
}

// slot is the place of one digest. It stays when its record is deleted, so that a
// fault can bring the record back.
type slot struct {
	digest Digest
	cur    *record   // nil: there is none
	old    []*record // earlier versions, oldest first; nil entries are deletions
}

// partition holds the slots of one partition, sorted by digest.
type partition struct {
	used  atomic.Bool // it has had a slot; those that have not are most, and need no lock
	mu    sync.RWMutex
	slots []*slot
}

// partitionOf returns the number of the partition of a digest.
func partitionOf(d Digest) int { return int(binary.LittleEndian.Uint16(d[:])) % partitions }

// index returns where the slot of d is or would be. The caller holds p.mu.
func (p *partition) index(d Digest) (int, bool) {
	i := sort.Search(len(p.slots), func(i int) bool { return string(p.slots[i].digest[:]) >= string(d[:]) })
	return i, i < len(p.slots) && p.slots[i].digest == d
}

// slot returns the slot of d, or nil. The caller holds p.mu.
func (p *partition) slot(d Digest) *slot {
	if i, ok := p.index(d); ok {
		return p.slots[i]
	}
	return nil
}

// put makes r, or nil for a deletion, the version of d, and keeps up to history
// earlier ones. The caller holds p.mu for writing.
func (p *partition) put(d Digest, r *record, history int) {
	i, ok := p.index(d)
	if !ok {
		if r != nil {
			p.slots = slices.Insert(p.slots, i, &slot{digest: d, cur: r})
			p.used.Store(true)
		}
		return
	}
	s := p.slots[i]
	s.old = append(s.old, s.cur)
	if over := len(s.old) - history; over > 0 {
		s.old = append([]*record(nil), s.old[over:]...)
	}
	s.cur = r
	if r == nil && history == 0 {
		p.slots = slices.Delete(p.slots, i, i+1)
	}
}

// back returns the version that the slot had n versions ago, as far as it is kept;
// nil if there was no record.
func (s *slot) back(n int) *record {
	switch {
	case n <= 0:
		return s.cur
	case n > len(s.old):
		if len(s.old) == 0 {
			return s.cur
		}
		return s.old[0]
	}
	return s.old[len(s.old)-n]
}

// last returns the latest version that was a record. It is
// without bins if none is kept.
func (s *slot) last() *record {
	if s.cur != nil {
		return s.cur
	}
	for _, r := range slices.Backward(s.old) {
		if r != nil {
			return r
		}
	}
	return &record{}
}

// table is all the records of a namespace on one side of the cluster.
type table struct{ parts [partitions]partition }

func (t *table) part(d Digest) *partition { return &t.parts[partitionOf(d)] }
