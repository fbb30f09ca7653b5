package layout

import (
	"context"
	"errors"
	"fmt"
)

// An object that thousands of processes touched knows of thousands of replicas, most
// of which will never issue anything again. The record holds that as long as it is not
// too much (contextMost). Beyond, what the state knows of such replicas stands beside
// the record in a block: a frame that is written once, under the hash of its bytes. The
// state of the record is then the join of its snapshot, its queue and the blocks that
// it names. Nothing is forgotten by it, and nothing agreed upon: that a replica is
// taken for retired is a guess, and if it issues again after all, that is in the
// snapshot beside the block.
//
// A record without a block that it names says nothing at all (ErrIncomplete): what the
// block ended would be back. Whoever has the block's bytes writes them again, whoever
// remembers the object makes them again (Rebuild), and if nobody can, an operator
// decides to go on without the block (GiveUp).

// ErrIncomplete means that a block which a record names cannot be had.
var ErrIncomplete = errors.New("a block of the object is missing")

// IncompleteError is the error of a read of a record that names blocks which cannot be
// had. It matches ErrIncomplete.
type IncompleteError struct{ Missing []EntryKey }

// Error implements error.
func (e *IncompleteError) Error() string {
	if len(e.Missing) == 1 {
		return fmt.Sprintf("%v: %x", ErrIncomplete, e.Missing[0])
	}
	return fmt.Sprintf("%v, and %d more: %x", ErrIncomplete, len(e.Missing)-1, e.Missing[0])
}

// Is reports whether target is ErrIncomplete.
func (e *IncompleteError) Is(target error) bool { return target == ErrIncomplete }

// Blocks keeps blocks. Each is written once and never changes.
type Blocks interface {
	// Put keeps a frame under its key, and returns when it is there to be read.
	Put(ctx context.Context, key EntryKey, frame []byte) error
	// Get returns the frame, or an error that matches ErrIncomplete if there is none.
	// The frame must not be changed.
	Get(ctx context.Context, key EntryKey) ([]byte, error)
}
