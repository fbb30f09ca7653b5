package store

import (
	"errors"
	"fmt"

	"github.com/dovetail-crdt/dovetail/crdt"
)

var (
	// ErrNotFound means that there is no object under the key.
	ErrNotFound = errors.New("store: not found")
	// ErrClosed means that the engine or database was closed.
	ErrClosed = errors.New("store: closed")
	// ErrInDoubt means that the write may or may not have happened: merge the same
	// delta again.
	ErrInDoubt = errors.New("store: write in doubt")
	// ErrFailed means that an earlier write failed, so what is in memory is ahead of
	// what is durable. Open the database again.
	ErrFailed = errors.New("store: failed by an earlier write")
	// ErrIdentity means that a peer knows events of this replica that it never
	// issued: its files were copied or restored while the original lived on. It
	// issues nothing more under this identity.
	ErrIdentity = errors.New("store: a peer knows more of this replica than it does itself")
	// ErrReserve means that the replica must reserve more event numbers before it
	// can issue as many.
	ErrReserve = errors.New("store: event numbers not reserved")
)

// KeyError is an error about one object.
type KeyError struct {
	Key string
	Err error
}

// Error implements error.
func (e *KeyError) Error() string { return fmt.Sprintf("store: object %q: %v", e.Key, e.Err) }

// Unwrap returns the cause.
func (e *KeyError) Unwrap() error { return e.Err }

// isNewer reports whether err is about a frame of a format that a newer binary
// will understand.
func isNewer(err error) bool { return errors.Is(err, crdt.ErrVersion) }
