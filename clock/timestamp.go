package clock

import (
	"fmt"
	"math"
	"time"

	"github.com/dovetail-crdt/dovetail/clock/wire"
)

// MaxTimestamp is the largest timestamp; stamping saturates there and never
// wraps.
const MaxTimestamp = Timestamp(math.MaxUint64)

// logicalBits is how many low bits of a Timestamp count events inside one
// millisecond.
const logicalBits = 16

// Timestamp is a hybrid logical time: 48 bits of milliseconds since the Unix
// epoch and 16 bits that count events within one. Numeric order is time order.
// Time only chooses among values that causality leaves concurrent; it never
// decides what is delivered or kept.
type Timestamp uint64

// TimestampOf returns the timestamp of t's millisecond with a logical part of
// zero; times before the epoch become 0 and those past the year 10889 saturate.
func TimestampOf(t time.Time) Timestamp {
	const maxMS = 1<<(64-logicalBits) - 1
	switch sec := t.Unix(); { // milliseconds of a far time overflow, seconds do not
	case sec < 0:
		return 0
	case sec > maxMS/1000 || t.UnixMilli() > maxMS:
		return MaxTimestamp
	default:
		return Timestamp(t.UnixMilli()) << logicalBits
	}
}

// Time returns the physical part as a UTC time.
func (t Timestamp) Time() time.Time { return time.UnixMilli(int64(t >> logicalBits)).UTC() }

// Logical returns the part that counts events within one millisecond.
func (t Timestamp) Logical() uint16 { return uint16(t) }

// Next returns the smallest larger timestamp, or MaxTimestamp.
func (t Timestamp) Next() Timestamp {
	if t == MaxTimestamp {
		return t
	}
	return t + 1
}

// plus returns t moved by d, which is not negative, rounded up to milliseconds
// and saturating.
func (t Timestamp) plus(d time.Duration) Timestamp {
	ms := Timestamp((d + time.Millisecond - 1) / time.Millisecond)
	if d > math.MaxInt64-time.Millisecond {
		ms = Timestamp(d / time.Millisecond)
	}
	if sum := t + ms<<logicalBits; sum >= t {
		return sum
	}
	return MaxTimestamp
}

// String returns the physical part in RFC 3339 and the logical part behind it.
func (t Timestamp) String() string {
	return fmt.Sprintf("%s+%d", t.Time().Format("2006-01-02T15:04:05.000Z"), t.Logical())
}

// AppendBinary appends eight big-endian bytes, which sort by time.
func (t Timestamp) AppendBinary(b []byte) ([]byte, error) {
	return wire.AppendUint64(b, uint64(t)), nil
}

// MarshalBinary implements encoding.BinaryMarshaler.
func (t Timestamp) MarshalBinary() ([]byte, error) { return t.AppendBinary(nil) }

// UnmarshalBinary reads what AppendBinary wrote.
func (t *Timestamp) UnmarshalBinary(b []byte) error {
	r := wire.NewReader(b)
	v := r.Uint64()
	if err := r.Done(); err != nil {
		return fmt.Errorf("clock: timestamp: %w", err)
	}
	*t = Timestamp(v)
	return nil
}
