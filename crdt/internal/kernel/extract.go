package kernel

import "github.com/dovetail-crdt/dovetail/clock"

// Extraction takes from a state what a peer lacks. All three forms choose among
// the irreducible parts of the state (live entries, dead dots, bases), so what
// they return is below the state, and merging it anywhere, at any time, into
// anything is safe; they differ in what a peer must have for it to be all that
// the peer lacks. What is extracted shares nothing with the state that either may
// change.

// ExtractKilled returns what a peer lacks that has applied base, when the dots are
// known that events outside base ended: live entries outside base, the rest of
// the context outside base, the killed dots, and the bases of resets outside
// base.
//
// Base is what the peer's store has applied, not the context of its object, which
// tells a dot's fate without having what its event did. Killed names what every
// event outside base that s has heard of ended: overwrites and increments end dots
// as removes do. If the list of one is not at hand, s having learned of it from
// ExtractHeld or ExtractSeen or a record that outlived its store's books, this form
// would tell the peer of the event and not of what it ended: use ExtractHeld. Dots
// of killed that are not dead in s are left out.
//
// O(answer + pages touched + intervals of base, of the context and of killed), and
// a look at each base.
func (s *State) ExtractKilled(base, killed *clock.Context) *State {
	s.mustBeClosed()
	out := New()
	out.ctx = *s.ctx.Minus(base)
	t := newExtractor(s, out)
	t.entries(&out.ctx)
	t.bases(func(b *Base) bool { return !base.Contains(b.By) })
	var dead clock.Context
	for i := range killed.Rows() {
		id, first, rest := killed.Row(i)
		add := func(run clock.Interval) { dead.AddRange(id, run) }
		s.eachDead(id, first, add)
		for _, run := range rest {
			s.eachDead(id, run, add)
		}
	}
	out.ctx.Merge(&dead)
	return out
}

// ExtractHeld is ExtractKilled without killed: it takes all dead dots instead, and
// names the entries that are live in s and inside base, which the peer should
// have heard of. If it has not, a record was lost; see Missing.
//
// O(context + live intervals + answer); live entries in pages that are packed are
// looked at one by one.
func (s *State) ExtractHeld(base *clock.Context) (out *State, held *clock.Context) {
	return s.extractHeld(base, func(b *Base) bool { return !base.Contains(b.By) })
}

// ExtractSeen returns what a peer lacks whose object has the context seen. It
// needs no store, and no kill lists: dead dots and bases go whole, since a
// context tells that a reset was heard of, not that its bases came (the event of
// the reset may have been ended by name in a later one). Held is as in
// ExtractHeld.
func (s *State) ExtractSeen(seen *clock.Context) (out *State, held *clock.Context) {
	return s.extractHeld(seen, func(*Base) bool { return true })
}

func (s *State) extractHeld(base *clock.Context, keep func(*Base) bool) (out *State, held *clock.Context) {
	s.mustBeClosed()
	out, held = New(), &clock.Context{}
	t := newExtractor(s, out)
	var live, known []clock.Interval // room for those of one replica
	for i := range s.ctx.Rows() {
		id, first, rest := s.ctx.Row(i)
		live, known = s.liveRuns(live[:0], id), known[:0]
		cut(live, base.RunsOf(id), func(run clock.Interval, in bool) {
			if !in {
				t.run(id, run)
				return
			}
			held.AddRange(id, run)
			known = append(known, run)
		})
		others := func(run clock.Interval, in bool) {
			if !in {
				out.ctx.AddRange(id, run)
			}
		}
		left := cut([]clock.Interval{first}, known, others)
		cut(rest, left, others)
	}
	t.bases(keep)
	return out, held
}

// Missing returns the dots of held that s has not heard of. A state that was
// extracted with held leaves them unheard of, so that what was lost can still
// come.
func (s *State) Missing(held *clock.Context) *clock.Context { return held.Minus(&s.ctx) }

// Fill puts into the context the numbers below its last one of each replica that
// applied has, and reports whether that changed it. It makes the bytes of states
// equal again whose frames were cut by a vector: such a cut drops the numbers of
// other objects that a claim had covered.
//
// Applied is what the store that keeps s has applied itself, and s holds all that
// those events did to it: then a number that it has and s lacks is of another
// object. From any other set Fill loses data: a peer's vector, or one that a heal
// will end with, has events that have not come yet and would find themselves
// dead; so has the store's own once a record was rolled back below it. For the
// same reason it is for whole states: a frame, filled, would end what its reader
// has.
func (s *State) Fill(applied *clock.Context) (changed bool) {
	s.mustBeClosed()
	for i := range s.ctx.Rows() {
		id, _, _ := s.ctx.Row(i)
		runsWithin(applied, id, clock.Interval{Lo: 1, Hi: s.ctx.Max(id)}, func(run clock.Interval) {
			if s.ctx.AddRange(id, run) {
				changed = true
			}
		})
	}
	return changed
}

func (s *State) mustBeClosed() {
	if s.open != nil {
		panic("crdt: Extract from a value that a transaction is changing")
	}
}
