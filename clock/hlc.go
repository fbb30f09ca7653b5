package clock

import (
	"fmt"
	"time"

	"github.com/dovetail-crdt/dovetail/clock/wire"
)

// HLC is a hybrid logical clock (Kulkarni et al., OPODIS 2014) whose readings
// never go back and that follows what it sees only so far.
//
// The bound is how far ahead of its own wall clock it follows a timestamp. A
// replica whose clock is years ahead thereby cannot drag the others along: its
// writes win only until somebody who saw them writes again. The bound should be
// larger than the real spread of the clocks; with clocks further apart, an
// older concurrent write can win against a newer one (but never against a write
// that saw it: causality comes first).
//
// An HLC is not safe for concurrent use.
type HLC struct {
	wall  func() time.Time
	bound time.Duration
	last  Timestamp
}

// DefaultBound is how far ahead of its wall clock an HLC follows a timestamp
// unless told otherwise.
const DefaultBound = time.Minute

// NewHLC returns a clock that reads wall and follows timestamps up to bound
// ahead of it, counted in whole milliseconds; a bound of 0 stands for
// DefaultBound. It panics if wall is nil or
// bound is negative.
func NewHLC(wall func() time.Time, bound time.Duration) *HLC {
	if wall == nil || bound < 0 {
		panic(fmt.Sprintf("clock: NewHLC: wall given: %t, bound %v", wall != nil, bound))
	}
	if bound == 0 {
		bound = DefaultBound
	}
	return &HLC{wall: wall, bound: bound}
}

// Now returns a timestamp larger than any that the clock returned or followed
// before (or MaxTimestamp, once there).
func (h *HLC) Now() Timestamp { return h.Stamp() }

// Stamp returns the time of a write that overwrites values with the given
// times: it is larger than each of them that is not beyond the bound. One
// beyond the bound is overwritten, not followed.
func (h *HLC) Stamp(over ...Timestamp) Timestamp {
	now := TimestampOf(h.wall())
	t := max(now, h.last.Next())
	limit := now.plus(h.bound)
	for _, o := range over {
		if o <= limit {
			t = max(t, o.Next())
		}
	}
	h.last = t
	return t
}

// Observe lets the clock follow a timestamp from elsewhere and reports whether
// it was within the bound. A timestamp beyond the bound leaves the clock as it
// is; what carries it is kept all the same.
func (h *HLC) Observe(t Timestamp) (followed bool) {
	if t > TimestampOf(h.wall()).plus(h.bound) {
		return false
	}
	h.last = max(h.last, t)
	return true
}

// AppendBinary appends the last reading, so that a restart does not go back.
func (h *HLC) AppendBinary(b []byte) ([]byte, error) { return h.last.AppendBinary(b) }

// MarshalBinary implements encoding.BinaryMarshaler.
func (h *HLC) MarshalBinary() ([]byte, error) { return h.AppendBinary(nil) }

// UnmarshalBinary continues from a reading that AppendBinary wrote, unless the
// clock is past it already. Wall clock and bound stay.
func (h *HLC) UnmarshalBinary(b []byte) error {
	r := wire.NewReader(b)
	t := Timestamp(r.Uint64())
	if err := r.Done(); err != nil {
		return fmt.Errorf("clock: hybrid logical clock: %w", err)
	}
	h.last = max(h.last, t)
	return nil
}
