package clock_test

import (
	"maps"
	"math"
	"slices"

	"pgregory.net/rapid"

	"github.com/dovetail-crdt/dovetail/clock"
)

// universe is what a model test draws dots from: few replicas and few numbers,
// so that intervals collide, split and touch.
type universe struct {
	ids    []clock.ReplicaID
	lo, hi uint64
}

// drawUniverse draws sizes on both sides of the linear search of a Context,
// and numbers at both ends of their range.
func drawUniverse(t *rapid.T) universe {
	n := rapid.SampledFrom([]int{2, 3, 8, 9, 14}).Draw(t, "replicas")
	lo := rapid.SampledFrom([]uint64{1, 1, 1, clock.MaxSeq - 39}).Draw(t, "lo")
	u := universe{lo: lo, hi: lo + 39}
	for i := range n - 1 {
		u.ids = append(u.ids, clock.ReplicaID(10*i+1))
	}
	u.ids = append(u.ids, math.MaxUint64)
	return u
}

func (u universe) id() *rapid.Generator[clock.ReplicaID] { return rapid.SampledFrom(u.ids) }

func (u universe) seq() *rapid.Generator[uint64] { return rapid.Uint64Range(u.lo, u.hi) }

func (u universe) dot() *rapid.Generator[clock.Dot] {
	return rapid.Custom(func(t *rapid.T) clock.Dot {
		return clock.Dot{Replica: u.id().Draw(t, "replica"), Seq: u.seq().Draw(t, "seq")}
	})
}

// probes yields the replicas to ask about: those of u and two that no set has.
func (u universe) probes() []clock.ReplicaID { return append([]clock.ReplicaID{0, 5}, u.ids...) }

// dotSet is the oracle of Context: a set of dots and nothing clever.
type dotSet map[clock.Dot]bool

func (s dotSet) addRange(id clock.ReplicaID, in clock.Interval) (changed bool) {
	for seq := in.Lo; seq <= in.Hi; seq++ {
		d := clock.Dot{Replica: id, Seq: seq}
		changed = changed || !s[d]
		s[d] = true
	}
	return changed
}

func (s dotSet) merge(o dotSet) (changed bool) {
	n := len(s)
	maps.Copy(s, o)
	return len(s) > n
}

func (s dotSet) minus(o dotSet) dotSet {
	out := maps.Clone(s)
	maps.DeleteFunc(out, func(d clock.Dot, _ bool) bool { return o[d] })
	return out
}

func (s dotSet) covers(o dotSet) bool { return len(o.minus(s)) == 0 }

func (s dotSet) compare(o dotSet) clock.Ordering {
	return ordering(s.covers(o), o.covers(s))
}

// runs returns the maximal intervals of each replica's dots.
func (s dotSet) runs() map[clock.ReplicaID][]clock.Interval {
	out := map[clock.ReplicaID][]clock.Interval{}
	for _, d := range slices.SortedFunc(maps.Keys(s), clock.Dot.Compare) {
		runs := out[d.Replica]
		if n := len(runs); n > 0 && runs[n-1].Hi == d.Seq-1 {
			runs[n-1].Hi = d.Seq
		} else {
			out[d.Replica] = append(runs, clock.Interval{Lo: d.Seq, Hi: d.Seq})
		}
	}
	return out
}

// ordering is the outcome for a and b, told which of them includes the other.
func ordering(aCoversB, bCoversA bool) clock.Ordering {
	return map[[2]bool]clock.Ordering{
		{true, true}:   clock.Equal,
		{true, false}:  clock.After,
		{false, true}:  clock.Before,
		{false, false}: clock.Concurrent,
	}[[2]bool{aCoversB, bCoversA}]
}

// run is one step of Context.Intervals.
type run struct {
	id clock.ReplicaID
	in clock.Interval
}

func runsOf(c *clock.Context) []run {
	var out []run
	for id, in := range c.Intervals() {
		out = append(out, run{id, in})
	}
	return out
}

// rowsOf is runsOf by Rows and Row.
func rowsOf(c *clock.Context) []run {
	var out []run
	for i := range c.Rows() {
		id, first, rest := c.Row(i)
		out = append(out, run{id, first})
		for _, in := range rest {
			out = append(out, run{id, in})
		}
	}
	return out
}
