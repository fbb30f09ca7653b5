package clock

import (
	"fmt"
	"iter"
	"slices"
)

// Context is a set of dots: for each replica a prefix 1..n of its events plus
// intervals above it. As the context of an object it names the events whose
// fate the object knows: live in it, or dead. It must never be wider than that,
// or merging it deletes data elsewhere.
//
// The zero value is the empty set. Equal sets have equal representations and
// equal bytes. A Context must not be copied by assignment while either copy is
// changed; use Clone. It is not safe for concurrent use.
type Context struct {
	// Invariants:
	//  1. rows ascend by id; each id is valid and stands once;
	//  2. the runs of a row (first, then more) are not empty and ascend;
	//  3. they are disjoint and not adjacent: each starts at least two above the
	//     end of the one before;
	//  4. numbers are in 1..MaxSeq.
	rows []contextRow
}

// contextRow holds the dots of one replica. The first run, nearly always the
// only one, is inline: a context of n replicas is one allocation of 32n bytes.
type contextRow struct {
	id    ReplicaID
	first Interval
	more  *runList // the runs behind the first; nil is none
}

// Interval is the sequence numbers Lo..Hi, both included.
type Interval struct{ Lo, Hi uint64 }

// find returns the row of id, or where it would stand.
func (c *Context) find(id ReplicaID) (int, bool) {
	if len(c.rows) <= 8 {
		for i := range c.rows {
			if c.rows[i].id >= id {
				return i, c.rows[i].id == id
			}
		}
		return len(c.rows), false
	}
	lo, hi := 0, len(c.rows)
	for lo < hi {
		if m := (lo + hi) / 2; c.rows[m].id < id {
			lo = m + 1
		} else {
			hi = m
		}
	}
	return lo, lo < len(c.rows) && c.rows[lo].id == id
}

// Contains reports whether d is in the set. O(log n) for n replicas plus O(log m)
// for m intervals of that replica.
func (c *Context) Contains(d Dot) bool {
	i, ok := c.find(d.Replica)
	return ok && c.rows[i].contains(d.Seq)
}

// ContainsRange reports whether all dots of id numbered in are in the set; an
// empty interval is. O(log n) like Contains.
func (c *Context) ContainsRange(id ReplicaID, in Interval) bool {
	if in.Lo > in.Hi {
		return true
	}
	i, ok := c.find(id)
	return ok && c.rows[i].containsAll(in)
}

// Add puts d into the set and reports whether it was absent. It panics if d
// names nothing.
func (c *Context) Add(d Dot) (changed bool) {
	return c.AddRange(d.Replica, Interval{d.Seq, d.Seq})
}

// AddRange puts the dots of id numbered in to the set and reports whether one
// of them was absent. It panics if the interval is empty or names nothing.
//
// O(log n + log m) for n replicas and m intervals of that replica, and O(n) for a
// new replica. Intervals are joined in place: one that is new before or behind
// all others costs O(1), one in between moves those on its shorter side in a
// block. Room is allocated ahead, as by append, and given back.
func (c *Context) AddRange(id ReplicaID, in Interval) (changed bool) {
	if !id.IsValid() || in.Lo == 0 || in.Lo > in.Hi || in.Hi > MaxSeq {
		panic(fmt.Sprintf("clock: AddRange(%v, %d..%d): not dots", id, in.Lo, in.Hi))
	}
	i, ok := c.find(id)
	if ok {
		return c.rows[i].add(in)
	}
	if c.rows == nil { // most contexts with one row, those of deltas, get a second
		c.rows = append(make([]contextRow, 0, 2), contextRow{id: id, first: in})
		return true
	}
	c.rows = slices.Insert(c.rows, i, contextRow{id: id, first: in})
	return true
}

// Max returns the largest sequence number of id in the set, or 0.
func (c *Context) Max(id ReplicaID) uint64 {
	i, ok := c.find(id)
	if !ok {
		return 0
	}
	return c.rows[i].last().Hi
}

// Prefix returns the largest n such that dots 1..n of id are in the set.
func (c *Context) Prefix(id ReplicaID) uint64 {
	if i, ok := c.find(id); ok && c.rows[i].first.Lo == 1 {
		return c.rows[i].first.Hi
	}
	return 0
}

// IsEmpty reports whether the set has no dot.
func (c *Context) IsEmpty() bool { return len(c.rows) == 0 }

// Equal reports whether both sets have the same dots.
func (c *Context) Equal(o *Context) bool {
	return slices.EqualFunc(c.rows, o.rows, func(a, b contextRow) bool {
		return a.id == b.id && a.first == b.first && slices.Equal(a.rest(), b.rest())
	})
}

// Clone returns a copy that shares no memory with c.
func (c *Context) Clone() *Context {
	out := &Context{rows: slices.Clone(c.rows)}
	for i := range out.rows {
		out.rows[i].more = newRunList(out.rows[i].rest())
	}
	return out
}

// Intervals yields the set as maximal intervals, in order of replica and
// number. C must not change meanwhile.
func (c *Context) Intervals() iter.Seq2[ReplicaID, Interval] {
	return func(yield func(ReplicaID, Interval) bool) {
		for i := range c.rows {
			r := &c.rows[i]
			if !yield(r.id, r.first) {
				return
			}
			for _, in := range r.rest() {
				if !yield(r.id, in) {
					return
				}
			}
		}
	}
}

// Rows returns how many replicas have a dot in the set.
func (c *Context) Rows() int { return len(c.rows) }

// Row returns the i-th replica, in order, that has a dot in the set, and the
// intervals of its dots: the first, and those after it, which are nearly always
// none. Rest is c's own memory: it must not be written or appended to, and is
// void after the next change of c. It is Intervals for loops that cannot afford
// a closure. Row panics unless 0 <= i < Rows().
func (c *Context) Row(i int) (id ReplicaID, first Interval, rest []Interval) {
	r := &c.rows[i]
	return r.id, r.first, r.rest()
}

// Replicas yields the replicas that have a dot in the set, in order.
func (c *Context) Replicas() iter.Seq[ReplicaID] {
	return func(yield func(ReplicaID) bool) {
		for i := range c.rows {
			if !yield(c.rows[i].id) {
				return
			}
		}
	}
}

// String returns the intervals in order, such as {0000000000000001:1-7,9}.
func (c *Context) String() string {
	b := []byte{'{'}
	var at ReplicaID
	for id, in := range c.Intervals() {
		switch {
		case id == at:
			b = append(b, ',')
		case at != 0:
			b = append(b, ' ')
			fallthrough
		default:
			b = fmt.Appendf(b, "%v:", id)
		}
		at = id
		if b = fmt.Appendf(b, "%d", in.Lo); in.Hi > in.Lo {
			b = fmt.Appendf(b, "-%d", in.Hi)
		}
	}
	return string(append(b, '}'))
}
