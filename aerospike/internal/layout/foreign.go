package layout

import (
	"errors"
	"fmt"
	"strings"
)

// errNotOurs is matched by the errors of records that are never written: nothing was
// applied there.
var errNotOurs = errors.New("not a record of this layout")

// ForeignRecordError means that a record under a key of ours is another program's: it
// has no bins of ours, or others beside them. It is neither read as an object nor ever
// written, and keeps its expiry.
type ForeignRecordError struct{ Bins []string } // that are not ours, in order

// Error implements error.
func (e *ForeignRecordError) Error() string {
	return fmt.Sprintf("record of another program, with the bins %s", strings.Join(e.Bins, ", "))
}

// Is reports whether target is what errors of records that are never written match.
func (e *ForeignRecordError) Is(target error) bool { return target == errNotOurs }

// VersionError means that a record has another layout, of an earlier version or a later
// one. It is never written.
type VersionError struct{ Version, Known int }

// Error implements error.
func (e *VersionError) Error() string {
	return fmt.Sprintf("record of layout %d, known is %d", e.Version, e.Known)
}

// Is reports whether target is what errors of records that are never written match.
func (e *VersionError) Is(target error) bool { return target == errNotOurs }
