package kernel

import "errors"

var (
	// ErrReused is matched by the error of a commit whose number was used before.
	ErrReused = errors.New("event number used before")
	// ErrTooLarge is matched by the error of a commit of content beyond MaxContent.
	ErrTooLarge = errors.New("content too large")
	// ErrClaim is matched by the error of a commit whose claim or doubt the state
	// itself contradicts.
	ErrClaim = errors.New("dishonest claim")
)
