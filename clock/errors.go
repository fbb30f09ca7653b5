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
)
