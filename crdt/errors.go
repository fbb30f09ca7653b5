package crdt

import (
	"errors"
	"fmt"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt/internal/envelope"
	"github.com/dovetail-crdt/dovetail/crdt/internal/kernel"
)

var (
	// ErrCorrupt is matched by the error of a frame that no encoder wrote.
	ErrCorrupt = clock.ErrCorrupt
	// ErrVersion is matched by the error of a frame of a newer format, whose bytes
	// should be kept for a newer binary.
	ErrVersion = envelope.ErrVersion
	// ErrKind is matched by the error of reading a frame as a kind that it is not.
	ErrKind = errors.New("crdt: frame of another kind")
	// ErrOverflow is matched by the error of a transaction that would have taken a
	// counter outside its range, as far as its replica can see.
	ErrOverflow = errors.New("crdt: counter out of range")
	// ErrBehind is matched by *BehindError: the replica lacks something that the
	// reader saw. Nothing was changed; try again when it has come, or elsewhere.
	ErrBehind = errors.New("crdt: replica is behind what the reader saw")
	// ErrAhead is matched by *AheadError: a counter has moved on since the reader
	// saw it. Nothing was changed; read again, or reset with a Snapshot.
	ErrAhead = errors.New("crdt: counter is ahead of what the reader saw")
	// ErrTooLarge is matched by the error of a transaction that writes more than a frame
	// can hold. Nothing was changed.
	ErrTooLarge = kernel.ErrTooLarge
	// ErrReused is matched by the error of a transaction whose event number was
	// used before: two writers share a replica id. Nothing was changed.
	ErrReused = kernel.ErrReused
	// ErrClaim is matched by the error of a transaction whose Source claims or
	// doubts what the value itself contradicts, such as two Writer.On for one
	// value. Nothing was changed.
	ErrClaim = kernel.ErrClaim
)

// BehindError is the error of a transaction that was to end something on behalf
// of a reader (see Seen) in a part of an object, at a replica that does not know
// all that the reader saw: which of the rest belongs to the part nobody can tell
// here. It matches ErrBehind.
type BehindError struct {
	// Missing is what the replica lacks of the reader's context. It belongs to the
	// error.
	Missing *clock.Context
}

// Error implements error.
func (e *BehindError) Error() string { return fmt.Sprintf("%v: it lacks %v", ErrBehind, e.Missing) }

// Is matches ErrBehind.
func (e *BehindError) Is(target error) bool { return target == ErrBehind }

// AheadError is the error of a transaction that was to reset a counter, or remove
// what has one below it, on behalf of a reader of whom only the context is known,
// when the counter has totals that the reader has seen only in part: the context
// does not say how much to take. It matches ErrAhead.
type AheadError struct {
	// Totals names the last increment of each such total.
	Totals []clock.Dot
}

// Error implements error.
func (e *AheadError) Error() string { return fmt.Sprintf("%v: at %v", ErrAhead, e.Totals) }

// Is matches ErrAhead.
func (e *AheadError) Is(target error) bool { return target == ErrAhead }
