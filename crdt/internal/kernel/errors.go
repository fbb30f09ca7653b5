package kernel

import "errors"

var (
	// ErrReused is matched by the error of a commit whose number was used before.
	ErrReused = errors.New("event number used before")
	// ErrClaim is matched by the error of a commit whose claim or doubt the state
	// itself contradicts.
	ErrClaim = errors.New("dishonest claim")
)
