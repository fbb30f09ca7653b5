package kernel

import "slices"

// scanMost is the number of slots up to which a small state is searched slot by
// slot: building tables takes longer, and most states are read once.
const scanMost = 24

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
	from := len(out)
	if out = s.entriesAt(out, x); len(out)-from > 1 {
		slices.SortFunc(out[from:], func(a, b ref) int { return s.dotOf(a).Compare(s.dotOf(b)) })
	}
	return out
}

// entriesAt is lookup in no order.
func (s *State) entriesAt(out []ref, x *item) []ref {
	from := len(out)
	s.index()
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
		if *pos&slotShared == 0 {
			return append(out, refOf(*pos))
		}
		out = s.members(out, x)
	}
	s.worked(len(out) - from)
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
	for _, p := range s.pending {
		find(p)
	}
	return out
}
