package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/dovetail-crdt/dovetail/store/replication"
)

// InDoubtError is the error of an Update whose change may have been applied, or may
// yet be. It matches ErrInDoubt. Running the Update again would be another change
// beside it: Retry and Abandon decide about this one, from any goroutine, as long as the
// process lives. The next process merges what was not decided.
//
// A change is decided once, by whoever comes first: the backend, which may go on
// retrying by itself, or a call. Every later call gets the same answer. An
// ErrCannotAbandon that is not ErrApplied decides nothing: the change is open as before.
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

// NewInDoubtError returns the error of a change that c, which is not nil, decides about.
func NewInDoubtError(key string, cause error, c PendingChange) *InDoubtError {
	return &InDoubtError{key, cause, c}
}

// Error implements error.
func (e *InDoubtError) Error() string {
	return fmt.Sprintf("store: update of object %s in doubt: %v", replication.ShortKey(e.Key), e.Err)
}

// Unwrap returns the cause, as InDoubt does.
func (e *InDoubtError) Unwrap() error { return InDoubt(e.Err) }

// Retry merges the same change again, as often as the context lets it. When it returns
// nil the change is applied, once. An error that matches ErrAbandoned says that it was
// abandoned before, which need not have arrived everywhere yet; one that matches
// ErrInDoubt that it is still open.
func (e *InDoubtError) Retry(ctx context.Context) error { return e.pending().Retry(ctx) }

// Abandon takes the change back: when it returns nil the change shows nowhere, wherever
// and whenever it arrives. What it overwrote or removed stays so where it has arrived.
// An error that matches ErrApplied says that the change was applied before and stays;
// one that matches ErrCannotAbandon, which ErrApplied does too, that it cannot be taken
// back; one that matches ErrInDoubt that it is still open.
func (e *InDoubtError) Abandon(ctx context.Context) error { return e.pending().Abandon(ctx) }

func (e *InDoubtError) pending() PendingChange {
	if e.change == nil {
		panic("store: an InDoubtError that decides about nothing: NewInDoubtError makes them")
	}
	return e.change
}

// InDoubt returns err as the error of a write that may have happened: it matches
// ErrInDoubt, whatever else err matches, and not ErrContention, which says that nothing
// was applied. It is for those who write a Backend.
func InDoubt(err error) error { return &doubtError{err} }

type doubtError struct{ err error }

func (e *doubtError) Error() string { return e.err.Error() }

// Is reports what InDoubt says.
func (e *doubtError) Is(target error) bool {
	return target == ErrInDoubt || target != ErrContention && errors.Is(e.err, target)
}

// As finds what is in the cause.
func (e *doubtError) As(target any) bool { return errors.As(e.err, target) }

// otherDoubtError is the error of a user's function that is about a change of another Update,
// which is in doubt. It does not say so of the Update that ran the function.
type otherDoubtError struct{ err error }

func (e *otherDoubtError) Error() string { return e.err.Error() }

// Is reports what the error matches, but for ErrInDoubt.
func (e *otherDoubtError) Is(target error) bool {
	return target != ErrInDoubt && errors.Is(e.err, target)
}

// As finds what is in the error, but for an InDoubtError.
func (e *otherDoubtError) As(target any) bool {
	_, doubt := target.(**InDoubtError)
	return !doubt && errors.As(e.err, target)
}
