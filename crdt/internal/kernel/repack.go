package kernel

import (
	"fmt"
	"slices"

	"github.com/dovetail-crdt/dovetail/clock"
)

// Repacking moves entries to new pages: slots change, and with them the refs in
// the tables. None happens while a transaction is open or while a loop stands in
// the page.

// sparseMost is the number of live entries up to which a dense page gives them to
// a packed one. That costs a search of the table for each, so it is done late.
const sparseMost = 12

// isWasteful reports whether tidy may have something to do.
func (p *page) isWasteful() bool {
	if p.form == dense {
		return p.n <= sparseMost || p.isThin() || p.isFullOfJunk()
	}
	return int(p.n) <= p.len()/2 || p.isFullOfJunk()
}

// isThin reports whether thin is worth its while.
func (p *page) isThin() bool { return len(p.key) >= 16 && int(p.n) <= len(p.key)*5/8 }

func (p *page) isFullOfJunk() bool { return p.junk > 64 && int(p.junk) > len(p.bytes)/4 }

// tidy makes page k smaller if it has become wasteful.
func (s *State) tidy(l *lane, k int) {
	p := l.dir[k].p
	switch {
	case p.n == 0:
		s.freePage(p)
		s.worked(len(l.dir) - k)
		l.dir = slices.Delete(l.dir, k, k+1)
	case p.form == packed && int(p.n) <= p.len()/2:
		s.repackAt(l, k)
	case p.form == dense && p.n <= sparseMost && k < len(l.dir)-1:
		s.giveAway(l, k)
	case p.form == dense && p.isThin():
		p.thin()
	case p.isFullOfJunk():
		p.squeeze()
	}
}

// repackAt repacks packed page k, together with packed neighbours that fit.
func (s *State) repackAt(l *lane, k int) {
	from, to, n := k, k+1, int(l.dir[k].p.n)
	if k > 0 && l.dir[k-1].p.form == packed && n+int(l.dir[k-1].p.n) <= pageSize*3/4 {
		from--
		n += int(l.dir[from].p.n)
	}
	if to < len(l.dir) && l.dir[to].p.form == packed && n+int(l.dir[to].p.n) <= pageSize*3/4 {
		to++
	}
	s.repack(l, from, to)
}

// giveAway moves the few entries of page k to a packed neighbour, or packs them.
func (s *State) giveAway(l *lane, k int) {
	p := l.dir[k].p
	for _, to := range []int{k - 1, k + 1} {
		if to < 0 || to >= len(l.dir) {
			continue
		}
		q := l.dir[to].p
		if q.form != packed || q.len()+int(p.n) > pageSize || !q.canHold(l.dir[k].lo) || !q.canHold(p.lo+pageSize-1) || !q.hasRoom(len(p.bytes)) {
			continue
		}
		for slot := p.live.next(0); slot < pageSize; slot = p.live.next(slot + 1) {
			s.move(p, slot, q, q.openSeq(p.seqOf(slot)))
		}
		l.dir[to].lo = min(l.dir[to].lo, l.dir[k].lo)
		s.freePage(p)
		l.dir = slices.Delete(l.dir, k, k+1)
		return
	}
	s.repack(l, k, k+1)
}

// repack replaces pages from..to-1, not all empty, by packed ones without dead
// slots.
func (s *State) repack(l *lane, from, to int) {
	var q *page
	var made []dirEntry
	for _, e := range l.dir[from:to] {
		p := e.p
		for i := range p.len() {
			slot := p.at(i)
			if !p.live.has(slot) {
				continue
			}
			seq := p.seqOf(slot)
			if q == nil || !q.canHold(seq) || !q.hasRoom(len(p.bytes)) {
				q = s.newPage(l, seq)
				q.reserve(sumLive(l.dir[from:to]), len(p.bytes)-int(p.junk))
				made = append(made, entryFor(seq, q))
			}
			s.move(p, slot, q, q.openSeq(seq))
		}
		s.freePage(p)
	}
	if len(made) > 0 {
		made[0].lo = min(made[0].lo, l.dir[from].lo)
	}
	l.dir = slices.Replace(l.dir, from, to, made...)
}

func sumLive(dir []dirEntry) (n int) {
	for _, e := range dir {
		n += int(e.p.n)
	}
	return min(n, pageSize)
}

// reserve makes room for so many entries in a new packed or mixed page.
func (p *page) reserve(n, bytes int) {
	p.key = make([]uint64, 0, n)
	if p.form == mixed {
		p.dot = make([]clock.Dot, 0, n)
	} else {
		p.off = make([]uint32, 0, n)
	}
	if bytes > 0 {
		p.bytes = make([]byte, 0, bytes)
	}
}

// move takes a live entry from one page to a new slot in another.
func (s *State) move(p *page, slot int, q *page, to int) {
	x := p.item(slot)
	q.put(to, &x)
	p.live.clear(slot)
	p.n--
	if s.indexed && x.inf.at() != outside {
		s.nodes[x.inf.at()].tab.replace(x.hash(), p.ref(slot), q.ref(to))
	}
}

// newPage returns a new packed page of a lane.
func (s *State) newPage(l *lane, lo uint64) *page {
	p := makePage(packed, l.id, lo)
	s.addPage(p)
	return p
}

// addPage gives p a number.
func (s *State) addPage(p *page) {
	s.own()
	if n := len(s.free); n > 0 {
		p.num, s.free = s.free[n-1], s.free[:n-1]
		s.pages[p.num] = p
		return
	}
	if len(s.pages) == 0 {
		s.pages = append(s.pages, nil) // no page has number 0
	}
	p.num = uint32(len(s.pages))
	if p.num >= 1<<31/pageSize {
		panic(fmt.Sprintf("kernel: %d pages", p.num))
	}
	s.pages = append(s.pages, p)
}

func (s *State) freePage(p *page) {
	s.own()
	s.pages[p.num] = nil
	s.free = append(s.free, p.num)
}

// tidyPage repacks the page that is for d if it has become wasteful. A lane that has
// lost its last page stays until dropLanes. Refs are void afterwards, so no transaction
// may be open.
func (s *State) tidyPage(d clock.Dot) {
	if p := s.small; p != nil {
		if int(p.n) <= p.len()/2 {
			s.repackSmall()
		} else if p.isFullOfJunk() {
			p.squeeze()
		}
		return
	}
	if i, ok := s.lane(d.Replica); ok {
		l := &s.lanes[i]
		if k := l.route(d.Seq); k >= 0 {
			s.tidy(l, k)
		}
		s.emptyLanes = s.emptyLanes || len(l.dir) == 0
	}
}

// tidyPages is tidyPage for dots in order, with dropLanes.
func (s *State) tidyPages(dots []clock.Dot) {
	for rest := dots; len(rest) > 0; {
		n := 1
		for n < len(rest) && rest[n].Replica == rest[0].Replica {
			n++
		}
		if i, ok := s.lane(rest[0].Replica); ok && n > 1 {
			s.dropPages(&s.lanes[i], rest[:n])
		}
		for _, d := range slices.Backward(rest[:n]) { // from the end, where a directory becomes shorter for less
			s.tidyPage(d)
		}
		rest = rest[n:]
	}
	s.dropLanes()
}

// dropPages takes the empty ones among the pages of a lane that are for dots, which
// are in order, out of its directory.
func (s *State) dropPages(l *lane, dots []clock.Dot) {
	var gone []int
	for _, d := range dots {
		if n := len(gone); n > 0 && d.Seq <= l.end(gone[n-1]) {
			continue
		}
		if k := l.route(d.Seq); k >= 0 && l.dir[k].p.n == 0 {
			gone = append(gone, k)
		}
	}
	if len(gone) > 0 {
		s.worked(len(l.dir) - gone[0])
	}
	l.dir = s.withoutPages(l.dir, gone)
	s.emptyLanes = s.emptyLanes || len(l.dir) == 0
}

// withoutPages frees pages of a directory, given in order, and returns the rest of it.
func (s *State) withoutPages(dir []dirEntry, gone []int) []dirEntry {
	if len(gone) == 0 {
		return dir
	}
	kept := dir[:gone[0]]
	for i, k := range gone {
		s.freePage(dir[k].p)
		end := len(dir)
		if i+1 < len(gone) {
			end = gone[i+1]
		}
		kept = append(kept, dir[k+1:end]...)
	}
	clear(dir[len(kept):])
	return kept
}

// dropLanes takes out the lanes that became empty.
func (s *State) dropLanes() {
	if s.emptyLanes {
		s.worked(len(s.lanes))
		s.lanes = slices.DeleteFunc(s.lanes, func(l lane) bool { return len(l.dir) == 0 })
		s.emptyLanes = false
	}
}
