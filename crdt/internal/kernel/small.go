package kernel

import "github.com/dovetail-crdt/dovetail/clock"

// newSmall makes the page of a small state.
func (s *State) newSmall() {
	s.small = makePage(mixed, 0, 0)
	s.small.num = 1
	if s.rest != &noRest {
		s.addPage(s.small)
	}
}

// newDelta returns an empty state that is going to be small, with its page and
// room for an entry, in one piece.
func newDelta() *State {
	d := &struct {
		page
		State
		key1 [1]uint64
		dot1 [1]clock.Dot
	}{}
	d.rest = &noRest
	d.form, d.num = mixed, 1
	d.key, d.dot = d.key1[:0], d.dot1[:0]
	d.page.live = &d.page.own
	d.small = &d.page
	return &d.State
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
	q := makePage(mixed, 0, 0)
	s.addPage(q)
	for i := range p.len() {
		if slot := p.at(i); p.live.has(slot) {
			s.move(p, slot, q, q.openDot(p.dot[slot]))
		}
	}
	s.freePage(p)
	s.small = q
}

// straighten returns a copy of a mixed page without dead slots and in order.
func (p *page) straighten() *page {
	q := makePage(mixed, 0, 0)
	q.num = p.num
	q.reserve(int(p.n), len(p.bytes)-int(p.junk))
	for i := range p.len() {
		if slot := p.at(i); p.live.has(slot) {
			x := p.item(slot)
			q.put(q.openDot(p.dot[slot]), &x)
		}
	}
	return q
}

// swapSmall puts another page with the same entries, none of which is in a table, in
// the place of the only one.
func (s *State) swapSmall(p *page) {
	if s.small = p; s.rest != &noRest {
		s.pages[p.num] = p
	}
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
