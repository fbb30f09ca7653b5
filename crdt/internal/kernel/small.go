package kernel

import "github.com/dovetail-crdt/dovetail/clock"

// smallFirst is a page with room for the first entry, in one piece.
type smallFirst struct {
	page
	key1 [1]uint64
	dot1 [1]clock.Dot
}

// newSmall makes the page of a small state.
func (s *State) newSmall() {
	f := &smallFirst{page: page{form: mixed}}
	f.key, f.dot = f.key1[:0], f.dot1[:0]
	s.small = &f.page
	if s.rest == &noRest {
		f.num = 1
		return
	}
	s.addPage(s.small)
}

// repackSmall rewrites the page of a small state without dead slots, if they are
// many; nothing may hold a ref.
func (s *State) repackSmall() {
	p := s.small
	if s.open != nil || p == nil || int(p.n) > p.len()*3/4 {
		return
	}
	if p.n == 0 {
		s.freePage(p)
		s.small = nil
		return
	}
	q := &page{form: mixed}
	s.addPage(q)
	for i := range p.len() {
		if slot := p.at(i); p.live.has(slot) {
			s.move(p, slot, q, q.openDot(p.dot[slot]))
		}
	}
	s.freePage(p)
	s.small = q
}

// promote gives every replica a lane.
func (s *State) promote() {
	s.own()
	p := s.small
	s.small = nil
	if p == nil {
		return
	}
	for i := range p.len() {
		slot := p.at(i)
		if !p.live.has(slot) {
			continue
		}
		d := p.dot[slot]
		if n := len(s.lanes); n == 0 || s.lanes[n-1].id != d.Replica {
			s.lanes = append(s.lanes, lane{id: d.Replica})
		}
		l := &s.lanes[len(s.lanes)-1]
		x := p.item(slot)
		q, to := s.slotFor(l, d.Seq, len(x.rec))
		s.move(p, slot, q, to)
	}
	s.freePage(p)
}
