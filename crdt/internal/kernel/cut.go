package kernel

import (
	"slices"
	"sort"

	"github.com/dovetail-crdt/dovetail/clock"
)

// cut calls f, in order, for the intervals of dots of runs that by has (in) and has
// not. It returns those of by that reach behind the last of runs.
func cut(runs, by []clock.Interval, f func(run clock.Interval, in bool)) []clock.Interval {
	for _, run := range runs {
		lo := run.Lo
		for lo <= run.Hi {
			for len(by) > 0 && by[0].Hi < lo {
				by = by[1:]
			}
			switch {
			case len(by) == 0 || by[0].Lo > run.Hi:
				f(clock.Interval{Lo: lo, Hi: run.Hi}, false)
				lo = run.Hi + 1
			case by[0].Lo > lo:
				f(clock.Interval{Lo: lo, Hi: by[0].Lo - 1}, false)
				lo = by[0].Lo
			default:
				hi := min(by[0].Hi, run.Hi)
				f(clock.Interval{Lo: lo, Hi: hi}, true)
				lo = hi + 1
			}
		}
	}
	return by
}

// rowIn returns the intervals of a replica's dots in c, as Context.Row does.
func rowIn(c *clock.Context, id clock.ReplicaID) (first clock.Interval, rest []clock.Interval, ok bool) {
	i := sort.Search(c.Rows(), func(i int) bool {
		at, _, _ := c.Row(i)
		return at >= id
	})
	if i == c.Rows() {
		return first, nil, false
	}
	at, first, rest := c.Row(i)
	return first, rest, at == id
}

// lastBelow returns the largest number in c of the replica of d that is below that of
// d, which is not in c, or 0.
func lastBelow(c *clock.Context, d clock.Dot) uint64 {
	first, rest, ok := rowIn(c, d.Replica)
	if !ok || first.Lo > d.Seq {
		return 0
	}
	i := sort.Search(len(rest), func(i int) bool { return rest[i].Lo > d.Seq })
	if i == 0 {
		return first.Hi
	}
	return rest[i-1].Hi
}

// runsWithin calls f, in order, for the intervals of a run of dots that c has.
// O(answer), after a search.
func runsWithin(c *clock.Context, id clock.ReplicaID, run clock.Interval, f func(clock.Interval)) {
	first, rest, ok := rowIn(c, id)
	if !ok {
		return
	}
	clip := func(in clock.Interval) {
		if lo, hi := max(in.Lo, run.Lo), min(in.Hi, run.Hi); lo <= hi {
			f(clock.Interval{Lo: lo, Hi: hi})
		}
	}
	clip(first)
	i, _ := slices.BinarySearchFunc(rest, run.Lo, func(in clock.Interval, lo uint64) int {
		if in.Hi < lo {
			return -1
		}
		return 1
	})
	for ; i < len(rest) && rest[i].Lo <= run.Hi; i++ {
		clip(rest[i])
	}
}
