package crdt

import (
	"fmt"
	"math"

	"github.com/dovetail-crdt/dovetail/clock/wire"
)

// PNCounter is a sum of increments and decrements without reset: each replica
// owns a row of two totals that only grow, merged by the larger. It has no
// context, so it is an object of its own or a GMap value, and not an AWMap value;
// for a counter that can be removed or reset, use Counter.
//
// Totals saturate nowhere: arithmetic is modulo 2^64, and Add refuses to take a
// total past 2^63-1. What GCounter says of the value at hand holds here too.
type PNCounter struct {
	rows rows // of increments and decrements
}

const pnWidth = 2

// PNCounterKind returns the kind of PNCounter.
func PNCounterKind() Kind[*PNCounter] {
	return plainKind("pncounter", func() *PNCounter { return &PNCounter{} }, always((*PNCounter).appendBinary))
}

// Value returns the sum of all increments less all decrements. O(replicas).
func (c *PNCounter) Value() int64 {
	var v uint64
	for row := range c.table().each(pnWidth) {
		v += row[0] - row[1]
	}
	return int64(v)
}

// Totals returns the sum of all increments and that of all decrements, each mod
// 2^64. O(replicas).
func (c *PNCounter) Totals() (inc, dec uint64) {
	for row := range c.table().each(pnWidth) {
		inc, dec = inc+row[0], dec+row[1]
	}
	return inc, dec
}

// Add adds n, which may be negative. If a total of this replica would exceed
// 2^63-1 the transaction fails with ErrOverflow.
func (c *PNCounter) Add(tx *Tx, n int64) {
	id := tx.Replica()
	what, by := 0, uint64(n)
	if n < 0 {
		what, by = 1, -uint64(n)
	}
	total := uint64(0)
	if row := c.rows.row(id, pnWidth); row != nil {
		total = row[what]
	}
	if by > math.MaxInt64-total {
		tx.Fail(fmt.Errorf("%w: total of %v is %d, %+d", ErrOverflow, id, total, n))
		return
	}
	if by == 0 {
		return
	}
	var row [pnWidth]uint64 // only what changes: the other total is no part of the delta
	row[what] = total + by
	Record(tx, c, &PNCounter{rowOf(id, row[:]...)})
}

// Merge implements Lattice. O(replicas); of a delta of one replica that c knows,
// O(log replicas).
func (c *PNCounter) Merge(delta *PNCounter) (changed bool) {
	mustBeMade(c != nil, "PNCounter")
	return delta != nil && c.rows.merge(&delta.rows, pnWidth)
}

// Equal implements Lattice.
func (c *PNCounter) Equal(o *PNCounter) bool {
	if c == nil || o == nil {
		return c.IsBottom() && o.IsBottom()
	}
	return c.rows.equal(&o.rows, pnWidth)
}

// Clone implements Lattice.
func (c *PNCounter) Clone() *PNCounter {
	if c == nil {
		return nil
	}
	return &PNCounter{c.rows.clone(pnWidth)}
}

// IsBottom implements Lattice; a nil counter is bottom.
func (c *PNCounter) IsBottom() bool { return c == nil || len(c.rows.ids) == 0 }

// String returns the value in decimal.
func (c *PNCounter) String() string { return fmt.Sprint(c.Value()) }

// appendBinary appends the rows in order of replica.
func (c *PNCounter) appendBinary(b []byte) []byte { return c.rows.appendBinary(b, pnWidth) }

// unmarshalBinary replaces c by what appendBinary wrote; on error c is as it was.
// Memory is bounded by the length of b, to which no reference is kept.
func (c *PNCounter) unmarshalBinary(b []byte) error {
	r := wire.NewReader(b)
	t := readRows(r, pnWidth, math.MaxInt64)
	if err := r.Done(); err != nil {
		return fmt.Errorf("crdt: pncounter: %w", err)
	}
	c.rows = t
	return nil
}
