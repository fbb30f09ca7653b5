package clock

import (
	"fmt"

	"github.com/dovetail-crdt/dovetail/clock/wire"
)

// Event is one event of one replica on one object.
//
// After is the event's claim: the replica issued no other event on this object
// with a sequence number in (After, Seq). The claim is what keeps an object's
// context compact although dots are counted over all objects. It must come from
// the replica's own memory or durable state; any upper bound on its last event
// on the object is honest, and Seq-1 always is. A claim that skips a real event
// declares that event dead wherever this one arrives first.
//
// Time is the hybrid logical time at which the event was issued.
type Event struct {
	Dot   Dot
	After uint64
	Time  Timestamp
}

// IsValid reports whether the dot names an event and the claim ends before it.
func (e Event) IsValid() bool { return e.Dot.IsValid() && e.After < e.Dot.Seq }

// AppendBinary appends dot, claim (as a distance) and time.
func (e Event) AppendBinary(b []byte) ([]byte, error) {
	b, err := e.Dot.AppendBinary(b)
	b = wire.AppendUvarint(b, e.Dot.Seq-e.After)
	return wire.AppendUvarint(b, uint64(e.Time)), err
}

// MarshalBinary implements encoding.BinaryMarshaler.
func (e Event) MarshalBinary() ([]byte, error) { return e.AppendBinary(nil) }

// UnmarshalBinary reads what AppendBinary wrote.
func (e *Event) UnmarshalBinary(b []byte) error {
	r := wire.NewReader(b)
	v := ReadEvent(r)
	if err := r.Done(); err != nil {
		return fmt.Errorf("clock: event: %w", err)
	}
	*e = v
	return nil
}

// ReadEvent reads what AppendBinary wrote from r.
func ReadEvent(r *wire.Reader) Event {
	e := Event{Dot: ReadDot(r)}
	dist := r.Uvarint()
	if r.Err() == nil && (dist == 0 || dist > e.Dot.Seq) {
		r.Failf("claim of %d events ending at number %d", dist, e.Dot.Seq)
		return Event{}
	}
	e.After = e.Dot.Seq - dist
	e.Time = Timestamp(r.Uvarint())
	return e
}
