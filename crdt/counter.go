package crdt

import (
	"fmt"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt/internal/kernel"
)

// Counter is a sum of increments and decrements in which a reset removes exactly
// what it saw: an increment that the reset had not seen survives in full, never
// more, also nested at any depth and under removal of the map key above it.
//
// Each replica keeps a running total per run of increments; a reset leaves, for
// each total that it saw, a base that is subtracted. At most two numbers a
// replica stand in the state however many increments there were. Arithmetic is
// modulo 2^64, so the value is exact whenever the true sum fits an int64, even if
// partial sums did not.
//
// Off causal order a counter can show earlier increments of a transaction's
// writer before the other changes of their transactions: a total carries those
// before it.
type Counter struct{ object }

// CounterKind returns the kind of Counter.
func CounterKind() Kind[*Counter] { return causalKind("counter", &Counter{}) }

// Value returns the sum of the increments that no reset saw.
func (c *Counter) Value() int64 { return int64(c.obj().at().Sum()) }

// IsEmpty reports whether no increment is visible that no reset saw: the counter
// is 0 because nothing was counted, not because it adds up to 0.
func (c *Counter) IsEmpty() bool { return !c.obj().at().Has() }

// Add adds n, which may be negative; Add(tx, 0) makes a map key present. If the
// value that this replica sees would leave the range of int64, the transaction
// fails with ErrOverflow. Concurrent additions can still leave it; merging never
// fails. O(replicas).
func (c *Counter) Add(tx *Tx, n int64) {
	k := tx.open(&c.object)
	if k == nil || !tx.weigh(c.path, 0) {
		return
	}
	var v int64
	fits := k.IncIf(c.path, uint64(n), func(value uint64) bool {
		v = int64(value)
		return (v+n < v) == (n < 0)
	})
	if !fits {
		tx.Fail(fmt.Errorf("%w: %d + %d", ErrOverflow, v, n))
	}
}

// Reset takes away what this replica sees. It does nothing to a counter that no
// increment is visible in. O(replicas).
//
// On behalf of a reader (see SeenSnapshot) it takes away exactly what the reader
// saw, and increments that came since stay in full. A context alone (Seen) names
// the totals that the reader saw but not their sums: if one of them has moved on,
// the transaction fails with ErrAhead, and on a busy counter it may do so for
// ever.
func (c *Counter) Reset(tx *Tx) { tx.reset(c.object) }

// Merge implements Lattice.
func (c *Counter) Merge(delta *Counter) bool { return merge(c, delta) }

// Equal implements Lattice; of views it compares what they show and why.
func (c *Counter) Equal(o *Counter) bool { return equal(c, o) }

// Clone implements Lattice; of a view it returns a detached copy.
func (c *Counter) Clone() *Counter {
	if c == nil {
		return nil
	}
	return &Counter{c.clone()}
}

// IsBottom implements Lattice.
func (c *Counter) IsBottom() bool { return c.obj().isBottom() }

// String returns the value in decimal.
func (c *Counter) String() string { return fmt.Sprint(c.Value()) }

// Last returns the number of a replica's last increment that is counted here, or 0.
// A writer that has forgotten what it did can tell by it whether this state has all
// of that. It is for a counter that is an object of its own. O(replica's totals).
func (c *Counter) Last(id clock.ReplicaID) uint64 {
	if c == nil || c.path != nil || c.state == nil {
		return 0
	}
	return c.state.LastTotal(id)
}

func (c *Counter) obj() *object {
	if c == nil {
		return nil
	}
	return &c.object
}

func (c *Counter) nest(o object) *Counter { return &Counter{o} }

func (c *Counter) schema() kernel.Schema { return counterSchema{} }
