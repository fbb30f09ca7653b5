package aerospike

import (
	"encoding/binary"
	"sync"
	"sync/atomic"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/record"
)

// slot is what the process knows of one object while it works on it, and after
// that for as long as there is room.
type slot struct {
	key    string
	hash   uint64
	client *record.Key

	// update has room while no transaction runs on the object, write while none of
	// its changes is on its way.
	update, write chan struct{}
	compacting    atomic.Bool

	mu      sync.Mutex
	waiting []*change
	room    int // the size up to which the record may grow, or 0: not known

	values map[string]any // *known[S] by kind
	// doubt is the replica's last event on the object before it was forgotten and
	// met again, of whose effects nothing is remembered.
	doubt atomic.Uint64
	// pinned says that what is remembered must not be forgotten: the replica's own
	// row of a lattice that says nothing of what it lacks.
	pinned atomic.Bool

	refs int // under slots.mu
}

// slots are the objects that the process knows.
type slots struct {
	limit int // of those that are not in use

	mu     sync.Mutex
	all    map[string]*slot
	unused int
}

// find is use of a slot that is there, or nil.
func (t *slots) find(name string) *slot {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.all[name]
	if s != nil {
		t.take(s)
	}
	return s
}

// take counts a user. T.mu is held.
func (t *slots) take(s *slot) {
	if s.refs == 0 && !s.pinned.Load() {
		t.unused--
	}
	s.refs++
}

// use returns the slot of a key, which belongs to the caller until done.
func (t *slots) use(r *replica, key *record.Key, name string) *slot {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.all == nil {
		t.all = make(map[string]*slot)
	}
	s := t.all[name]
	if s != nil {
		t.take(s)
		return s
	}
	s = &slot{
		key: name, hash: binary.BigEndian.Uint64(key.Digest()), client: key, refs: 1,
		update: make(chan struct{}, 1), write: make(chan struct{}, 1),
	}
	s.doubt.Store(r.lastOn(s.hash))
	t.all[name] = s
	return s
}

// hold is use of a slot that is in use.
func (t *slots) hold(s *slot) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s.refs++
}

// done gives a slot back. One that remembers nothing is forgotten, and one too
// many makes room: any of those that are not in use, in the order that the map
// happens to give them.
func (t *slots) done(s *slot) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if s.refs--; s.refs > 0 {
		return
	}
	if s.pinned.Load() {
		return
	}
	if t.unused++; len(s.values) == 0 || t.limit == 0 {
		t.forget(s)
	}
	for _, old := range t.all {
		if t.unused <= t.limit {
			break
		}
		if old.refs == 0 && !old.pinned.Load() {
			t.forget(old)
		}
	}
}

func (t *slots) forget(s *slot) {
	delete(t.all, s.key)
	t.unused--
}
