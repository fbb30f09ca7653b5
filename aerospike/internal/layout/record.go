package layout

import (
	"encoding/hex"
	"slices"

	"github.com/dovetail-crdt/dovetail/clock"
)

// Stamp is the name of a snapshot. The zero Stamp is that of a record without
// one: the stamp of bottom.
type Stamp [8]byte

// String returns the stamp in hexadecimal.
func (s Stamp) String() string { return hex.EncodeToString(s[:]) }

// Record is what a read of a record returned.
type Record struct {
	Stamp    Stamp
	Snapshot [][]byte // frames, one a kind; see AppendSnapshot
	Queue    []Entry
	// Unapplied are the events that the snapshot covers without having applied them;
	// nil for none.
	Unapplied *clock.Context
	// Owner is the identity of the cluster that writes the record, 0 where any may.
	Owner uint64
	// Size is the number of bytes of the snapshot and the queue.
	Size int
	// Blocks are the names of the blocks that belong to the snapshot. Parts are their
	// frames, in the same order, if the blocks were read: nil is one that is not there.
	Blocks []EntryKey
	Parts  [][]byte
	// Gone are the names of blocks that an operator decided to go on without; see
	// Writer.GiveUp. Missing are those that are not there and were not given up.
	Missing []EntryKey
	Gone    []EntryKey
	// Others are the records of other datacenters under the key, as this cluster has
	// them: a copy of each, which may be behind its owner's.
	Others []*Record
}

// Base returns the frames of the snapshot and of those of its blocks that were read.
func (r *Record) Base() [][]byte {
	fs := make([][]byte, 0, len(r.Snapshot)+len(r.Parts)+len(r.Queue))
	fs = append(fs, r.Snapshot...)
	for _, f := range r.Parts {
		if f != nil {
			fs = append(fs, f)
		}
	}
	return fs
}

// Frames returns all frames of the record itself: their join is its state. They belong
// to the record.
func (r *Record) Frames() [][]byte {
	fs := r.Base()
	for i := range r.Queue {
		fs = append(fs, r.Queue[i].Frame)
	}
	return fs
}

// AllFrames returns the frames of the record and of the others.
func (r *Record) AllFrames() [][]byte {
	fs := r.Frames()
	for _, o := range r.Others {
		fs = append(fs, o.Frames()...)
	}
	return fs
}

// HasBlocks reports whether the record or one beside it names blocks.
func (r *Record) HasBlocks() bool {
	return len(r.Blocks) > 0 || slices.ContainsFunc(r.Others, (*Record).HasBlocks)
}

// IsEmpty reports whether the record itself holds nothing.
func (r *Record) IsEmpty() bool { return len(r.Snapshot)+len(r.Blocks)+len(r.Queue) == 0 }

// SortQueue sorts the queue by key.
func (r *Record) SortQueue() {
	for i := 1; i < len(r.Queue); i++ {
		if r.Queue[i].Key.Compare(&r.Queue[i-1].Key) < 0 {
			slices.SortFunc(r.Queue, func(a, b Entry) int { return a.Key.Compare(&b.Key) })
			return
		}
	}
}

// sizeWithout returns the number of bytes of the queue without the entries folded,
// which stand in its order.
func (r *Record) sizeWithout(folded []EntryKey) (n int) {
	for i := range r.Queue {
		e := &r.Queue[i]
		if len(folded) > 0 && folded[0] == e.Key {
			folded = folded[1:]
			continue
		}
		n += len(e.Bytes()) + len(e.Key)
	}
	return n
}
