package kernel

import (
	"slices"
	"sort"

	"github.com/dovetail-crdt/dovetail/clock"
)

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
	t := taker{from: s, to: out}
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
	t := taker{from: s, to: out}
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
		panic("kernel: extraction from a state that a transaction is changing")
	}
}

// eachDead calls f, in order, for the intervals of dots of a run that s knows and
// has not live.
func (s *State) eachDead(id clock.ReplicaID, run clock.Interval, f func(clock.Interval)) {
	runsWithin(&s.ctx, id, run, func(known clock.Interval) {
		from := known.Lo
		s.eachBeyond(nil, id, known, func(_ *page, _ int, seq uint64) {
			if seq > from {
				f(clock.Interval{Lo: from, Hi: seq - 1})
			}
			from = seq + 1
		})
		if from <= known.Hi {
			f(clock.Interval{Lo: from, Hi: known.Hi})
		}
	})
}

// eachBeyond calls f, in order, for the entries of a run of dots that are live in
// s and not in d, which may be nil. It reads what joiner.kill would end.
func (s *State) eachBeyond(d *State, id clock.ReplicaID, run clock.Interval, f func(p *page, slot int, seq uint64)) {
	if d != nil && d.live == 0 {
		d = nil
	}
	if p := s.small; p != nil {
		for i := p.firstDot(clock.Dot{Replica: id, Seq: run.Lo}); i < p.len(); i++ {
			slot := p.at(i)
			x := p.dot[slot]
			if x.Replica != id || x.Seq > run.Hi {
				return
			}
			if p.live.has(slot) && (d == nil || d.find(x) == 0) {
				f(p, slot, x.Seq)
			}
		}
		return
	}
	i, ok := s.lane(id)
	if !ok || run.Lo > s.lanes[i].max {
		return
	}
	var other *lane
	if d != nil {
		if j, ok := d.lane(id); ok {
			other = &d.lanes[j]
		}
	}
	l := &s.lanes[i]
	k := l.passAgreed(max(l.route(run.Lo), 0), other, run.Hi)
	for k < len(l.dir) && l.dir[k].lo <= run.Hi {
		l.dir[k].p.eachBeyond(d, other, run, f)
		k = l.passAgreed(k+1, other, run.Hi)
	}
}

// passAgreed returns the first page at k or behind it that may have something live
// that other has not, among those that start at or before hi. Other may be nil.
// Where two lanes agree this is all that is looked at: two directories, and bitmaps
// that stand side by side if the states were decoded.
func (l *lane) passAgreed(k int, other *lane, hi uint64) int {
	if other == nil || k >= len(l.dir) {
		return k
	}
	const mask = pageSize - 1
	j := max(other.route(l.dir[k].lo), 0)
	for ; k < len(l.dir) && l.dir[k].lo <= hi; k++ {
		mine := &l.dir[k]
		for j < len(other.dir) && other.dir[j].lo|mask < mine.lo {
			j++
		}
		if mine.live == nil || j == len(other.dir) {
			return k
		}
		theirs := &other.dir[j]
		if theirs.live == nil || (mine.lo^theirs.lo)&^mask != 0 || !mine.live.within(theirs.live) {
			return k
		}
	}
	return k
}

// within reports whether all bits of b are set in o.
func (b *bitmap) within(o *bitmap) bool {
	return b[0]&^o[0]|b[1]&^o[1]|b[2]&^o[2]|b[3]&^o[3] == 0
}

// eachBeyond is State.eachBeyond of a page of a lane; other is the lane of the
// same replica in d, if it has one.
func (p *page) eachBeyond(d *State, other *lane, run clock.Interval, f func(p *page, slot int, seq uint64)) {
	if p.form == dense {
		left := *p.live
		left.keep(run, p.lo)
		if other != nil {
			if q := other.denseAt(p.lo); q != nil {
				for i := range left {
					left[i] &^= q.live[i]
				}
				d = nil
			}
		}
		for slot := left.next(0); slot < pageSize; slot = left.next(slot + 1) {
			if seq := p.lo + uint64(slot); d == nil || d.find(clock.Dot{Replica: p.id, Seq: seq}) == 0 {
				f(p, slot, seq)
			}
		}
		return
	}
	for i := p.first(run.Lo); i < p.len(); i++ {
		slot := p.at(i)
		seq := p.seqOf(slot)
		if seq > run.Hi {
			return
		}
		if p.live.has(slot) && (d == nil || d.find(clock.Dot{Replica: p.id, Seq: seq}) == 0) {
			f(p, slot, seq)
		}
	}
}

// taker copies parts of one state to another that has none of them. It remembers
// the nodes that it was asked for, not all that there are.
type taker struct {
	from, to *State
	twins    map[nodeID]nodeID
}

// entries copies the live entries with a dot in c.
func (t *taker) entries(c *clock.Context) {
	for i := range c.Rows() {
		id, first, rest := c.Row(i)
		t.run(id, first)
		for _, run := range rest {
			t.run(id, run)
		}
	}
}

func (t *taker) run(id clock.ReplicaID, run clock.Interval) {
	if t.from.live == 0 {
		return
	}
	t.from.eachBeyond(nil, id, run, func(p *page, slot int, seq uint64) { t.entry(clock.Dot{Replica: id, Seq: seq}, p, slot) })
}

func (t *taker) entry(d clock.Dot, p *page, slot int) {
	x := p.item(slot)
	if at := x.inf.at(); at > root {
		x.inf = x.inf&0xffffffff | info(t.twin(at))<<32
	}
	t.to.insert(d, &x)
}

func (t *taker) twin(id nodeID) nodeID {
	if id <= root {
		return id
	}
	if twin, ok := t.twins[id]; ok {
		return twin
	}
	n := &t.from.nodes[id]
	twin := t.to.kid(t.twin(n.up), n.seg)
	if t.twins == nil {
		t.twins = make(map[nodeID]nodeID)
	}
	t.twins[id] = twin
	return twin
}

// bases copies the bases that keep accepts, and ends the work of t.
func (t *taker) bases(keep func(*Base) bool) {
	for pl, bases := range t.from.bases { // places do not depend on each other
		t.basesAt(pl, bases, keep)
	}
	t.to.pruneAll()
}

func (t *taker) basesAt(pl place, bases []Base, keep func(*Base) bool) {
	var kept []Base
	for i := range bases {
		if keep(&bases[i]) {
			kept = append(kept, bases[i])
		}
	}
	if len(kept) > 0 {
		t.to.setBases(place{t.twin(pl.at), pl.seg}, kept)
	}
}

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
