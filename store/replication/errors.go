package replication

import (
	"errors"
	"fmt"

	"github.com/dovetail-crdt/dovetail/crdt"
)

var (
	// ErrIdentity means that a peer knows events of this replica that it never
	// issued; see store.ErrIdentity.
	ErrIdentity = errors.New("store: a peer knows more of this replica than it does itself")
	// ErrReserve means that the replica must reserve more event numbers before it
	// can issue as many.
	ErrReserve = errors.New("replication: event numbers not reserved")
	// ErrLost means that the index names an object that is not in the engine.
	ErrLost = errors.New("replication: an object that was here is not found")
)

// KeyError is an error about one object. An error of the function that an Update was
// given is in one.
type KeyError struct {
	Key string
	Err error
}

// Error implements error.
func (e *KeyError) Error() string { return fmt.Sprintf("store: object %s: %v", ShortKey(e.Key), e.Err) }

// Unwrap returns the cause.
func (e *KeyError) Unwrap() error { return e.Err }

// ShortKey quotes a key, of which a long one is cut.
func ShortKey(key string) string {
	const most = 200
	if len(key) <= most {
		return fmt.Sprintf("%q", key)
	}
	return fmt.Sprintf("%q… (%d bytes)", key[:most], len(key))
}

// isNewer reports whether err is about a frame of a format that a newer binary
// will understand.
func isNewer(err error) bool { return errors.Is(err, crdt.ErrVersion) }
