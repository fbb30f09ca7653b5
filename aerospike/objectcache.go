package aerospike

import (
	"encoding/binary"
	"sync"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/record"
)

// objectCache has the objects that the process works on, and others that it has seen
// while there is room.
type objectCache struct {
	limit    int   // of those that are not in use
	maxBytes int64 // of memory that they take

	mu     sync.Mutex
	all    map[string]*object
	unused int
	bytes  int64 // of those that are not in use
}

// find is use of an object that is there, or nil.
func (t *objectCache) find(key string) *object {
	t.mu.Lock()
	defer t.mu.Unlock()
	o := t.all[key]
	if o != nil {
		t.take(o)
	}
	return o
}

// take counts a user. T.mu is held.
func (t *objectCache) take(o *object) {
	if o.users == 0 {
		t.unused--
		t.bytes -= o.counted
	}
	o.users++
}

// use returns the object of a key, which belongs to the caller until done.
func (t *objectCache) use(r *replica, client *record.Key, key string) *object {
	hash := binary.BigEndian.Uint64(client.Digest())
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.all == nil {
		t.all = make(map[string]*object)
	}
	o := t.all[key]
	if o != nil {
		t.take(o)
		return o
	}
	o = &object{
		key: key, hash: hash, client: client, users: 1,
		turn: make(chan struct{}, 1), writing: make(chan struct{}, 1),
	}
	o.forgotten.Store(r.lastOn(hash))
	t.all[key] = o
	return o
}

// hold is use of an object that is in use.
func (t *objectCache) hold(o *object) {
	t.mu.Lock()
	defer t.mu.Unlock()
	o.users++
}

// done gives an object back. One of which nothing is remembered is forgotten, and one too
// many makes room: any of those that are not in use, in the order that the map
// happens to give them.
func (t *objectCache) done(o *object) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if o.users--; o.users > 0 {
		return
	}
	o.counted = objectMemory + int64(len(o.key)) + o.memory.Load()
	t.unused++
	t.bytes += o.counted
	if len(o.values) == 0 || t.limit == 0 || o.counted > t.maxBytes {
		t.forget(o)
	}
	for _, old := range t.all {
		if t.unused <= t.limit && t.bytes <= t.maxBytes {
			break
		}
		if old.users == 0 {
			t.forget(old)
		}
	}
}

func (t *objectCache) forget(o *object) {
	delete(t.all, o.key)
	t.unused--
	t.bytes -= o.counted
}

// keys returns the keys of all objects that are known.
func (t *objectCache) keys() map[string][]*change {
	t.mu.Lock()
	defer t.mu.Unlock()
	keys := make(map[string][]*change, len(t.all))
	for key := range t.all {
		keys[key] = nil
	}
	return keys
}

// count returns how many objects are known, and how many bytes those take that are not in
// use.
func (t *objectCache) count() (objects int, bytes int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.all), t.bytes
}
