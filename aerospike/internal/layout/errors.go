package layout

import (
	"errors"
	"fmt"
)

var (
	// ErrContention means that the deadline came before the cluster took the
	// write. The write did not happen.
	ErrContention = errors.New("not written before the deadline")
	// ErrInDoubt means that the write may or may not have happened, or may yet.
	ErrInDoubt = errors.New("write in doubt")
	// ErrTooLarge means that the object does not fit into a record. The write did
	// not happen.
	ErrTooLarge = errors.New("object too large for a record")
	// ErrStale means that the record was no longer as it was read. The write did
	// not happen.
	ErrStale = errors.New("record changed since it was read")
)

// Class says what the caller should do about an error.
type Class uint8

const (
	// Permanent errors would come again: the caller gives up.
	Permanent Class = iota
	// Busy errors pass in milliseconds: the caller tries again.
	Busy
	// Overloaded errors pass in seconds: the caller tries again after a longer wait.
	Overloaded
	// Refused means that the record is not as the guard or the stamp of the write
	// demands: the caller reads it again.
	Refused
	// Absent means that there is no record.
	Absent
	// TooBig means that the record would be over the limit of the server.
	TooBig
)

// String returns the class's name.
func (c Class) String() string {
	switch c {
	case Permanent:
		return "permanent"
	case Busy:
		return "busy"
	case Overloaded:
		return "overloaded"
	case Refused:
		return "refused"
	case Absent:
		return "absent"
	case TooBig:
		return "too big"
	}
	return fmt.Sprintf("Class(%d)", uint8(c))
}

// Error is why an attempt failed.
type Error struct {
	Class Class
	// Doubt says that it may have succeeded all the same, or may yet.
	Doubt bool
	Err   error
}

// Error implements error.
func (e *Error) Error() string {
	if e.Doubt {
		return fmt.Sprintf("%v (in doubt)", e.Err)
	}
	return e.Err.Error()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// classify returns err as an *Error. An error of another type is Permanent, and nothing
// was sent.
func classify(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return &Error{Class: Permanent, Err: err}
}
