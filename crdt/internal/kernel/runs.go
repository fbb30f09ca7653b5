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
	v, n  uint64 // the run being given
	zeros bool
	any   bool
	what  string
}

// peek makes sure that a run is at hand and returns its value and length.
func (c *runReader) peek() (v uint64, n int) {
	if c.n > 0 {
		return c.v, int(c.n)
	}
	x := c.r.Uvarint()
	v, c.n = x>>1, 1
	if x&1 != 0 {
		c.n = c.r.Uvarint()
		if c.n <= math.MaxUint32 {
			c.n += 2
		}
		if v == 0 && c.zeros {
			c.r.Failf("%s: a run of zeros", c.what)
		}
	}
	switch {
	case c.r.Err() != nil:
		c.n = 0
		return 0, 0
	case c.n > c.left:
		c.r.Failf("%s: a run of %d in a column with %d to go", c.what, c.n, c.left)
	case c.any && v == c.v && (v != 0 || !c.zeros):
		c.r.Failf("%s: two runs of %d side by side", c.what, v)
	}
	if c.r.Err() != nil {
		c.n = 0
		return 0, 0
	}
	c.v, c.any = v, true
	c.left -= c.n
	return c.v, int(c.n)
}

func (c *runReader) take(n int) { c.n -= uint64(n) }

// readColumn appends the column of n numbers as runs.
func readColumn(out []run, r *wire.Reader, what string, n int, zeros bool) []run {
	c := runReader{r: r, left: uint64(n), zeros: zeros, what: what}
	for c.left > 0 || c.n > 0 {
		v, k := c.peek()
		if r.Err() != nil {
			return nil
		}
		if n := len(out); n > 0 && out[n-1].v == v { // zeros, which are single
			out[n-1].n += k
		} else {
			out = append(out, run{v, k})
		}
		c.take(k)
	}
	return out
}

// run is a number that stands n times.
type run struct {
	v uint64
	n int
}

// take takes n off the front of a column of runs, the first of which has as many.
func take(runs []run, n int) []run {
	if runs[0].n -= n; runs[0].n == 0 {
		return runs[1:]
	}
	return runs
}
