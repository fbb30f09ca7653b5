package layout

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

// UnappliedJoin computes the Unapplied of a state that is the join of many parts. The
// result does not depend on the order in which the parts are added, unlike that of
// Unapplied.Merge. A queue needs that: its entries stand in order of their hashes, so
// one that ends an event may come before the one that made it. The zero value is that of
// bottom.
type UnappliedJoin struct {
	left, applied clock.Context
	none          bool // no part leaves anything unapplied
}

// JoinUnapplied returns the UnappliedJoin to which the parts of a record are to be
// added. In the usual case, where no part leaves anything unapplied, adding costs nothing.
func JoinUnapplied(rec *Record) UnappliedJoin {
	for i := range rec.Queue {
		if rec.Queue[i].Unapplied != nil {
			return UnappliedJoin{}
		}
	}
	return UnappliedJoin{none: rec.Unapplied == nil}
}

// Add adds a part. C is the context of the part, or nil if it has none. Unapplied are
// the events that the part covers and did not apply, or nil if there are none.
func (g *UnappliedJoin) Add(c, unapplied *clock.Context) {
	switch {
	case c == nil || g.none:
	case unapplied == nil || unapplied.IsEmpty():
		g.applied.Merge(c)
	default:
		g.left.Merge(unapplied)
		g.applied.Merge(c.Minus(unapplied))
	}
}

// Unapplied returns the events that the join of all parts covers and did not apply:
// those that some part left unapplied and no part applied.
func (g *UnappliedJoin) Unapplied() Unapplied { return Unapplied{dots: *g.left.Minus(&g.applied)} }
