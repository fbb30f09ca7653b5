package aerospike

import (
	"fmt"
	"sync"

	"github.com/dovetail-crdt/dovetail/clock"
)

// replica numbers the events of this process. It counts from memory, never from
// what a record says, so a number is used once whatever happens to the records.
type replica struct {
	id  clock.ReplicaID
	hlc *clock.HLC // under mu: it moves

	mu  sync.Mutex
	seq uint64
	// last is the replica's last event on each object, by 64 bits of the hash of
	// its key, for ever: 16 bytes a key. Two keys that share the hash share the
	// larger number, which is as good: a claim may start at any upper bound of the
	// last event.
	last map[uint64]uint64
}

func newReplica(id clock.ReplicaID, hlc *clock.HLC) *replica {
	return &replica{id: id, hlc: hlc, last: make(map[uint64]uint64)}
}

// lastOn returns the replica's last event on the object, or 0.
func (r *replica) lastOn(hash uint64) uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.last[hash]
}

// issue numbers n events on the object. The claim starts at the last one that was
// issued, not at the last one that was acknowledged: one in doubt may yet be
// applied, and must not find itself dead.
func (r *replica) issue(hash uint64, n int) (clock.Event, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if n < 1 || uint64(n) > clock.MaxSeq-r.seq {
		return clock.Event{}, fmt.Errorf("aerospike: %d events after number %d", n, r.seq)
	}
	ev := clock.Event{Dot: clock.Dot{Replica: r.id, Seq: r.seq + 1}, After: r.last[hash], Time: r.hlc.Now()}
	r.seq += uint64(n)
	r.last[hash] = r.seq
	return ev, nil
}

// numbered are the events of one change.
type numbered struct {
	first clock.Event
	n     int
}

// ended returns what a change with context c ended: all but the events themselves
// and those that they claim never were on the object.
func (n numbered) ended(c *clock.Context) *clock.Context {
	if c == nil {
		return nil
	}
	own := &clock.Context{}
	own.AddRange(n.first.Dot.Replica, clock.Interval{Lo: n.first.After + 1, Hi: n.first.Dot.Seq + uint64(n.n) - 1})
	return c.Minus(own)
}

// retract takes back events that surely never came into any record, if they are
// the last on their object. Their numbers are not used again.
func (r *replica) retract(hash uint64, ev numbered) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if ev.n == 0 || r.last[hash] != ev.first.Dot.Seq+uint64(ev.n)-1 {
		return false
	}
	r.last[hash] = ev.first.After
	return true
}

// stamp returns the time of a write over values of the given times.
func (r *replica) stamp(over ...clock.Timestamp) clock.Timestamp {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.hlc.Stamp(over...)
}
