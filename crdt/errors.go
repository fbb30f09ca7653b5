package crdt

import (
	"errors"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt/internal/kernel"
)

var (
	// ErrCorrupt is matched by the error of a frame that no encoder wrote.
	ErrCorrupt = clock.ErrCorrupt
	// ErrVersion is matched by the error of a frame of a newer format, whose bytes
	// should be kept for a newer binary.
	ErrVersion = errors.New("crdt: frame of an unknown version")
	// ErrKind is matched by the error of reading a frame as a kind that it is not.
	ErrKind = errors.New("crdt: frame of another kind")
	// ErrOverflow is matched by the error of a transaction that would have taken a
	// counter outside its range, as far as its replica can see.
	ErrOverflow = errors.New("crdt: counter out of range")
	// ErrReused is matched by the error of a transaction whose event number was
	// used before: two writers share a replica id. Nothing was changed.
	ErrReused = kernel.ErrReused
	// ErrClaim is matched by the error of a transaction whose Source claims or
	// doubts what the value itself contradicts, such as two Writer.On for one
	// value. Nothing was changed.
	ErrClaim = kernel.ErrClaim
)
