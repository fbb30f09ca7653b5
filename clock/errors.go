package clock

import (
	"errors"

	"github.com/dovetail-crdt/dovetail/clock/wire"
)

var (
	// ErrCorrupt is matched by every error that a decoder of this module
	// returns for bytes that no encoder wrote.
	ErrCorrupt = wire.ErrCorrupt

	// ErrToken is matched by every error about a token that was forged, altered,
	// sealed under another key or for another object, or of an unknown version.
	ErrToken = errors.New("clock: token not accepted")

	// ErrTokenSize is matched by the error of sealing a context that is too large for a
	// token, and of opening what was given in its place.
	ErrTokenSize = errors.New("clock: context too large for a token")

	// ErrEvent is matched by the error of a write whose event cannot be the next
	// one of its replica on the object: its number was used before, or its claim
	// skips an event that is known.
	ErrEvent = errors.New("clock: event not accepted")
)
