package aerospike

import (
	"errors"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/record"
	"github.com/dovetail-crdt/dovetail/aerospike/internal/unit"
	"github.com/dovetail-crdt/dovetail/store"
)

var (
	// ErrContention means that the context ended before the cluster took a write.
	// It was surely not applied.
	ErrContention = unit.ErrContention
	// ErrStateTooLarge means that an object with the change does not fit into a
	// record (max-record-size). The change was not applied.
	ErrStateTooLarge = unit.ErrTooLarge
	// ErrCorrupt means that a record holds something that no version of this
	// package writes. It is never overwritten.
	ErrCorrupt = record.ErrCorrupt
	// ErrSameDC means that another cluster writes the records of this datacenter: two
	// are configured with one Config.DC, and XDR joins them. Either loses what the
	// other writes. Nothing is written.
	ErrSameDC = record.ErrSameDC
	// ErrIncomplete means that a part of an object cannot be read now, so that
	// nothing can be said of it: without the part, what was removed would be back.
	ErrIncomplete = unit.ErrIncomplete
)

// inDoubt makes errors of units match the store's error.
func inDoubt(err error) error {
	if errors.Is(err, unit.ErrInDoubt) {
		return &doubtError{err}
	}
	return err
}

type doubtError struct{ error }

func (e *doubtError) Unwrap() []error { return []error{store.ErrInDoubt, e.error} }
