package store

import (
	"context"
	"iter"

	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/store/replication"
)

// Engine is durable storage of objects whose one verb is merge. An object is
// what all the frames merged under its key come to; an engine never overwrites
// and never forgets one.
//
// Implementations are held to storetest.Run.
type Engine interface {
	// Know makes kinds known: frames of them are joined from now on. Those of package
	// crdt always are.
	Know(kinds ...crdt.AnyKind)

	// Load returns the record of key, or ErrNotFound. The record is the caller's.
	Load(ctx context.Context, key string) (Record, error)

	// Merge merges each delta into the object under its key. It returns nil only
	// if all of them are durable; merging the same deltas again, any number of
	// times, changes nothing. On error some may have been merged: the error joins
	// a *KeyError for each that may not have been, and one that matches ErrInDoubt
	// means merge it again. Frames are not kept by reference.
	//
	// A frame that the engine cannot join, since its kind or version is not known
	// here, is kept beside the others and returned by Load; untyped.FrameSet does so, and
	// Kinds counts them.
	Merge(ctx context.Context, deltas ...Delta) error

	// Scan yields the records whose keys start with prefix and are larger than
	// after, in order of key. It is not a snapshot: a record changed meanwhile is
	// yielded as it was or as it is. The error of a pair is the last thing yielded.
	Scan(ctx context.Context, prefix string, after Cursor) iter.Seq2[Record, error]

	// Close releases the engine. Later calls return ErrClosed; closing twice does
	// nothing.
	Close() error
}

// KeyLister is an Engine that can yield keys without their records. Of one that is none,
// DB.Keys scans the records.
type KeyLister interface {
	Engine
	// Keys yields the keys that start with prefix, as Scan yields their records.
	Keys(ctx context.Context, prefix string) iter.Seq2[string, error]
}

// Batcher is an Engine that also keeps the replication core's own records, its
// books, in the same atomic batch as the objects. Books are plain local records:
// they are put and deleted, never merged, and no peer sees them.
type Batcher interface {
	Engine
	// Batch makes all of b durable, or nothing.
	Batch(ctx context.Context, b *Batch) error
	// Books yields all books in order of key.
	Books(ctx context.Context) iter.Seq2[Book, error]
}

// Record is an object as an engine has it: the join of Frames is its state. Most
// often there is one frame.
type Record struct {
	Key    string
	Frames [][]byte
}

// Delta is a frame to be merged into the object under Key.
type Delta = replication.Delta

// Book is one of the core's own records.
type Book = replication.Book

// Batch is what is to be made durable at once: deltas, and books to put and to delete.
type Batch = replication.Batch

// Cursor is the key after which a scan goes on; the zero value is the start.
type Cursor string
