package clock

import (
	"cmp"
	"fmt"
	"math"

	"github.com/dovetail-crdt/dovetail/clock/wire"
)

// MaxSeq is the largest sequence number of a dot. A decoder refuses larger
// ones, so interval arithmetic (hi+1) cannot wrap.
const MaxSeq = math.MaxInt64

// Dot names one event for ever: the Seq-th event of Replica, counted from 1 over
// all objects that the replica writes. It is comparable and can be a map key.
// The zero Dot names nothing.
type Dot struct {
	Replica ReplicaID
	Seq     uint64
}

// IsValid reports whether d can name an event.
func (d Dot) IsValid() bool { return d.Replica.IsValid() && d.Seq >= 1 && d.Seq <= MaxSeq }

// Compare orders dots by replica, then by sequence number. The order is the
// canonical one of every encoding; it says nothing about causality.
func (d Dot) Compare(e Dot) int {
	return cmp.Or(cmp.Compare(d.Replica, e.Replica), cmp.Compare(d.Seq, e.Seq))
}

// String returns replica and sequence number joined by a full stop.
func (d Dot) String() string { return fmt.Sprintf("%v.%d", d.Replica, d.Seq) }

// AppendBinary appends the replica's eight bytes and the sequence number.
func (d Dot) AppendBinary(b []byte) ([]byte, error) {
	return wire.AppendUvarint(wire.AppendUint64(b, uint64(d.Replica)), d.Seq), nil
}

// MarshalBinary implements encoding.BinaryMarshaler.
func (d Dot) MarshalBinary() ([]byte, error) { return d.AppendBinary(nil) }

// UnmarshalBinary reads what AppendBinary wrote.
func (d *Dot) UnmarshalBinary(b []byte) error {
	r := wire.NewReader(b)
	v := ReadDot(r)
	if err := r.Done(); err != nil {
		return fmt.Errorf("clock: dot: %w", err)
	}
	*d = v
	return nil
}

// ReadDot reads what AppendBinary wrote from r; a dot that names nothing is a
// fault of r.
func ReadDot(r *wire.Reader) Dot {
	return Dot{Replica: readReplica(r), Seq: readSeq(r)}
}

func readSeq(r *wire.Reader) uint64 {
	s := r.Uvarint()
	if r.Err() == nil && (s == 0 || s > MaxSeq) {
		r.Failf("sequence number %d is outside 1..%d", s, uint64(MaxSeq))
		return 0
	}
	return s
}
