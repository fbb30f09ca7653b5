package kernel

import "github.com/dovetail-crdt/dovetail/clock"

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
