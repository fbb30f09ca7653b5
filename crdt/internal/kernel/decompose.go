package kernel

import (
	"iter"

	"github.com/dovetail-crdt/dovetail/clock"
)

// A state is the join of its irreducible parts: each live dot with its entry,
// each dead dot, each base. (Enes, Almeida, Baquero, Leitão, ICDE 2019, for states
// in general.) None is redundant. A part is below a state
//
//   - if it is live: when the state has heard of its dot;
//   - if it is dead: when the state has heard of its dot and has it not live;
//   - if it is a base: when the state's base of the run is as large, or the run is
//     closed there.
//
// "Heard of" is the state's own context, never a vector of its store: a store may
// have applied a dot that this state still has live.

// Parts yields the parts of s: of each replica the live and the dead dots in
// order, then the bases in order of path. Dead dots side by side come as one. S
// must not change meanwhile; the parts are the caller's.
func (s *State) Parts() iter.Seq[*State] {
	s.mustBeClosed()
	return func(yield func(*State) bool) {
		for i := range s.ctx.Rows() {
			id, first, rest := s.ctx.Row(i)
			if !s.partsOf(id, first, yield) {
				return
			}
			for _, run := range rest {
				if !s.partsOf(id, run, yield) {
					return
				}
			}
		}
		for _, x := range s.sortedBases() {
			for _, b := range s.basesAt(x.pl) {
				t := newExtractor(s, New())
				t.basesAt(x.pl, []Base{b}, func(*Base) bool { return true })
				t.to.pruneAll()
				if !yield(t.to) {
					return
				}
			}
		}
	}
}

// partsOf yields the live and the dead dots of one interval of the context.
func (s *State) partsOf(id clock.ReplicaID, run clock.Interval, yield func(*State) bool) bool {
	from, more := run.Lo, true
	dead := func(to uint64) {
		if more && from < to {
			p := New()
			p.ctx.AddRange(id, clock.Interval{Lo: from, Hi: to - 1})
			more = yield(p)
		}
		from = to + 1
	}
	s.eachBeyond(nil, id, run, func(p *page, slot int, seq uint64) {
		if dead(seq); !more {
			return
		}
		t := newExtractor(s, New())
		d := clock.Dot{Replica: id, Seq: seq}
		t.to.ctx.Add(d)
		t.entry(d, p, slot)
		t.to.pruneAll()
		more = yield(t.to)
	})
	dead(run.Hi + 1)
	return more
}

// News returns the join of those parts of d that are not below s: the least that
// merged into s does what d would do. It is bottom exactly if d would change
// nothing, and shares nothing with s or d that any of them may change.
//
// The cost follows d as that of Merge does. Whoever passes news on instead of d
// passes on less than what d's events did: a vector must not grow by them there,
// unless the rest came too.
func (s *State) News(d *State) *State {
	if s.open != nil || d.open != nil {
		panic("crdt: Contains, Strip or MergeStrip during a transaction on one of the values")
	}
	out := New()
	if s == d {
		return out
	}
	n := differ{s: s, d: d, out: out, extractor: newExtractor(d, out)}
	for i := range d.ctx.Rows() {
		id, first, rest := d.ctx.Row(i)
		n.run(id, first)
		for _, run := range rest {
			n.run(id, run)
		}
	}
	out.ctx.Merge(&n.ended)
	for pl, bases := range d.allBases() {
		n.bases(pl, bases)
	}
	out.pruneAll()
	return out
}

// differ is one News of d for s.
type differ struct {
	s, d, out *State
	extractor extractor
	ended     clock.Context // live in s, dead in d
}

// run takes what is new of a run of dots that d knows.
func (n *differ) run(id clock.ReplicaID, run clock.Interval) {
	from := run.Lo
	fresh := func(to uint64) { // numbers from..to-1 are unheard of
		if from < to {
			in := clock.Interval{Lo: from, Hi: to - 1}
			n.out.ctx.AddRange(id, in)
			n.extractor.run(id, in)
		}
	}
	runsWithin(&n.s.ctx, id, run, func(known clock.Interval) {
		fresh(known.Lo)
		from = known.Hi + 1
	})
	fresh(run.Hi + 1)
	if n.s.live > 0 {
		n.s.eachBeyond(n.d, id, run, func(_ *page, _ int, seq uint64) { n.ended.Add(clock.Dot{Replica: id, Seq: seq}) })
	}
}

// bases takes the bases of a place of d that Merge would put into s. What closes
// their runs there is what d leaves alive.
func (n *differ) bases(pl place, bases []Base) {
	here, ok := n.s.placeOf(n.d.path(pl))
	if !ok {
		n.extractor.basesAt(pl, bases, func(*Base) bool { return true })
		return
	}
	var totals []total
	for _, x := range n.s.totalsAt(nil, here) {
		if !n.d.ctx.Contains(x.dot) || n.d.find(x.dot) != 0 {
			totals = append(totals, x)
		}
	}
	was := n.s.basesAt(here)
	var closed func(uint64) bool
	var of clock.ReplicaID
	n.extractor.basesAt(pl, bases, func(b *Base) bool {
		if b.Replica != of { // they stand in order of replica
			of, closed = b.Replica, rowsOf(totals, was, b.Replica).closed()
		}
		i, known := findBase(was, b.Replica, b.Run)
		return (!known || b.wins(was[i])) && !closed(b.Run)
	})
}
