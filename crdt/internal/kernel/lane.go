package kernel

import (
	"slices"

	"github.com/dovetail-crdt/dovetail/clock"
)

// lane is the live entries of one replica: pages in order of the numbers that
// they are for. Each page is for those from its lo in dir to the one before the
// next. Finding is O(1) while most numbers are live, else O(log pages); so are
// appending, inserting and removing, but for the repacking of pages, which is
// O(1) an operation in the long run.
type lane struct {
	id  clock.ReplicaID
	dir []dirEntry
	max uint64 // no entry has a larger number
}

type dirEntry struct {
	lo   uint64
	p    *page
	live *bitmap // of p if it is dense, which then is for numbers from lo rounded down
}

func entryFor(lo uint64, p *page) dirEntry {
	if p.form != dense {
		return dirEntry{lo: lo, p: p}
	}
	return dirEntry{lo, p, p.live}
}

// route returns the index of the page that is for seq, or -1 if seq is below all.
func (l *lane) route(seq uint64) int {
	n := len(l.dir)
	if n == 0 || seq < l.dir[0].lo {
		return -1
	}
	// Where it stands if all pages are dense.
	if g := seq/pageSize - l.dir[0].lo/pageSize; g < uint64(n) && l.dir[g].lo <= seq && (g+1 == uint64(n) || seq < l.dir[g+1].lo) {
		return int(g)
	}
	i := 0
	for n > 1 { // without branches that depend on data
		half := n / 2
		if l.dir[i+half].lo <= seq {
			i += half
		}
		n -= half
	}
	return i
}

// find returns the live entry of a number, or 0.
func (l *lane) find(seq uint64) ref {
	if seq > l.max {
		return 0
	}
	if k := l.route(seq); k >= 0 {
		if slot := l.dir[k].p.find(seq); slot >= 0 {
			return l.dir[k].p.ref(slot)
		}
	}
	return 0
}

// end returns the largest number that page k is for.
func (l *lane) end(k int) uint64 {
	if k+1 < len(l.dir) {
		return l.dir[k+1].lo - 1
	}
	return clock.MaxSeq
}

func (l *lane) insertPage(k int, lo uint64, p *page) {
	l.dir = slices.Insert(l.dir, k, entryFor(lo, p))
}

// slotFor makes a slot for a number that is not live, with room for a record of
// so many bytes.
func (s *State) slotFor(l *lane, seq uint64, bytes int) (*page, int) {
	if seq > l.max || len(l.dir) == 0 {
		return s.slotAtEnd(l, seq, bytes)
	}
	k := max(l.route(seq), 0)
	for {
		if len(l.dir) == 0 {
			return s.slotAtEnd(l, seq, bytes)
		}
		e := &l.dir[k]
		switch p := e.p; {
		case p.form == dense && seq >= p.lo && seq-p.lo < pageSize && p.hasRoom(bytes):
			p.extend(int(seq - p.lo))
			e.lo = min(e.lo, seq)
			return p, int(seq - p.lo)
		case p.form == packed && p.len() < pageSize && p.canHold(seq) && p.hasRoom(bytes):
			e.lo = min(e.lo, seq)
			return p, p.openSeq(seq)
		case p.form == packed && p.len() == pageSize:
			k = s.split(l, k, seq)
		default: // beside the window of a dense page, or too far
			return s.slotBeside(l, k, seq, bytes)
		}
	}
}

// slotAtEnd makes a slot for a number above all.
func (s *State) slotAtEnd(l *lane, seq uint64, bytes int) (*page, int) {
	k := len(l.dir) - 1
	if k < 0 {
		l.max = 0
	}
	l.max = max(l.max, seq)
	run := false // whether most numbers before seq are live
	if k >= 0 {
		switch p := l.dir[k].p; {
		case !p.hasRoom(bytes):
		case p.form == dense && seq-p.lo < pageSize:
			p.extend(int(seq - p.lo))
			return p, int(seq - p.lo)
		case p.form == dense:
			run = seq-p.lo < 2*pageSize && p.n >= pageSize/2
			s.tidy(l, k)
		case p.len() < pageSize && p.canHold(seq):
			return p, p.openSeq(seq)
		default:
			run = p.canHold(seq) && seq-p.seqOf(p.at(0)) < 2*pageSize && p.n >= pageSize/2
			s.tidy(l, k)
		}
	}
	p := s.newPage(l, seq)
	if run {
		p.form, p.lo = dense, seq&^(pageSize-1)
	}
	l.dir = append(l.dir, entryFor(seq, p))
	if run {
		p.extend(int(seq - p.lo))
		return p, int(seq - p.lo)
	}
	return p, p.openSeq(seq)
}

// slotBeside makes a slot for a number that page k is for and cannot take.
func (s *State) slotBeside(l *lane, k int, seq uint64, bytes int) (*page, int) {
	if seq >= l.dir[k].lo {
		k++
	}
	if k < len(l.dir) {
		if p := l.dir[k].p; p.form == packed && p.len() < pageSize && p.canHold(seq) && p.hasRoom(bytes) {
			l.dir[k].lo = seq
			return p, p.openSeq(seq)
		}
	}
	if at := l.dir[max(k-1, 0)]; k > 0 && at.lo <= seq && at.p.form == packed {
		// Too full of bytes, or too far: what page k-1 has above seq must not
		// come to stand behind the new page.
		return s.slotAfterCut(l, k-1, seq)
	}
	p := s.newPage(l, seq)
	l.insertPage(k, seq, p)
	return p, p.openSeq(seq)
}

// slotAfterCut moves what page k has above seq to a page of its own and makes a
// new page for seq between the two.
func (s *State) slotAfterCut(l *lane, k int, seq uint64) (*page, int) {
	old := l.dir[k].p
	if cut := old.first(seq); cut < old.len() {
		s.splitAt(l, k, cut)
	}
	p := s.newPage(l, seq)
	l.insertPage(l.route(seq)+1, seq, p)
	return p, p.openSeq(seq)
}

// split makes room in a full packed page and returns the index of the page that
// is for seq now.
func (s *State) split(l *lane, k int, seq uint64) int {
	p := l.dir[k].p
	if int(p.n) <= 3*pageSize/4 {
		s.repack(l, k, k+1)
		return max(l.route(seq), 0)
	}
	s.splitAt(l, k, pageSize/2)
	return max(l.route(seq), 0)
}

// splitAt moves the live entries of packed page k from a position on to a new
// page behind it, and repacks the rest.
func (s *State) splitAt(l *lane, k, pos int) {
	p := l.dir[k].p
	var q *page
	for i := pos; i < p.len(); i++ {
		slot := p.at(i)
		if !p.live.has(slot) {
			continue
		}
		if q == nil {
			q = s.newPage(l, p.seqOf(slot))
			l.insertPage(k+1, p.seqOf(slot), q)
		}
		s.move(p, slot, q, q.openSeq(p.seqOf(slot)))
	}
	s.repack(l, k, k+1)
}
