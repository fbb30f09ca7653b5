package unit

import (
	"github.com/dovetail-crdt/dovetail/clock"
)

// Unapplied is the set of events that a state covers without having applied them:
// somebody ended what they made, and what they themselves ended is not known here.
// It is nearly always empty: an event and those that it ended come in the same order
// everywhere, unless a record went back in between. The zero value is empty.
type Unapplied struct{ dots clock.Context }

// Merge updates the set for a merge of a delta into the state. Known is what the state
// covers before the merge, c is the delta's context, and unapplied are the events that
// the delta covers and did not apply; each may be nil for none. An event stays in the set
// unless the delta applied it, and one that the delta left unapplied comes in unless the
// state covered it before. In nearly all merges neither happens, and nothing is copied.
func (s *Unapplied) Merge(known, c, unapplied *clock.Context) {
	none := unapplied == nil || unapplied.IsEmpty()
	covered := none || known != nil && known.Covers(unapplied)
	if c == nil || covered && s.dots.IsEmpty() {
		return
	}
	applied := c
	if !none {
		applied = c.Minus(unapplied)
	}
	s.dots = *s.dots.Minus(applied)
	if !covered {
		fresh := unapplied
		if known != nil {
			fresh = unapplied.Minus(known)
		}
		s.dots.Merge(fresh)
	}
}

// Context returns the events, or nil if there are none. It must not be changed.
func (s *Unapplied) Context() *clock.Context {
	if s.dots.IsEmpty() {
		return nil
	}
	return &s.dots
}

// Gathering finds what a state leaves unapplied that is joined from many parts. Unlike
// Merge it does not ask in which order they come: those of a queue stand in order of
// their hashes, so that many a part ends events before they are there. The zero value
// is that of bottom.
type Gathering struct {
	left, applied clock.Context
	none          bool // of the parts leaves anything
}

// Gather returns the Gathering for the parts of u.
func Gather(u *Unit) Gathering {
	for i := range u.Queue {
		if u.Queue[i].Unapplied != nil {
			return Gathering{}
		}
	}
	return Gathering{none: u.Unapplied == nil}
}

// Add takes note that something with context c, nil if it has none, is part of the
// state, and leaves events unapplied, which may be nil.
func (g *Gathering) Add(c, unapplied *clock.Context) {
	switch {
	case c == nil || g.none:
	case unapplied == nil || unapplied.IsEmpty():
		g.applied.Merge(c)
	default:
		g.left.Merge(unapplied)
		g.applied.Merge(c.Minus(unapplied))
	}
}

// Unapplied returns what the state of all parts leaves unapplied.
func (g *Gathering) Unapplied() Unapplied { return Unapplied{dots: *g.left.Minus(&g.applied)} }
