package unit

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

// Unit is a record as it was read.
type Unit struct {
	Stamp    Stamp
	Snapshot [][]byte // frames, one a kind; see AppendSnapshot
	Queue    []Entry
	// Unapplied are the events that the snapshot covers without having applied them;
	// nil for none.
	Unapplied *clock.Context
	// Owner is the identity of the cluster whose unit it is, 0 where units are
	// not owned.
	Owner uint64
	// Size is the number of bytes of the snapshot and the queue.
	Size int
	// Blocks are the names of the blocks that belong to the snapshot, and Parts their
	// frames in the same order, where they were asked for: nil is one that could not be
	// had. Those of these that were not given up are Missing. Gone are the names of blocks
	// that somebody decided to go on without; see Writer.GiveUp.
	Blocks  []EntryKey
	Parts   [][]byte
	Missing []EntryKey
	Gone    []EntryKey
	// Others are the units of other datacenters under the key, as this cluster has
	// them: a copy of each, which may be behind its owner's.
	Others []*Unit
}

// Base returns the frames of the snapshot and of those of its blocks that were read.
func (u *Unit) Base() [][]byte {
	fs := make([][]byte, 0, len(u.Snapshot)+len(u.Parts)+len(u.Queue))
	fs = append(fs, u.Snapshot...)
	for _, f := range u.Parts {
		if f != nil {
			fs = append(fs, f)
		}
	}
	return fs
}

// Frames returns all frames of the unit itself: their join is what it holds. They
// belong to the unit.
func (u *Unit) Frames() [][]byte {
	fs := u.Base()
	for i := range u.Queue {
		fs = append(fs, u.Queue[i].Frame)
	}
	return fs
}

// AllFrames returns the frames of the unit and of the others.
func (u *Unit) AllFrames() [][]byte {
	fs := u.Frames()
	for _, o := range u.Others {
		fs = append(fs, o.Frames()...)
	}
	return fs
}

// HasBlocks reports whether the unit or one beside it names blocks.
func (u *Unit) HasBlocks() bool {
	return len(u.Blocks) > 0 || slices.ContainsFunc(u.Others, (*Unit).HasBlocks)
}

// IsEmpty reports whether the unit itself holds nothing.
func (u *Unit) IsEmpty() bool { return len(u.Snapshot)+len(u.Blocks)+len(u.Queue) == 0 }

// SortQueue puts the queue into order of key.
func (u *Unit) SortQueue() {
	for i := 1; i < len(u.Queue); i++ {
		if u.Queue[i].Key.Compare(&u.Queue[i-1].Key) < 0 {
			slices.SortFunc(u.Queue, func(a, b Entry) int { return a.Key.Compare(&b.Key) })
			return
		}
	}
}

// sizeWithout returns the number of bytes of the queue without the entries folded,
// which stand in its order.
func (u *Unit) sizeWithout(folded []EntryKey) (n int) {
	for i := range u.Queue {
		e := &u.Queue[i]
		if len(folded) > 0 && folded[0] == e.Key {
			folded = folded[1:]
			continue
		}
		n += len(e.Bytes()) + len(e.Key)
	}
	return n
}
