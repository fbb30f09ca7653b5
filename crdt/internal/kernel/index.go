package kernel

import (
	"slices"

	"github.com/dovetail-crdt/dovetail/clock"
)

// scanMost is the number of slots up to which a small state is searched slot by
// slot: building tables takes longer, and most states are read once.
const scanMost = 24

// crowd is the dots of the entries of one segment of one node, where several are
// live or were: concurrent adds of an element, the totals of a counter. The table
// holds the last of them only.
type crowd struct {
	// No order. Some may be dead, or stand twice after they were undone; a number
	// that was provisional may by now be that of an entry elsewhere. See members.
	dots []clock.Dot
	live int
}

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
	c := s.crowds[key]
	if c == nil {
		c = &crowd{dots: []clock.Dot{s.dotOf(refOf(*pos))}, live: 1}
		if s.own(); s.crowds == nil {
			s.crowds = make(map[place]*crowd)
		}
		s.crowds[key] = c
	}
	c.dots = append(c.dots, s.dotOf(r))
	c.live++
	*pos = slotCrowd | uint32(r)
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
	c := s.crowds[key]
	if c.live--; pos == nil { // another stands in the table
		if c.live > 1 {
			if len(c.dots) > 2*c.live {
				s.purge(c, x)
			}
			return
		}
		pos = t.locate(h, func(r ref) bool { return s.sameSegment(r, x) })
	}
	for len(c.dots) > 0 && s.member(c.dots[len(c.dots)-1], x) == 0 {
		c.dots = c.dots[:len(c.dots)-1]
	}
	switch {
	case c.live > 1:
		*pos = slotCrowd | uint32(s.find(c.dots[len(c.dots)-1]))
	case c.live == 1:
		*pos = uint32(s.find(c.dots[len(c.dots)-1]))
		delete(s.crowds, key)
	default:
		t.remove(h, pos)
		delete(s.crowds, key)
	}
}

// purge forgets the dead of the crowd of x.
func (s *State) purge(c *crowd, x *item) {
	c.dots = slices.DeleteFunc(c.dots, func(d clock.Dot) bool { return s.member(d, x) == 0 })
	slices.SortFunc(c.dots, clock.Dot.Compare)
	c.dots = slices.Compact(c.dots)
}

// member returns the live entry of a dot if it stands where x does, or 0.
func (s *State) member(d clock.Dot, x *item) ref {
	r := s.find(d)
	if r == 0 {
		return 0
	}
	if p := s.pageOf(r); p.infoOf(r.slot()).at() != x.inf.at() || !p.sameSegment(r.slot(), x) {
		return 0
	}
	return r
}

// members appends the entries of the crowd of x, each once, in no order.
func (s *State) members(out []ref, x *item) []ref {
	from := len(out)
	for _, d := range s.crowds[segmentKey(x)].dots {
		if r := s.member(d, x); r != 0 {
			out = append(out, r)
		}
	}
	slices.Sort(out[from:])
	return out[:from+len(slices.Compact(out[from:]))]
}

// rebuild makes the table of a node anew, with so many buckets.
func (s *State) rebuild(id nodeID, buckets int) {
	t := s.nodes[id].tab
	old := *t
	t.reset(max(buckets, 1))
	for ok := false; !ok; {
		ok = true
		old.each(func(slot uint32) bool {
			r := refOf(slot)
			ok = t.add(s.pageOf(r).hashOf(r.slot()), slot&slotCrowd|uint32(r))
			return ok
		})
		if !ok {
			t.reset(2 * len(t.buckets))
		}
	}
}

// sameSegment reports whether a live entry stands where x does; they are of one
// node.
func (s *State) sameSegment(r ref, x *item) bool {
	p := s.pageOf(r)
	return p.sameSegment(r.slot(), x)
}

func (p *page) sameSegment(slot int, x *item) bool {
	inf, word := p.infoOf(slot), p.word(slot)
	if inf.role() != x.inf.role() {
		return false
	}
	if word|x.word < wordRecord || inf&x.inf&infoWide != 0 { // both short, or both wide
		return word == x.word && (inf^x.inf)&infoWide == 0
	}
	return sameContent(inf, word, p.recOf(word, inf), x)
}

func sameContent(inf info, word uint64, rec []byte, x *item) bool {
	n := contentLen(inf, word)
	if n != contentLen(x.inf, x.word) {
		return false
	}
	if word&wordRecord != 0 && inf&infoWide == 0 && x.rec != nil {
		return string(rec[:n]) == string(x.rec[:n])
	}
	var a, b [8]byte
	if n > 8 {
		return false // only a record is longer
	}
	return string(appendContent(a[:0], inf, word, rec)) == string(appendContent(b[:0], x.inf, x.word, x.rec))
}

// lookup appends the live entries at the segment of x, in order of their dots.
func (s *State) lookup(out []ref, x *item) []ref {
	s.index()
	from := len(out)
	switch at := x.inf.at(); {
	case at == outside:
		out = s.lookupOutside(out)
	case !s.indexed:
		out = s.scan(out, x)
	default:
		t := s.nodes[at].tab
		if t == nil {
			return out
		}
		pos := t.locate(x.hash(), func(r ref) bool { return s.sameSegment(r, x) })
		if pos == nil {
			return out
		}
		if *pos&slotCrowd == 0 {
			return append(out, refOf(*pos))
		}
		out = s.members(out, x)
	}
	if len(out)-from > 1 {
		slices.SortFunc(out[from:], func(a, b ref) int { return s.dotOf(a).Compare(s.dotOf(b)) })
	}
	return out
}

// lookupOutside appends the live entries at the empty path.
func (s *State) lookupOutside(out []ref) []ref {
	if s.nodes != nil && s.nodes[outside].n == 0 {
		return out
	}
	s.eachLive(func(p *page, slot int) bool {
		if p.infoOf(slot).at() == outside {
			out = append(out, p.ref(slot))
		}
		return true
	})
	return out
}

// scan is lookup without tables: a small state, and what a transaction made.
func (s *State) scan(out []ref, x *item) []ref {
	find := func(p *page) {
		for slot := p.live.next(0); slot < pageSize; slot = p.live.next(slot + 1) {
			if p.infoOf(slot).at() == x.inf.at() && p.sameSegment(slot, x) {
				out = append(out, p.ref(slot))
			}
		}
	}
	if s.small != nil {
		find(s.small)
	}
	for _, p := range s.births {
		find(p)
	}
	return out
}
