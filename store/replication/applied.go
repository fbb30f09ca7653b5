package replication

import (
	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/clock/wire"
)

// Span is consecutive events of one replica, both ends included.
type Span struct {
	Replica     clock.ReplicaID
	First, Last uint64
}

func (s Span) interval() clock.Interval { return clock.Interval{Lo: s.First, Hi: s.Last} }

// Applied is a set of events that a store has applied: its vector. It is a type
// of its own, although its shape is that of a clock.Context, because an object's
// context must never get in: a context names dots whose fate is known, and a
// kill tells a dot's fate without applying the event that made it. What is in
// here may be skipped for ever.
//
// It grows in three ways only: by events that a merged delta names, by the vector
// that a peer took before a heal which then arrived complete, and by numbers that
// their own replica retires, since they never named an event.
type Applied struct{ dots clock.Context }

// Add puts the events of s into the set and reports whether one was absent.
func (a *Applied) Add(s Span) bool { return a.dots.AddRange(s.Replica, s.interval()) }

// Join adds the events of o, which it neither changes nor keeps.
func (a *Applied) Join(o *Applied) bool { return a.dots.Merge(&o.dots) }

// Contains reports whether all events of s are in the set.
func (a *Applied) Contains(s Span) bool { return a.dots.ContainsRange(s.Replica, s.interval()) }

// Covers reports whether all events of o are in the set.
func (a *Applied) Covers(o *Applied) bool { return a.dots.Covers(&o.dots) }

// Minus returns the events that are not in o.
func (a *Applied) Minus(o *Applied) *Applied { return &Applied{*a.dots.Minus(&o.dots)} }

// Lacks returns the events of c that are not in the set.
func (a *Applied) Lacks(c *clock.Context) *clock.Context { return c.Minus(&a.dots) }

// Clone returns a copy.
func (a *Applied) Clone() *Applied { return &Applied{*a.dots.Clone()} }

// Equal reports whether both sets are the same.
func (a *Applied) Equal(o *Applied) bool { return a.dots.Equal(&o.dots) }

// IsEmpty reports whether the set is empty.
func (a *Applied) IsEmpty() bool { return a.dots.IsEmpty() }

// Max returns the largest number of a replica's events in the set, or 0.
func (a *Applied) Max(id clock.ReplicaID) uint64 { return a.dots.Max(id) }

// String returns the events as intervals.
func (a *Applied) String() string { return a.dots.String() }

// lowest yields, for each replica, the lowest event in the set.
func (a *Applied) lowest(yield func(id clock.ReplicaID, seq uint64) bool) {
	var was clock.ReplicaID
	for id, in := range a.dots.Intervals() {
		if id != was && !yield(id, in.Lo) {
			return
		}
		was = id
	}
}

func (a *Applied) append(b []byte) []byte {
	if a == nil {
		a = &Applied{}
	}
	b, _ = a.dots.AppendBinary(b) // never fails
	return b
}

func readApplied(r *wire.Reader) *Applied { return &Applied{*clock.ReadContext(r)} }
