package kernel

import (
	"math"

	"github.com/dovetail-crdt/dovetail/clock/wire"
)

// A column of numbers is written as runs: value<<1 for a single one, or
// value<<1|1 and the length less two. Neighbouring runs differ. In the column of
// lengths a zero is always single, so that every entry takes at least a byte of
// its frame and a short frame cannot claim many.

// runWriter writes a column number by number.
type runWriter struct {
	b     []byte
	v, n  uint64
	zeros bool // zeros are single
}

func (w *runWriter) add(v, n uint64) {
	if v == w.v && w.n > 0 {
		w.n += n
		return
	}
	w.flush()
	w.v, w.n = v, n
}

func (w *runWriter) flush() {
	switch {
	case w.n == 0:
	case w.v == 0 && w.zeros:
		for ; w.n > 0; w.n-- {
			w.b = append(w.b, 0)
		}
	case w.n == 1:
		w.b = wire.AppendUvarint(w.b, w.v<<1)
	default:
		w.b = wire.AppendUvarint(wire.AppendUvarint(w.b, w.v<<1|1), w.n-2)
	}
	w.n = 0
}

// runReader gives a column of so many numbers back.
type runReader struct {
	r     *wire.Reader
	left  uint64 // not yet read
	was   run    // the one before, if any
	zeros bool
	what  string
}

// next reads a run. After a fault of r it is of no use.
func (c *runReader) next() run {
	x := c.r.Uvarint()
	v, n := x>>1, uint64(1)
	if x&1 != 0 {
		n = c.r.Uvarint()
		if n <= math.MaxUint32 {
			n += 2
		}
		if v == 0 && c.zeros {
			c.r.Failf("%s: a run of zeros", c.what)
		}
	}
	switch {
	case c.r.Err() != nil:
		return run{}
	case n > c.left:
		c.r.Failf("%s: a run of %d in a column with %d to go", c.what, n, c.left)
		return run{}
	case c.was.n > 0 && v == c.was.v && (v != 0 || !c.zeros):
		c.r.Failf("%s: two runs of %d side by side", c.what, v)
	}
	c.left -= n
	c.was = run{v, int(n)}
	return c.was
}

// readColumn appends the column of n numbers as runs.
func readColumn(out []run, r *wire.Reader, what string, n int, zeros bool) []run {
	c := runReader{r: r, left: uint64(n), zeros: zeros, what: what}
	for c.left > 0 {
		x := c.next()
		if r.Err() != nil {
			return nil
		}
		if n := len(out); n > 0 && out[n-1].v == x.v { // zeros, which are single
			out[n-1].n += x.n
		} else {
			out = append(out, x)
		}
	}
	return out
}

// run is a number that stands n times.
type run struct {
	v uint64
	n int
}

// column is runs that are taken from the front.
type column struct{ runs []run }

// take takes n off the first run, which has as many.
func (c *column) take(n int) {
	if c.runs[0].n -= n; c.runs[0].n == 0 {
		c.runs = c.runs[1:]
	}
}
