package crdt

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"math/bits"
	"slices"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/clock/wire"
)

// escrow is what replicas hold shares of: rights to lower the value, or room to
// raise it.
type escrow bool

const (
	rights escrow = false
	room   escrow = true
)

// moves tells who gains and who loses in e what k counts; 0 is nobody.
func (k cell) moves(e escrow) (gains, loses clock.ReplicaID) {
	switch {
	case k.what == cellTransfer && e == rights, k.what == cellMoved && e == room:
		return k.to, k.by
	case k.what == cellGranted && e == rights, k.what == cellSpent && e == room, k.what == cellRoom && e == room:
		return k.by, 0
	case k.what == cellSpent && e == rights, k.what == cellGranted && e == room:
		return 0, k.by
	}
	return 0, 0
}

// holdings returns what each replica holds in e, as far as it is seen. A share is
// negative when what came in is not seen and what went out is.
func (c *BoundedCounter) holdings(e escrow) map[clock.ReplicaID]*balance {
	held := make(map[clock.ReplicaID]*balance)
	of := func(id clock.ReplicaID) *balance {
		if held[id] == nil {
			held[id] = new(balance)
		}
		return held[id]
	}
	for k, n := range c.orZero().cells {
		gains, loses := k.moves(e)
		of(gains).add(n)
		of(loses).sub(n)
	}
	delete(held, 0)
	return held
}

// balance is a signed sum of 128 bits, which no number of cells can overflow.
type balance struct{ hi, lo uint64 }

func (b *balance) add(n uint64) {
	var carry uint64
	b.lo, carry = bits.Add64(b.lo, n, 0)
	b.hi += carry
}

func (b *balance) sub(n uint64) {
	var borrow uint64
	b.lo, borrow = bits.Sub64(b.lo, n, 0)
	b.hi -= borrow
}

func (b *balance) negative() bool { return b != nil && int64(b.hi) < 0 }

// left returns the sum as far as a uint64 can hold it. Of nil it is 0.
func (b *balance) left() uint64 {
	switch {
	case b == nil || b.negative():
		return 0
	case b.hi > 0:
		return math.MaxUint64
	}
	return b.lo
}

// Merge implements Lattice: each cell becomes the larger. O(cells of delta). It
// panics if the bounds differ.
func (c *BoundedCounter) Merge(delta *BoundedCounter) (changed bool) {
	mustBeMade(c != nil && c.cells != nil, "BoundedCounter")
	if delta.IsBottom() {
		return false
	}
	if c.bounds != delta.bounds {
		panic(fmt.Sprintf("crdt: Merge of counters with bounds %+v and %+v", c.bounds, delta.bounds))
	}
	for k, n := range delta.cells {
		if n > c.cells[k] {
			c.cells[k], changed = n, true
		}
	}
	return changed
}

// Equal implements Lattice.
func (c *BoundedCounter) Equal(o *BoundedCounter) bool {
	if c == nil || o == nil || c.cells == nil || o.cells == nil { // no bounds to compare
		return c.IsBottom() && o.IsBottom()
	}
	return c.bounds == o.bounds && maps.Equal(c.cells, o.cells)
}

// Clone implements Lattice.
func (c *BoundedCounter) Clone() *BoundedCounter {
	if c == nil {
		return nil
	}
	return &BoundedCounter{c.bounds, maps.Clone(c.cells)}
}

// IsBottom implements Lattice; a nil counter is bottom.
func (c *BoundedCounter) IsBottom() bool { return c == nil || len(c.cells) == 0 }

func (k cell) compare(o cell) int {
	return cmp.Or(k.by.Compare(o.by), cmp.Compare(k.what, o.what), k.to.Compare(o.to))
}

func (k cell) isTransfer() bool { return k.what == cellTransfer || k.what == cellMoved }

// appendBinary appends the number of cells and each of them: writer, what it
// counts, to whom if it counts transfers, total. They stand in that order.
// O(n log n). The bounds are the kind's.
func (c *BoundedCounter) appendBinary(b []byte) []byte {
	b = wire.AppendUvarint(b, uint64(len(c.cells)))
	for _, k := range slices.SortedFunc(maps.Keys(c.cells), cell.compare) {
		b = append(wire.AppendUint64(b, uint64(k.by)), byte(k.what))
		if k.isTransfer() {
			b = wire.AppendUint64(b, uint64(k.to))
		}
		b = wire.AppendUvarint(b, c.cells[k])
	}
	return b
}

// unmarshalBinary replaces c by what appendBinary wrote for a counter of the same
// bounds; on error c is as it was. Memory is bounded by the length of b, to which
// no reference is kept.
func (c *BoundedCounter) unmarshalBinary(b []byte) error {
	r := wire.NewReader(b)
	cells := make(map[cell]uint64) // which grows with what was read, not with what was announced
	var last cell
	for range r.Count(10) {
		k := cell{by: clock.ReplicaID(r.Uint64()), what: cellKind(r.Byte())}
		if k.isTransfer() {
			k.to = clock.ReplicaID(r.Uint64())
		}
		n := r.Uvarint()
		if r.Err() == nil {
			c.bounds.check(r, last, k, n)
		}
		if r.Err() != nil {
			break
		}
		cells[k], last = n, k
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("crdt: boundedcounter: %w", err)
	}
	c.cells = cells
	return nil
}

// check refuses a cell that no mutator writes, or that does not stand behind last.
func (b bounds) check(r *wire.Reader, last, k cell, n uint64) {
	switch {
	case !k.by.IsValid() || k.compare(last) <= 0:
		r.Failf("cell of replica %v, kind %d, behind one of %v, kind %d", k.by, k.what, last.by, last.what)
	case k.what >= cellKinds, k.isTransfer() && (!k.to.IsValid() || k.to == k.by):
		r.Failf("cell of %v of kind %d for %v", k.by, k.what, k.to)
	case !b.limited && k.what >= cellRoom:
		r.Failf("room below an upper bound that there is not")
	case n == 0 || k.what == cellRoom && n != b.span():
		r.Failf("cell of %v of kind %d with total %d", k.by, k.what, n)
	}
}
