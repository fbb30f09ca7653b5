package clock

import (
	"fmt"

	"github.com/dovetail-crdt/dovetail/clock/wire"
)

// Ordering is the outcome of comparing two causal histories.
type Ordering int8

// The four outcomes. Concurrent means that each side has something that the
// other lacks, so neither may overwrite the other.
const (
	Equal Ordering = iota
	Before
	After
	Concurrent
)

// String returns the outcome in lower case.
func (o Ordering) String() string {
	switch o {
	case Equal:
		return "equal"
	case Before:
		return "before"
	case After:
		return "after"
	case Concurrent:
		return "concurrent"
	default:
		return fmt.Sprintf("Ordering(%d)", int8(o))
	}
}

// AppendBinary appends one byte.
func (o Ordering) AppendBinary(b []byte) ([]byte, error) { return append(b, byte(o)), nil }

// MarshalBinary implements encoding.BinaryMarshaler.
func (o Ordering) MarshalBinary() ([]byte, error) { return o.AppendBinary(nil) }

// UnmarshalBinary reads what AppendBinary wrote.
func (o *Ordering) UnmarshalBinary(b []byte) error {
	r := wire.NewReader(b)
	v := Ordering(r.Byte())
	if r.Err() == nil && (v < Equal || v > Concurrent) {
		r.Failf("ordering %d", v)
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("clock: ordering: %w", err)
	}
	*o = v
	return nil
}

// orderingOf says how a relates to b when a has (or lacks) something beyond b.
func orderingOf(aMore, bMore bool) Ordering {
	switch {
	case aMore && bMore:
		return Concurrent
	case aMore:
		return After
	case bMore:
		return Before
	default:
		return Equal
	}
}
