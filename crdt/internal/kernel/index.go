package kernel

import "github.com/dovetail-crdt/dovetail/clock"

// segmentKey returns where an entry stands.
func segmentKey(x *item) place {
	if x.inf.at() == outside {
		return place{}
	}
	b := appendContent([]byte{x.inf.role()}, x.inf, x.word, x.rec)
	return place{x.inf.at(), string(b)}
}

// index makes sure that entries can be found by their path.
func (s *State) index() {
	if s.indexed || s.small != nil && s.small.len() <= scanMost {
		return
	}
	s.needNodes()
	s.own().indexed = true
	for id := range s.nodes {
		if n := &s.nodes[id]; nodeID(id) != outside && n.n > 0 {
			n.tab = &table{}
			n.tab.reset(int(n.n)/fillNew + 1)
		}
	}
	s.eachLive(func(p *page, slot int) bool {
		if x := p.item(slot); x.inf.at() != outside {
			s.enter(p.ref(slot), &x)
		}
		return true
	})
	for id := range s.nodes {
		if t := s.nodes[id].tab; t != nil && t.n < len(t.buckets)*fillLeast { // several entries at one place
			s.rebuild(nodeID(id), t.n/fillNew+1)
		} else if t != nil {
			t.shrinksBelow()
		}
	}
}

// enter puts a live entry into the table of its node.
func (s *State) enter(r ref, x *item) {
	t := s.nodes[x.inf.at()].tab
	if t == nil {
		t = &table{}
		s.nodes[x.inf.at()].tab = t
	}
	if buckets, rebuild := t.wants(); rebuild {
		s.rebuild(x.inf.at(), buckets)
	}
	h := x.hash()
	pos := t.locate(h, func(r ref) bool { return s.sameSegment(r, x) })
	if pos == nil {
		for !t.add(h, uint32(r)) {
			s.rebuild(x.inf.at(), 2*len(t.buckets))
		}
		return
	}
	key := segmentKey(x)
	c := s.shared[key]
	if c == nil {
		c = &sharedSlot{dots: []clock.Dot{s.dotOf(refOf(*pos))}, live: 1}
		if s.own(); s.shared == nil {
			s.shared = make(map[place]*sharedSlot)
		}
		s.shared[key] = c
	}
	c.dots = append(c.dots, s.dotOf(r))
	c.live++
	*pos = slotShared | uint32(r)
}

// leave takes an entry that is no longer live out of the table of its node.
func (s *State) leave(r ref, x *item) {
	t := s.nodes[x.inf.at()].tab
	h := x.hash()
	if t.removeExact(h, r) {
		if buckets, rebuild := t.wants(); rebuild && buckets < len(t.buckets) {
			s.rebuild(x.inf.at(), buckets)
		}
		return
	}
	var pos *uint32
	if b, i := t.exact(h, r); i >= 0 {
		pos = &t.buckets[b].ref[i]
	}
	key := segmentKey(x)
	c := s.shared[key]
	if c.live--; pos == nil { // another stands in the table
		if c.live > 1 {
			s.purge(c, x)
			return
		}
		pos = t.locate(h, func(r ref) bool { return s.sameSegment(r, x) })
	}
	for len(c.dots) > 0 && s.member(c.dots[len(c.dots)-1], x) == 0 {
		c.dots = c.dots[:len(c.dots)-1]
	}
	switch {
	case c.live > 1:
		*pos = slotShared | uint32(s.find(c.dots[len(c.dots)-1]))
		s.purge(c, x)
	case c.live == 1:
		*pos = uint32(s.find(c.dots[len(c.dots)-1]))
		delete(s.shared, key)
	default:
		t.remove(h, pos)
		delete(s.shared, key)
	}
}

// rebuild makes the table of a node anew, with so many buckets.
func (s *State) rebuild(id nodeID, buckets int) {
	t := s.nodes[id].tab
	s.worked(t.n)
	old := *t
	t.reset(max(buckets, 1))
	for ok := false; !ok; {
		ok = true
		old.each(func(slot uint32) bool {
			r := refOf(slot)
			ok = t.add(s.pageOf(r).hashOf(r.slot()), slot&slotShared|uint32(r))
			return ok
		})
		if !ok {
			t.reset(2 * len(t.buckets))
		}
	}
	t.shrinksBelow()
}
