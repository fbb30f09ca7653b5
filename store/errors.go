package store

import (
	"errors"
	"fmt"

	"github.com/dovetail-crdt/dovetail/store/replication"
)

var (
	// ErrNotFound means that there is no object under the key.
	ErrNotFound = errors.New("store: not found")
	// ErrClosed means that the engine or database was closed.
	ErrClosed = errors.New("store: closed")
	// ErrInDoubt means that the write may or may not have happened. An Engine's
	// caller merges the same delta again; the error of an Update is an *InDoubtError.
	ErrInDoubt = errors.New("store: write in doubt")
	// ErrContention means that the context ended before the update's turn came, or
	// before the store took its change. It was surely not applied.
	ErrContention = errors.New("store: no turn in time")
	// ErrCannotAbandon means that a change in doubt cannot be taken back: it was
	// applied already (ErrApplied); it is a counter's total, which the next one repeats
	// and others may have counted on; it only removed something, which may be gone; or
	// it is of a type that nothing is ever taken out of.
	ErrCannotAbandon = errors.New("store: change cannot be abandoned")
	// ErrApplied is the ErrCannotAbandon of a change that was applied, and stays.
	ErrApplied = fmt.Errorf("%w: it was applied", ErrCannotAbandon)
	// ErrAbandoned means that a change in doubt was taken back.
	ErrAbandoned = errors.New("store: change was abandoned")
	// ErrFailed means that an earlier write failed, so what is in memory is ahead of
	// what is durable. Open the database again.
	ErrFailed = errors.New("store: failed by an earlier write")
	// ErrIdentity means that a peer knows events of this replica that it never
	// issued: its files were copied or restored while the original lived on. It
	// issues nothing more under this identity.
	ErrIdentity = replication.ErrIdentity
)

// KeyError is an error about one object: Key says which, and Err why. An error of the
// function that an Update was given is in one.
type KeyError = replication.KeyError

// TokenError means that no token could be given of what a client has seen. The update
// is kept, or the view is whole, as if there were no error. The token that comes with it
// opens as an error, so that it does not pass for one of a client that has seen nothing.
type TokenError struct {
	Key string
	Err error
}

// Error implements error.
func (e *TokenError) Error() string {
	return fmt.Sprintf("store: object %s: done, but without a token: %v", replication.ShortKey(e.Key), e.Err)
}

// Unwrap returns the cause.
func (e *TokenError) Unwrap() error { return e.Err }
