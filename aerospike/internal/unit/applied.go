package unit

import (
	"github.com/dovetail-crdt/dovetail/clock"
)

// Unapplied is the set of events that a state covers without having applied them:
// somebody ended what they made, and what they themselves ended is not known here.
// It is nearly always empty: an event and those that it ended come in the same order
// everywhere, unless a record went back in between. The zero value is empty.
type Unapplied struct{ dots clock.Context }

// Covering is what has a context, or none.
type Covering interface {
	// Context returns a copy of the context: nil if there is none.
	Context() *clock.Context
	// Covers reports whether all of c is in it.
	Covers(c *clock.Context) bool
}

// Merge takes note that news, which leave events unapplied, are merged into known, of
// which s is what it leaves. Unapplied may be nil. Where known has applied all that it
// covers, and covers what news leave, which is nearly always, it copies nothing.
func (s *Unapplied) Merge(known, news Covering, unapplied *clock.Context) {
	none := unapplied == nil || unapplied.IsEmpty()
	if s.dots.IsEmpty() && (none || known.Covers(unapplied)) {
		return
	}
	c := news.Context()
	if c == nil {
		return
	}
	applied := c
	if !none {
		applied = c.Minus(unapplied)
		was := &clock.Context{} // what the state had applied
		if k := known.Context(); k != nil {
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
