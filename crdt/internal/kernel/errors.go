package kernel

import "errors"

// ErrReused is matched by the error of a commit whose number was used before.
var ErrReused = errors.New("event number used before")
