package store

import (
	"context"
	"fmt"

	"github.com/dovetail-crdt/dovetail/store/replication"
)

// InDoubtError is the error of an Update whose change may have been applied, or may
// yet be. It matches ErrInDoubt. Running the Update again would be another change
// beside it: Retry and Abandon decide about this one, from any goroutine, at any time.
//
// A change is decided once, by whoever comes first: the backend, which may go on
// retrying by itself, or a call. Every later call gets the same answer.
type InDoubtError struct {
	Key string
	Err error // why it is in doubt

	change PendingChange
}

// PendingChange is a change in doubt, as a Backend keeps it.
type PendingChange interface {
	// Retry and Abandon are those of InDoubtError.
	Retry(ctx context.Context) error
	Abandon(ctx context.Context) error
}

// NewInDoubtError returns the error of a change that c decides about.
func NewInDoubtError(key string, cause error, c PendingChange) *InDoubtError {
	return &InDoubtError{key, cause, c}
}

// Error implements error.
func (e *InDoubtError) Error() string {
	return fmt.Sprintf("store: update of object %s in doubt: %v", replication.ShortKey(e.Key), e.Err)
}

// Unwrap returns ErrInDoubt and the cause.
func (e *InDoubtError) Unwrap() []error { return []error{ErrInDoubt, e.Err} }

// Retry merges the same change again, as often as the context lets it. When it returns
// nil the change is applied, once. An error that matches ErrAbandoned says that it was
// taken back before; one that matches ErrInDoubt that it is still open.
func (e *InDoubtError) Retry(ctx context.Context) error { return e.change.Retry(ctx) }

// Abandon takes the change back: when it returns nil the change shows nowhere, wherever
// and whenever it arrives. What it overwrote or removed stays so where it has arrived.
// An error that matches ErrApplied says that the change was applied before and stays;
// one that matches ErrCannotAbandon, which ErrApplied does too, that it cannot be taken
// back; one that matches ErrInDoubt that it is still open.
func (e *InDoubtError) Abandon(ctx context.Context) error { return e.change.Abandon(ctx) }
