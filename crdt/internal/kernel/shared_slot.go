package kernel

import (
	"slices"

	"github.com/dovetail-crdt/dovetail/clock"
)

// sharedSlot is a slot of a table with several entries: all that stand at one segment
// of one node, such as concurrent adds of an element or the totals of a counter. The
// table itself holds the last of them only.
type sharedSlot struct {
	// Dots of the entries, in no order. Some may be dead; some may stand twice, after a
	// rollback brought them back; and a provisional number may by now be that of an
	// entry at another place. So each is looked up and compared before it is believed:
	// see members.
	dots []clock.Dot
	live int // how many entries there are; len(dots) is at most twice that
}

// purge takes out the dots that are not of live entries at the place of x, and those
// that stand twice, once they are most of the slot.
func (s *State) purge(c *sharedSlot, x *item) {
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

// members appends the entries of the slot of x, each once, in no order.
func (s *State) members(out []ref, x *item) []ref {
	from := len(out)
	for _, d := range s.shared[segmentKey(x)].dots {
		if r := s.member(d, x); r != 0 {
			out = append(out, r)
		}
	}
	slices.Sort(out[from:])
	return out[:from+len(slices.Compact(out[from:]))]
}
