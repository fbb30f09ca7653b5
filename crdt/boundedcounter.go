package crdt

import (
	"fmt"
	"iter"
	"maps"
	"math"
	"slices"

	"github.com/dovetail-crdt/dovetail/clock"
)

// BoundedCounter is a sum that is never below its bound in any partition: a
// replica spends only rights that it holds, and rights that it does not see being
// spent elsewhere it does not hold (escrow; Balegas et al., arXiv:1503.09052).
// With an upper bound there is room below that too, held and spent in the same
// way, and a spent right becomes room.
//
// Bounds belong to the kind and its name, so counters of other bounds do not
// merge. A counter starts at its lower bound and with nothing to spend. Grant
// raises the value and gives its replica the rights to lower it again. A counter
// that starts elsewhere, such as an account at 0 that may go down to -100, and
// every counter with an upper bound, needs one Start by one replica: were it
// implied by New, each replica would have the overdraft to itself.
//
// Reads are clamped at the bounds, since a spending can be seen before the grant
// that it spends; in a view that has the past of all it has they are exact. Reads
// and mutators are O(cells): two a replica, for what it granted and what it spent,
// and one for each pair that transferred.
//
// # What the Source must promise
//
// That its replica id is one incarnation's, and that the value at hand holds all
// that this incarnation did to it. Whoever cannot prove that, after a restore, in
// a copy, as a second process, takes a new id and finds that it holds nothing: so
// a restored or copied incarnation never spends. The rights of one that ended
// without Close can never be spent, which is safe. While the Source is in doubt
// of an event on the counter, and when the value contradicts the promise, every
// mutator returns a *RowError.
type BoundedCounter struct {
	bounds bounds
	cells  map[cell]uint64 // never 0
}

type bounds struct {
	lower, upper int64
	limited      bool // by upper
}

// A cell is a total that only grows and that only replica by raises.
type cell struct {
	by, to clock.ReplicaID // to is 0 unless the total is one of transfers
	what   cellKind
}

type cellKind byte

const (
	cellGranted  cellKind = iota // taken from the room of by, given to its rights
	cellSpent                    // taken from the rights of by, given to its room
	cellTransfer                 // rights of by, given to those of to
	cellRoom                     // room of by from the start
	cellMoved                    // room of by, given to that of to
	cellKinds
)

// BoundedCounterKind returns the kind of counters that are never below lower nor above
// upper; [math.MaxInt64] is no upper bound. It panics unless lower < upper.
func BoundedCounterKind(lower, upper int64) Kind[*BoundedCounter] {
	if lower >= upper {
		panic(fmt.Sprintf("crdt: counter bounded by %d and %d", lower, upper))
	}
	name := "boundedcounter"
	switch {
	case upper != math.MaxInt64:
		name = fmt.Sprintf("boundedcounter<%d,%d>", lower, upper)
	case lower != 0:
		name = fmt.Sprintf("boundedcounter<%d>", lower)
	}
	return boundedKind(name, bounds{lower, upper, upper != math.MaxInt64})
}

func boundedKind(name string, b bounds) Kind[*BoundedCounter] {
	return plainKind(name, func() *BoundedCounter { return &BoundedCounter{b, make(map[cell]uint64)} }, always((*BoundedCounter).appendBinary))
}

// Bounds returns the bounds of the counter; the upper one is the largest int64 if
// it has none.
func (c *BoundedCounter) Bounds() (lower, upper int64) {
	c = c.orZero()
	return c.bounds.lower, c.bounds.upper
}

// orZero returns the zero counter for nil, of which nothing is known.
func (c *BoundedCounter) orZero() *BoundedCounter {
	if c == nil {
		return &BoundedCounter{}
	}
	return c
}

// span is what is between the bounds.
func (b bounds) span() uint64 { return uint64(b.upper) - uint64(b.lower) }

// Value returns the lower bound, what was granted above it and less what was
// spent, as far as it is seen, and within the bounds.
func (c *BoundedCounter) Value() int64 {
	c = c.orZero()
	var b balance
	for k, n := range c.cells {
		switch k.what {
		case cellGranted:
			b.add(n)
		case cellSpent:
			b.sub(n)
		default: // moves nothing in or out
		}
	}
	return int64(uint64(c.bounds.lower) + min(b.left(), c.bounds.span()))
}

// Spendable returns how much id can spend, as far as it is seen.
func (c *BoundedCounter) Spendable(id clock.ReplicaID) uint64 { return c.holdings(rights)[id].left() }

// Rights yields who can spend how much, as far as it is seen, in order of replica;
// those who can spend nothing are left out.
func (c *BoundedCounter) Rights() iter.Seq2[clock.ReplicaID, uint64] { return c.holders(rights) }

// Grantable returns how much id can grant, as far as it is seen: of its room, or
// without an upper bound up to the largest int64.
func (c *BoundedCounter) Grantable(id clock.ReplicaID) uint64 {
	if c = c.orZero(); !c.bounds.limited {
		return uint64(c.bounds.upper) - uint64(c.Value())
	}
	return c.holdings(room)[id].left()
}

// Room yields who can grant how much below the upper bound, as Rights does for
// spending. Without an upper bound it yields nothing.
func (c *BoundedCounter) Room() iter.Seq2[clock.ReplicaID, uint64] { return c.holders(room) }

func (c *BoundedCounter) holders(e escrow) iter.Seq2[clock.ReplicaID, uint64] {
	return func(yield func(clock.ReplicaID, uint64) bool) {
		c := c.orZero()
		if e == room && !c.bounds.limited {
			return
		}
		held := c.holdings(e)
		for _, id := range slices.Sorted(maps.Keys(held)) {
			if n := held[id].left(); n > 0 && !yield(id, n) {
				return
			}
		}
	}
}

// String returns the value in decimal.
func (c *BoundedCounter) String() string { return fmt.Sprint(c.Value()) }
