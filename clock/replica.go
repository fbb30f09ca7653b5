package clock

import (
	"cmp"
	"fmt"
	"strconv"

	"github.com/dovetail-crdt/dovetail/clock/wire"
)

// ReplicaID names one incarnation of one writer: 64 random bits, drawn anew
// whenever a process cannot prove that it continues the very state it left.
// Two writers with one id issue two events under one dot, which no merge can
// repair, so an id is never configured by hand in production.
//
// Zero is not a replica. Ids are compared and encoded by their numeric value.
type ReplicaID uint64

// IsValid reports whether id can name a replica.
func (id ReplicaID) IsValid() bool { return id != 0 }

// Compare orders ids by number.
func (id ReplicaID) Compare(other ReplicaID) int { return cmp.Compare(id, other) }

// String returns sixteen hexadecimal digits.
func (id ReplicaID) String() string { return fmt.Sprintf("%016x", uint64(id)) }

// ParseReplicaID reads what String wrote.
func ParseReplicaID(s string) (ReplicaID, error) {
	v, err := strconv.ParseUint(s, 16, 64)
	if id := ReplicaID(v); err == nil && id.IsValid() && id.String() == s {
		return id, nil
	}
	return 0, fmt.Errorf("clock: replica id %.20q: want 16 lower-case hexadecimal digits, not all zero: %w", s, ErrCorrupt)
}

// AppendText implements encoding.TextAppender.
func (id ReplicaID) AppendText(b []byte) ([]byte, error) {
	return fmt.Appendf(b, "%016x", uint64(id)), nil
}

// MarshalText implements encoding.TextMarshaler.
func (id ReplicaID) MarshalText() ([]byte, error) { return id.AppendText(nil) }

// UnmarshalText implements encoding.TextUnmarshaler.
func (id *ReplicaID) UnmarshalText(b []byte) error {
	v, err := ParseReplicaID(string(b))
	if err != nil {
		return err
	}
	*id = v
	return nil
}

// AppendBinary appends eight big-endian bytes.
func (id ReplicaID) AppendBinary(b []byte) ([]byte, error) {
	return wire.AppendUint64(b, uint64(id)), nil
}

// MarshalBinary implements encoding.BinaryMarshaler.
func (id ReplicaID) MarshalBinary() ([]byte, error) { return id.AppendBinary(nil) }

// UnmarshalBinary reads what AppendBinary wrote.
func (id *ReplicaID) UnmarshalBinary(b []byte) error {
	r := wire.NewReader(b)
	v := readReplica(r)
	if err := r.Done(); err != nil {
		return fmt.Errorf("clock: replica id: %w", err)
	}
	*id = v
	return nil
}

func readReplica(r *wire.Reader) ReplicaID {
	id := ReplicaID(r.Uint64())
	if r.Err() == nil && !id.IsValid() {
		r.Failf("replica id 0")
	}
	return id
}
