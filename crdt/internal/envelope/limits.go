package envelope

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/dovetail-crdt/dovetail/clock"
)

// Limits of what a frame may hold, on both sides of it.
const (
	MaxFrame = 256 << 20 // bytes
	MaxName  = 1 << 10   // bytes of the name of a kind
)

// ErrVersion is matched by the error of a frame of a newer format.
var ErrVersion = errors.New("crdt: frame of an unknown version")

// CheckName returns an error unless a name can be that of a kind or a field.
func CheckName(what, name string) error {
	switch {
	case name == "", len(name) > MaxName:
		return fmt.Errorf("crdt: %s of %d bytes: want 1 to %d", what, len(name), MaxName)
	case !utf8.ValidString(name):
		return fmt.Errorf("crdt: %s %q is not UTF-8", what, name)
	}
	return nil
}

// Corrupt is err as a fault of a frame of a kind, whatever a codec returned.
func Corrupt(kind string, err error) error {
	if errors.Is(err, clock.ErrCorrupt) || errors.Is(err, ErrVersion) {
		return fmt.Errorf("crdt: %s: %w", kind, err)
	}
	return fmt.Errorf("crdt: %s: %w: %w", kind, clock.ErrCorrupt, err)
}
