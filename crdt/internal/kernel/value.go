package kernel

import (
	"bytes"
	"cmp"

	"github.com/dovetail-crdt/dovetail/clock"
)

// Value is the content of an entry. Total is set for a counter's running total;
// otherwise Put holds a value that only the type understands. Deny marks a write
// that says no (a remove of RWSet, a disable of DWFlag): it is live as any other,
// but nothing is present because of it.
//
// Put aliases memory that is never changed.
type Value struct {
	Put   []byte
	Deny  bool
	Total *Total // never changed once shared
}

// Total is the running total of one run of increments of one writer. Run is the
// number of the run's first dot. The writer's runs numbered in [Lo, Run) are
// closed: they are final and count no more.
type Total struct {
	Run, Lo uint64
	Sum     uint64 // mod 2^64
}

func (v Value) equal(w Value) bool {
	if v.Total == nil || w.Total == nil {
		return v.Total == w.Total && v.Deny == w.Deny && bytes.Equal(v.Put, w.Put)
	}
	return *v.Total == *w.Total
}

// Base is what resets took away from a run: its total as of Seq. By is the event
// of the reset, for extraction and stability only.
type Base struct {
	Replica clock.ReplicaID
	Run     uint64
	Seq     uint64
	Lo      uint64
	Sum     uint64
	By      clock.Dot
}

func (b Base) compareRun(id clock.ReplicaID, run uint64) int {
	return cmp.Or(cmp.Compare(b.Replica, id), cmp.Compare(b.Run, run))
}

// wins reports whether b replaces o, a base of the same run: the larger
// sequence number does, and of equals the larger reset (any fixed choice is
// right, since both took the same total).
func (b Base) wins(o Base) bool {
	return cmp.Or(cmp.Compare(b.Seq, o.Seq), b.By.Compare(o.By)) > 0
}
