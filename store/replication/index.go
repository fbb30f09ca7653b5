package replication

import (
	"cmp"
	"iter"
	"slices"

	"github.com/dovetail-crdt/dovetail/clock"
)

// index tells which object an event was about: one entry a key a replica, the
// replica's last event on the key, whatever the event did. A heal scans it for
// the keys that a peer has to see.
//
// That an entry hides the older events of its key has a consequence: a scan
// starts at the lowest event that the peer lacks, and goes on to the end. An
// entry that the peer has may stand for an older one that it lacks.
type index struct {
	rows []indexRow // by replica
	keys map[string][]clock.Dot
}

// indexRow is one replica's entries in order of number. Entries that moved stay
// until they are half of the row; the map of keys tells them apart.
type indexRow struct {
	id   clock.ReplicaID
	all  []indexEntry
	late []indexEntry // came out of order; sorted in when somebody asks
	dead int
}

type indexEntry struct {
	seq uint64
	key string
}

func newIndex() *index { return &index{keys: make(map[string][]clock.Dot)} }

// last returns the replica's last event on key, or 0.
func (x *index) last(id clock.ReplicaID, key string) uint64 {
	for _, d := range x.keys[key] {
		if d.Replica == id {
			return d.Seq
		}
	}
	return 0
}

// of returns the last event of each replica on key. The slice belongs to x.
func (x *index) of(key string) []clock.Dot { return x.keys[key] }

// set notes that d was about key. It returns the entry that this replaces, or
// the zero Dot, and whether anything changed.
func (x *index) set(d clock.Dot, key string) (old clock.Dot, changed bool) {
	at := slices.IndexFunc(x.keys[key], func(e clock.Dot) bool { return e.Replica == d.Replica })
	switch {
	case at < 0:
		x.keys[key] = append(x.keys[key], d)
	case x.keys[key][at].Seq >= d.Seq:
		return clock.Dot{}, false
	default:
		old, x.keys[key][at] = x.keys[key][at], d
	}
	i, ok := slices.BinarySearchFunc(x.rows, d.Replica, func(r indexRow, id clock.ReplicaID) int { return cmp.Compare(r.id, id) })
	if !ok {
		x.rows = slices.Insert(x.rows, i, indexRow{id: d.Replica})
	}
	x.insert(&x.rows[i], indexEntry{d.Seq, key}, old.IsValid())
	return old, true
}

func (x *index) insert(r *indexRow, e indexEntry, moved bool) {
	if n := len(r.all); n > 0 && r.all[n-1].seq > e.seq {
		r.late = append(r.late, e) // a heal brings keys in an order of its own
	} else {
		r.all = append(r.all, e)
	}
	if moved {
		r.dead++
	}
	if r.dead > 32 && r.dead > (len(r.all)+len(r.late))/2 {
		r.all = slices.DeleteFunc(r.sorted(), func(e indexEntry) bool { return !x.current(r.id, e) })
		r.dead = 0
	}
}

// sorted returns the entries in order of number.
func (r *indexRow) sorted() []indexEntry {
	if len(r.late) > 0 {
		r.all = append(r.all, r.late...)
		slices.SortFunc(r.all, func(a, b indexEntry) int { return cmp.Compare(a.seq, b.seq) })
		r.late = nil
	}
	return r.all
}

// current reports whether e is the entry of its key and not one that moved.
func (x *index) current(id clock.ReplicaID, e indexEntry) bool { return x.last(id, e.key) == e.seq }

// from yields the keys whose entry of the replica is at seq or above, in order
// of the entries.
func (x *index) from(id clock.ReplicaID, seq uint64) iter.Seq[string] {
	return func(yield func(string) bool) {
		i, ok := slices.BinarySearchFunc(x.rows, id, func(r indexRow, id clock.ReplicaID) int { return cmp.Compare(r.id, id) })
		if !ok {
			return
		}
		all := x.rows[i].sorted()
		j, _ := slices.BinarySearchFunc(all, seq, func(e indexEntry, s uint64) int { return cmp.Compare(e.seq, s) })
		for _, e := range all[j:] {
			if x.current(id, e) && !yield(e.key) {
				return
			}
		}
	}
}
