package kernel

import (
	"slices"

	"github.com/dovetail-crdt/dovetail/clock"
)

// crowd is the dots of the entries of one segment of one node, where several are
// live or were: concurrent adds of an element, the totals of a counter. The table
// holds the last of them only.
type crowd struct {
	// No order. Some may be dead, or stand twice after they were undone; a number
	// that was provisional may by now be that of an entry elsewhere. See members.
	dots []clock.Dot
	live int
}

// purge forgets the dead of the crowd of x once they are most of it.
func (s *State) purge(c *crowd, x *item) {
	if len(c.dots) <= 2*c.live {
		return
	}
	s.worked(len(c.dots))
	c.dots = slices.DeleteFunc(c.dots, func(d clock.Dot) bool { return s.member(d, x) == 0 })
	slices.SortFunc(c.dots, clock.Dot.Compare)
	c.dots = slices.Compact(c.dots)
}

// member returns the live entry of a dot if it stands where x does, or 0.
func (s *State) member(d clock.Dot, x *item) ref {
	r := s.find(d)
	if r == 0 {
		return 0
	}
	if p := s.pageOf(r); p.infoOf(r.slot()).at() != x.inf.at() || !p.sameSegment(r.slot(), x) {
		return 0
	}
	return r
}

// members appends the entries of the crowd of x, each once, in no order.
func (s *State) members(out []ref, x *item) []ref {
	from := len(out)
	for _, d := range s.crowds[segmentKey(x)].dots {
		if r := s.member(d, x); r != 0 {
			out = append(out, r)
		}
	}
	slices.Sort(out[from:])
	return out[:from+len(slices.Compact(out[from:]))]
}
