package unit

import (
	"github.com/dovetail-crdt/dovetail/clock"
)

// Unapplied is the set of events that a state covers without having applied them:
// somebody ended what they made, and what they themselves ended is not known here.
// It is nearly always empty: an event and those that it ended come in the same order
// everywhere, unless a record went back in between. The zero value is empty.
type Unapplied struct{ dots clock.Context }

// Merge takes note that something with context c, which leaves events unapplied,
// is merged into a state of context known, of which s is what it leaves. Unapplied
// may be nil. O(1) if nothing is unapplied on either side.
func (s *Unapplied) Merge(known func() *clock.Context, c, unapplied *clock.Context) {
	none := unapplied == nil || unapplied.IsEmpty()
	if c == nil || none && s.dots.IsEmpty() {
		return
	}
	applied := c
	if !none {
		applied = c.Minus(unapplied)
		was := &clock.Context{} // what the state had applied
		if k := known(); k != nil {
			was = k.Minus(&s.dots)
		}
		fresh := unapplied.Minus(was)
		s.dots = *s.dots.Minus(applied)
		s.dots.Merge(fresh)
		return
	}
	s.dots = *s.dots.Minus(applied)
}

// Context returns the events, or nil if there are none. It must not be changed.
func (s *Unapplied) Context() *clock.Context {
	if s.dots.IsEmpty() {
		return nil
	}
	return &s.dots
}
