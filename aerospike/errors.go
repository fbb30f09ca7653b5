package aerospike

import (
	"errors"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/layout"
	"github.com/dovetail-crdt/dovetail/aerospike/internal/record"
	"github.com/dovetail-crdt/dovetail/store"
)

var (
	// ErrStateTooLarge means that an object with the change does not fit into a
	// record (max-record-size). The change was not applied.
	ErrStateTooLarge = layout.ErrTooLarge
	// ErrCorrupt means that a record holds something that no version of this
	// package writes. It is never overwritten.
	ErrCorrupt = record.ErrCorrupt
	// ErrSameDC means that another cluster writes the records of this datacenter: two
	// are configured with one Config.DC, and XDR joins them. Either loses what the
	// other writes. Nothing is written.
	ErrSameDC = record.ErrSameDC
	// ErrIncomplete means that a part of an object cannot be read now, so that
	// nothing can be said of it: without the part, what was removed would be back.
	ErrIncomplete = layout.ErrIncomplete
)

// storeError makes an error of a record match the store's that means the same.
func storeError(err error) error {
	switch {
	case errors.Is(err, store.ErrInDoubt):
	case errors.Is(err, layout.ErrInDoubt):
		return store.InDoubt(err)
	case errors.Is(err, layout.ErrContention) && !errors.Is(err, store.ErrContention):
		return &matching{err, store.ErrContention}
	}
	return err
}

// matching is an error that matches another one too.
type matching struct {
	error
	other error
}

func (e *matching) Unwrap() []error { return []error{e.other, e.error} }
