package crdt

import (
	"fmt"
	"math"
	"math/bits"

	"github.com/dovetail-crdt/dovetail/clock/wire"
)

// GCounter is a sum of increments: concurrent ones all count, and nothing is ever
// taken away. Each replica owns a total that only grows; totals are merged by the
// larger. It has no context, so it is an object of its own or a GMap value, and
// not an AWMap value; to decrement too use PNCounter, to reset use Counter.
//
// A replica adds to the total that it finds in the value, so the value at hand
// must hold all that this replica added before: an incarnation that cannot prove
// that takes a new replica id.
//
// The sum is modulo 2^64, so it is exact whenever the true sum fits. The zero
// value is a counter of value 0.
type GCounter struct {
	rows rows // of one total
}

// GCounterKind returns the kind of GCounter.
func GCounterKind() Kind[*GCounter] {
	return plainKind("gcounter", func() *GCounter { return &GCounter{} }, always((*GCounter).appendBinary))
}

// Value returns the sum of all increments. O(replicas).
func (c *GCounter) Value() uint64 {
	v, _ := c.sum()
	return v
}

func (c *GCounter) sum() (v uint64, overflow bool) {
	for row := range c.table().each(1) {
		var carry uint64
		v, carry = bits.Add64(v, row[0], 0)
		overflow = overflow || carry > 0
	}
	return v, overflow
}

// Add adds n; adding 0 changes nothing. If the value that this replica sees would
// exceed 2^64-1 the transaction fails with ErrOverflow. Concurrent additions can
// still exceed it; merging never fails. O(replicas).
func (c *GCounter) Add(tx *Tx, n uint64) {
	id := tx.Replica()
	v, overflow := c.sum()
	switch {
	case n == 0:
		return
	case overflow || n > math.MaxUint64-v:
		tx.Fail(fmt.Errorf("%w: %d + %d", ErrOverflow, v, n))
		return
	}
	if own := c.rows.row(id, 1); own != nil {
		n += own[0] // which is part of v
	}
	Record(tx, c, &GCounter{rowOf(id, n)})
}

// Merge implements Lattice. O(replicas); of a delta of one replica that c knows,
// O(log replicas).
func (c *GCounter) Merge(delta *GCounter) (changed bool) {
	mustBeMade(c != nil, "GCounter")
	return delta != nil && c.rows.merge(&delta.rows, 1)
}

// Equal implements Lattice.
func (c *GCounter) Equal(o *GCounter) bool {
	if c == nil || o == nil {
		return c.IsBottom() && o.IsBottom()
	}
	return c.rows.equal(&o.rows, 1)
}

// Clone implements Lattice.
func (c *GCounter) Clone() *GCounter {
	if c == nil {
		return nil
	}
	return &GCounter{c.rows.clone(1)}
}

// IsBottom implements Lattice; a nil counter is bottom.
func (c *GCounter) IsBottom() bool { return c == nil || len(c.rows.ids) == 0 }

// String returns the value in decimal.
func (c *GCounter) String() string { return fmt.Sprint(c.Value()) }

// appendBinary appends the totals in order of replica.
func (c *GCounter) appendBinary(b []byte) []byte { return c.rows.appendBinary(b, 1) }

// unmarshalBinary replaces c by what appendBinary wrote; on error c is as it was.
// Memory is bounded by the length of b, to which no reference is kept.
func (c *GCounter) unmarshalBinary(b []byte) error {
	r := wire.NewReader(b)
	t := readRows(r, 1, math.MaxUint64)
	if err := r.Done(); err != nil {
		return fmt.Errorf("crdt: gcounter: %w", err)
	}
	c.rows = t
	return nil
}
