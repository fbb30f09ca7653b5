package crdt

import (
	"encoding/binary"
	"fmt"
	"iter"

	"github.com/dovetail-crdt/dovetail/clock"
)

// entriesHere yields the plain values that are live exactly at n, in dot order.
func entriesHere(n node) iter.Seq2[clock.Dot, string] {
	return func(yield func(clock.Dot, string) bool) {
		for d, v := range n.Here() {
			if v.Total == nil && !yield(d, v.Put) {
				return
			}
		}
	}
}

// validateLeaf checks that n is one place with plain values that read accepts.
func validateLeaf(what string, n node, read func(string) error) error {
	return n.Check(func(depth int, seg string, n node) error {
		if depth > 0 {
			return fmt.Errorf("%w: %s with a path segment %q below it", ErrCorrupt, what, seg)
		}
		for d, v := range n.Here() {
			if v.Total != nil {
				return fmt.Errorf("%w: %s with a counter total at %v", ErrCorrupt, what, d)
			}
			if err := read(v.Put); err != nil {
				return fmt.Errorf("%s: value at %v: %w", what, d, err)
			}
		}
		return noBases(what, n)
	})
}

// must reads a value that validate accepted.
func must[T any](c *Codec[T], put string) T {
	v, err := c.Decode([]byte(put))
	if err != nil {
		panic(fmt.Sprintf("crdt: register holds a value that its codec %s cannot read: %v", c.Name, err))
	}
	return v
}

// A timed value is the eight bytes of its timestamp, then its own bytes.

func appendTime(b []byte, t clock.Timestamp) []byte {
	return binary.BigEndian.AppendUint64(b, uint64(t))
}

func splitTime(put string) (clock.Timestamp, string, error) {
	if len(put) < 8 {
		return 0, "", fmt.Errorf("%w: timed value of %d bytes", ErrCorrupt, len(put))
	}
	return clock.Timestamp(binary.BigEndian.Uint64([]byte(put[:8]))), put[8:], nil
}
