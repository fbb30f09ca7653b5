package unit

import (
	"context"

	"github.com/dovetail-crdt/dovetail/clock"
)

// Cluster is what the units need of a cluster. Each call is one attempt at one
// operation, atomic in its record; its error is an *Error, or an error of the
// context before anything was sent.
type Cluster interface {
	// Read returns the record under key as one of its copies has it, and with
	// newest as the newest of the copies that can be reached has it. Without a
	// record the unit is empty. What it returns is the caller's.
	Read(ctx context.Context, key string, newest bool) (*Unit, error)

	// Append puts entries into the queue if guard allows it, and returns how many
	// it holds then. A record that does not exist is made.
	Append(ctx context.Context, key string, entries []Entry, guard Guard) (queued int, err error)

	// Compact replaces the snapshot and removes entries, if the record is there
	// and its stamp is the one that was seen.
	Compact(ctx context.Context, key string, c *Compaction) error
}

// Guard says when an append is refused. Where there is no record, it is not.
type Guard struct {
	// MaxSize is the record's size from which on it is: the server's measure, in
	// bytes.
	MaxSize int
	// Exact refuses also if the record is no longer as it was read: its stamp and
	// the number of entries of its queue.
	Exact  bool
	Stamp  Stamp
	Queued int
}

// Compaction is a change of a snapshot.
type Compaction struct {
	Seen, Next Stamp // of the snapshot that is replaced, and of the new one
	Snapshot   []byte
	Blocks     []EntryKey     // that the snapshot names
	Gone       []EntryKey     // those among them that were given up
	Unapplied  *clock.Context // that the snapshot leaves, or nil
	Hash       int64          // of the state; see Hash
	Folded     []EntryKey
}
