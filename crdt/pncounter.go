package crdt

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/clock/wire"
)

// PNCounter is a sum of increments and decrements without reset: each replica
// owns a row of two totals that only grow, merged by the larger. It has no
// context, so it is an object of its own and not a map value; for a counter that
// can be removed or reset, use Counter.
//
// Totals saturate nowhere: arithmetic is modulo 2^64, and Add refuses to take a
// total past 2^63-1.
type PNCounter struct {
	rows []pnRow // by replica, each once, none all zero
}

type pnRow struct {
	id       clock.ReplicaID
	inc, dec uint64
}

func (r pnRow) compareID(id clock.ReplicaID) int { return cmp.Compare(r.id, id) }

// NewPNCounter returns a counter of value 0.
func NewPNCounter() *PNCounter { return &PNCounter{} }

// PNCounterKind returns the kind of PNCounter.
func PNCounterKind() Kind[*PNCounter] {
	return Kind[*PNCounter]{
		Name: "pncounter", Version: kindVersion,
		New:    NewPNCounter,
		Append: func(b []byte, c *PNCounter) ([]byte, error) { return c.AppendBinary(b) },
		Decode: func(b []byte) (*PNCounter, error) {
			c := NewPNCounter()
			return c, c.UnmarshalBinary(b)
		},
	}
}

// Value returns the sum of all increments less all decrements. O(replicas).
func (c *PNCounter) Value() int64 {
	var v uint64
	for _, r := range c.rows {
		v += r.inc - r.dec
	}
	return int64(v)
}

// Add adds n, which may be negative. If a total of this replica would exceed
// 2^63-1 the transaction fails with ErrOverflow.
func (c *PNCounter) Add(tx *Tx, n int64) {
	row := pnRow{id: tx.Replica()}
	if i, ok := c.find(row.id); ok {
		row = c.rows[i]
	}
	total, by := &row.inc, uint64(n)
	if n < 0 {
		total, by = &row.dec, -uint64(n)
	}
	if by > math.MaxInt64-*total {
		tx.Fail(fmt.Errorf("%w: total of %v is %d, %+d", ErrOverflow, row.id, *total, n))
		return
	}
	if by == 0 {
		return
	}
	*total += by
	Record(tx, c, &PNCounter{rows: []pnRow{row}})
}

func (c *PNCounter) find(id clock.ReplicaID) (int, bool) {
	return slices.BinarySearchFunc(c.rows, id, pnRow.compareID)
}

// Merge implements Lattice. O(replicas of both).
func (c *PNCounter) Merge(delta *PNCounter) (changed bool) {
	if delta == nil {
		return false
	}
	for _, d := range delta.rows {
		i, ok := c.find(d.id)
		if !ok {
			c.rows, changed = slices.Insert(c.rows, i, d), true
			continue
		}
		r := &c.rows[i]
		if d.inc > r.inc || d.dec > r.dec {
			r.inc, r.dec, changed = max(r.inc, d.inc), max(r.dec, d.dec), true
		}
	}
	return changed
}

// Equal implements Lattice.
func (c *PNCounter) Equal(o *PNCounter) bool { return slices.Equal(c.rows, o.rows) }

// Clone implements Lattice.
func (c *PNCounter) Clone() *PNCounter { return &PNCounter{rows: slices.Clone(c.rows)} }

// IsBottom implements Lattice; a nil counter is bottom.
func (c *PNCounter) IsBottom() bool { return c == nil || len(c.rows) == 0 }

// String returns the value in decimal.
func (c *PNCounter) String() string { return fmt.Sprint(c.Value()) }

// AppendBinary appends the rows in order of replica.
func (c *PNCounter) AppendBinary(b []byte) ([]byte, error) {
	b = wire.AppendUvarint(b, uint64(len(c.rows)))
	for _, r := range c.rows {
		b = wire.AppendUint64(b, uint64(r.id))
		b = wire.AppendUvarint(wire.AppendUvarint(b, r.inc), r.dec)
	}
	return b, nil
}

// UnmarshalBinary replaces c by what AppendBinary wrote; on error c is as it was.
func (c *PNCounter) UnmarshalBinary(b []byte) error {
	r := wire.NewReader(b)
	rows := make([]pnRow, 0, r.Count(10))
	for range cap(rows) {
		row := pnRow{id: clock.ReplicaID(r.Uint64()), inc: r.Uvarint(), dec: r.Uvarint()}
		if n := len(rows); !row.id.IsValid() || n > 0 && rows[n-1].id >= row.id ||
			row.inc > math.MaxInt64 || row.dec > math.MaxInt64 || row.inc == 0 && row.dec == 0 {
			r.Failf("row %d of replica %v with totals %d and %d", n, row.id, row.inc, row.dec)
		}
		rows = append(rows, row)
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("crdt: pncounter: %w", err)
	}
	c.rows = rows
	return nil
}
