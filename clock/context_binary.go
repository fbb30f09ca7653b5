package clock

import (
	"fmt"

	"github.com/dovetail-crdt/dovetail/clock/wire"
)

// AppendBinary appends the canonical encoding: the number of replicas; of each,
// in order, its id, the number of its intervals, and of each interval the
// distance from the end of the one before (minus one) and its length (minus
// one).
func (c *Context) AppendBinary(b []byte) ([]byte, error) {
	b = wire.AppendUvarint(b, uint64(len(c.rows)))
	for i := range c.rows {
		r := &c.rows[i]
		rest := r.rest()
		b = wire.AppendUint64(b, uint64(r.id))
		b = wire.AppendUvarint(b, uint64(1+len(rest)))
		b = appendInterval(b, r.first, 0)
		end := r.first.Hi
		for _, in := range rest {
			b = appendInterval(b, in, end+1)
			end = in.Hi
		}
	}
	return b, nil
}

// appendInterval writes in as a distance from floor, the largest number that
// cannot start it.
func appendInterval(b []byte, in Interval, floor uint64) []byte {
	return wire.AppendUvarint(wire.AppendUvarint(b, in.Lo-floor-1), in.Hi-in.Lo)
}

// MarshalBinary implements encoding.BinaryMarshaler.
func (c *Context) MarshalBinary() ([]byte, error) { return c.AppendBinary(nil) }

// UnmarshalBinary replaces c by what AppendBinary wrote. On error c is as it
// was. Memory is bounded by the input's length.
func (c *Context) UnmarshalBinary(b []byte) error {
	r := wire.NewReader(b)
	v := ReadContext(r)
	if err := r.Done(); err != nil {
		return fmt.Errorf("clock: context: %w", err)
	}
	*c = *v
	return nil
}

// ReadContext reads what AppendBinary wrote from r. The result shares no memory
// with the input; after a fault of r it is empty.
func ReadContext(r *wire.Reader) *Context {
	c := &Context{} // where it is inlined this need not be allocated
	c.read(r)
	return c
}

func (c *Context) read(r *wire.Reader) {
	c.rows = make([]contextRow, 0, r.Count(11))
	for range cap(c.rows) {
		row := contextRow{id: readReplica(r)}
		if n := len(c.rows); n > 0 && c.rows[n-1].id >= row.id {
			r.Failf("replica %v is out of order", row.id)
		}
		n := r.Count(2)
		if n == 0 {
			r.Failf("replica %v without intervals", row.id)
			c.rows = nil
			return
		}
		row.first = readInterval(r, 0)
		end := row.first.Hi
		if n > 1 {
			row.more = &runList{buf: make([]Interval, n-1)}
		}
		for i := range row.rest() {
			row.more.buf[i] = readInterval(r, end+1)
			end = row.more.buf[i].Hi
		}
		c.rows = append(c.rows, row)
	}
	if r.Err() != nil {
		c.rows = nil
	}
}

func readInterval(r *wire.Reader, floor uint64) Interval {
	gap, n := r.Uvarint(), r.Uvarint()
	if gap > MaxSeq || n > MaxSeq || floor >= MaxSeq || gap >= MaxSeq-floor || n > MaxSeq-floor-gap-1 {
		r.Failf("interval beyond number %d", uint64(MaxSeq))
		return Interval{1, 1}
	}
	return Interval{floor + gap + 1, floor + gap + 1 + n}
}
