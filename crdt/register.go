package crdt

import (
	"encoding/binary"
	"fmt"
	"iter"

	"github.com/dovetail-crdt/dovetail/clock"
)

// entriesHere yields the plain values that are live exactly at n, in dot order. They
// must not be changed.
func entriesHere(n node) iter.Seq2[clock.Dot, []byte] {
	return func(yield func(clock.Dot, []byte) bool) {
		for d, v := range n.Here() {
			if v.Total == nil && !yield(d, v.Put) {
				return
			}
		}
	}
}

// must reads a value that validate accepted.
func must[T any](c *Codec[T], put []byte) T {
	v, err := c.Decode(put)
	if err != nil {
		panic(fmt.Sprintf("crdt: register holds a value that its codec %s cannot read: %v", c.Name, err))
	}
	return v
}

// A timed value is the eight bytes of its timestamp, then its own bytes.

func appendTime(b []byte, t clock.Timestamp) []byte {
	return binary.BigEndian.AppendUint64(b, uint64(t))
}

func splitTime(put []byte) (clock.Timestamp, []byte, error) {
	if len(put) < 8 {
		return 0, nil, fmt.Errorf("%w: timed value of %d bytes", ErrCorrupt, len(put))
	}
	return clock.Timestamp(binary.BigEndian.Uint64(put)), put[8:], nil
}
