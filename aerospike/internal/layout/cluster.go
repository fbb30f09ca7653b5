package layout

import (
	"context"

	"github.com/dovetail-crdt/dovetail/clock"
)

// Cluster is what a Writer needs of a cluster. Each call is one attempt at one operation
// that is atomic in its record. Its error is an *Error, or that of a context which ended
// before anything was sent.
type Cluster interface {
	// Read returns the record under key as one of its copies has it, and with
	// newest as the newest of the copies that can be reached has it. Where there is
	// none, it returns an empty one. The caller owns what it returns.
	Read(ctx context.Context, key string, newest bool) (*Record, error)

	// Append puts entries into the queue if guard allows it, and returns how many
	// it holds then. A record that does not exist is made.
	Append(ctx context.Context, key string, entries []Entry, guard Guard) (queued int, err error)

	// Compact replaces the snapshot and removes entries, if the record is there
	// and its stamp is the one that was seen.
	Compact(ctx context.Context, key string, c *Compaction) error
}

// Guard says when an append is refused. Where there is no record, none is.
type Guard struct {
	// MaxSize is the size of the record, in bytes as the server counts them, from which
	// on appends are refused.
	MaxSize int
	// Exact refuses an append also if the record is no longer as it was read: with that
	// Stamp, and so many entries Queued.
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
