package kernel

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/dovetail-crdt/dovetail/clock"
)

// Check is check for the tests outside the package.
func Check(s *State) error { return check(s) }

// Inc is IncIf whatever the value.
func (t *Tx) Inc(path []string, d uint64) {
	t.IncIf(path, d, func(uint64) bool { return true })
}

// PageSize and ScanMost are for the tests outside the package.
const (
	PageSize = pageSize
	ScanMost = scanMost
)

// Index makes the tables of s now.
func Index(s *State) { s.indexed = s.indexed || s.forceIndex() }

func (s *State) forceIndex() bool {
	if s.small != nil && s.small.len() <= scanMost {
		return false
	}
	s.index()
	return true
}

// Shape says which forms the pages of s have, for coverage of the tests.
func Shape(s *State) (forms map[string]int) {
	forms = map[string]int{}
	for p := range s.inOrder() {
		name := [...]string{"dense", "packed", "mixed"}[p.form]
		forms[name]++
		if p.ord != nil {
			forms[name+" in disorder"]++
		}
		if p.have != nil {
			forms[name+" and thin"]++
		}
		if p.inf != nil {
			forms[name+" of several infos"]++
		}
		if int(p.n) < p.len() {
			forms[name+" with dead slots"]++
		}
	}
	forms["shared slot"] += len(s.shared)
	if s.indexed {
		forms["indexed"]++
	}
	for i := range s.nodes {
		if t := s.nodes[i].tab; t != nil {
			forms["buckets"] = max(forms["buckets"], len(t.buckets))
		}
	}
	forms["lanes"] = len(s.lanes)
	return forms
}

// check returns the first invariant of State that s breaks.
func check(s *State) error {
	if r := &noRest; r.lanes != nil || r.pages != nil || r.free != nil || r.spare != nil || r.indexed ||
		r.emptyLanes || r.nbases != 0 || r.shared != nil || r.pending != nil || r.idle != nil || r.scratch != nil || r.tx.s != nil {
		return fmt.Errorf("what all small states share was written: %+v", noRest)
	}
	var last clock.Dot
	live := 0
	s.needNodes()
	uses := make([]int32, len(s.nodes))
	direct := make([]int32, len(s.nodes))
	odd := make([]int32, len(s.nodes))
	segs := map[place][]clock.Dot{}
	var err error
	fail := func(format string, args ...any) bool {
		if err == nil {
			err = fmt.Errorf(format, args...)
		}
		return false
	}
	seen := map[*page]bool{}
	s.eachLive(func(p *page, slot int) bool {
		r := p.ref(slot)
		d := s.dotOf(r)
		pending := d.Seq > clock.MaxSeq
		if !seen[p] {
			seen[p] = true
			if s.pageOf(p.ref(0)) != p {
				return fail("invariant 1: page %d is not under its number", p.num)
			}
			if perr := p.check(); perr != nil {
				return fail("%w", perr)
			}
		}
		if !pending {
			live++
			if last.Compare(d) >= 0 && last.Seq != 0 {
				return fail("invariant 1: %v behind %v", d, last)
			}
			last = d
			if !s.ctx.Contains(d) {
				return fail("invariant 2: live dot %v is not in the context %v", d, &s.ctx)
			}
		}
		if got := s.find(d); got != r {
			return fail("invariant 1: %v at %d is found at %d", d, r, got)
		}
		x := p.item(slot)
		at := x.inf.at()
		if int(at) >= len(s.nodes) {
			return fail("invariant 1: %v in node %d of %d", d, at, len(s.nodes))
		}
		uses[at]++
		direct[at]++
		if !x.inf.plain() {
			odd[at]++
		}
		k := segmentKey(&x)
		segs[k] = append(segs[k], d)
		v := p.value(slot)
		if y := makeItem(nil, at, x.inf.role(), appendContent(nil, x.inf, x.word, x.rec), v); y.inf != x.inf || y.word != x.word || !bytes.Equal(y.rec, x.rec) {
			return fail("invariant 1: %v is in another form than the one for it: %v, want %v", d, x, y)
		}
		if t := v.Total; t != nil && (t.Lo == 0 || t.Lo > t.Run || t.Run > d.Seq) {
			return fail("invariant 1: %v has total %+v", d, *t)
		}
		return true
	})
	if err != nil {
		return err
	}
	if live != s.live {
		return fmt.Errorf("invariant 1: %d live, %d counted", live, s.live)
	}
	if err := s.checkLanes(); err != nil {
		return err
	}
	for k, dots := range segs {
		pl := k
		x := pl.item()
		var got []clock.Dot
		for _, r := range s.lookup(nil, &x) {
			got = append(got, s.dotOf(r))
		}
		slices.SortFunc(dots, clock.Dot.Compare)
		if !slices.Equal(got, dots) {
			return fmt.Errorf("invariant 1: at %v stand %v, found are %v", k, dots, got)
		}
	}
	for pl, c := range s.shared {
		if len(c.dots) > 2*c.live {
			return fmt.Errorf("invariant 1: %d dots are kept of %d entries at %v", len(c.dots), c.live, pl)
		}
	}
	if s.indexed {
		for id := range s.nodes {
			places := 0
			for k := range segs {
				if int(k.at) == id {
					places++
				}
			}
			if t := s.nodes[id].tab; nodeID(id) != outside && t != nil && t.n != places || t == nil && places > 0 && id > 0 {
				return fmt.Errorf("invariant 1: table of node %d has not one ref for each of %d places", id, places)
			}
		}
	}
	n := 0
	for id := range s.nodes {
		for seg, bases := range s.nodes[id].bases {
			if len(bases) == 0 {
				return fmt.Errorf("invariant 3: no bases at %q in node %d", seg, id)
			}
		}
	}
	for pl, bases := range s.allBases() {
		uses[pl.at]++
		n += len(bases)
		for i, b := range bases {
			if err := s.checkBase(pl, b); err != nil {
				return err
			}
			if i > 0 && bases[i-1].compareRun(b.Replica, b.Run) >= 0 {
				return fmt.Errorf("invariant 3: base %+v behind %+v", b, bases[i-1])
			}
		}
	}
	if n != s.nbases {
		return fmt.Errorf("invariant 3: %d bases, %d counted", n, s.nbases)
	}
	return s.checkNodes(uses, direct, odd)
}

func (s *State) checkNodes(uses, direct, odd []int32) error {
	for id := range s.nodes {
		for seg, k := range s.nodes[id].kids {
			uses[id]++
			if s.nodes[k].seg != seg || s.nodes[k].up != nodeID(id) {
				return fmt.Errorf("invariant 4: node %d is not the child %q of %d", k, seg, id)
			}
		}
	}
	for id := range s.nodes {
		n := &s.nodes[id]
		if n.uses != uses[id] || n.n != direct[id] || n.odd != odd[id] {
			return fmt.Errorf("invariant 4: node %d counts %d uses, %d entries, %d odd ones; want %d, %d, %d", id, n.uses, n.n, n.odd, uses[id], direct[id], odd[id])
		}
		if id > 1 && n.uses == 0 && n.seg != "" && s.open == nil {
			return fmt.Errorf("invariant 4: node %d is not used", id)
		}
	}
	return nil
}

func (s *State) checkLanes() error {
	if s.small != nil && len(s.lanes) > 0 {
		return fmt.Errorf("invariant 1: a small page beside %d lanes", len(s.lanes))
	}
	pages := 0
	if s.small != nil {
		pages++
	}
	for i := range s.lanes {
		l := &s.lanes[i]
		if i > 0 && s.lanes[i-1].id >= l.id || (len(l.dir) == 0 || s.emptyLanes) && s.open == nil {
			return fmt.Errorf("invariant 1: lane %v of %d pages", l.id, len(l.dir))
		}
		for k, e := range l.dir {
			pages++
			lo, hi := uint64(clock.MaxSeq), uint64(0)
			e.p.eachLive(func(p *page, slot int) bool {
				lo, hi = min(lo, p.seqOf(slot)), max(hi, p.seqOf(slot))
				return true
			})
			if e.p.n > 0 && (lo < e.lo || hi > l.end(k) || hi > l.max) || e.p.n == 0 && s.open == nil {
				return fmt.Errorf("invariant 1: page %d of lane %v, for %d to %d, has %d entries from %d to %d, max %d", k, l.id, e.lo, l.end(k), e.p.n, lo, hi, l.max)
			}
			if e.p.id != l.id || s.pages[e.p.num] != e.p {
				return fmt.Errorf("invariant 1: page %d of lane %v is of %v", k, l.id, e.p.id)
			}
		}
	}
	all := s.pages
	if s.small != nil && len(all) == 0 {
		all = []*page{s.small}
	}
	for _, p := range all {
		if p != nil {
			pages--
		}
	}
	if pages += len(s.pending); pages != 0 {
		return fmt.Errorf("invariant 1: %d pages too many", -pages)
	}
	return nil
}

func (p *page) check() error {
	n := 0
	junk := len(p.bytes)
	for slot := p.live.next(0); slot < pageSize; slot = p.live.next(slot + 1) {
		n++
		if slot >= p.len() || p.have != nil && !p.have.has(slot) {
			return fmt.Errorf("invariant 1: live slot %d of %d", slot, p.len())
		}
		junk -= len(p.item(slot).rec)
	}
	switch {
	case n != int(p.n):
		return fmt.Errorf("invariant 1: page of %d entries counts %d", n, p.n)
	case p.have != nil && (p.form != dense || p.have.rank(255)+int(p.have[3]>>63) != len(p.key)):
		return fmt.Errorf("invariant 1: page of %d keys has %d slots", len(p.key), p.have.rank(255)+int(p.have[3]>>63))
	case p.ord != nil && len(p.ord) != p.len(), p.inf != nil && len(p.inf) != len(p.key),
		p.form == packed && len(p.off) != p.len(), p.form == mixed && len(p.dot) != p.len(), p.len() > pageSize:
		return fmt.Errorf("invariant 1: page of %d slots has columns of %d, %d, %d, %d", p.len(), len(p.ord), len(p.inf), len(p.off), len(p.dot))
	case junk != int(p.junk):
		return fmt.Errorf("invariant 1: %d bytes of dead records, %d counted", junk, p.junk)
	}
	return nil
}

func (s *State) checkBase(pl place, b Base) error {
	totals := s.totalsAt(nil, pl)
	switch {
	case b.Lo == 0 || b.Lo > b.Run || b.Run > b.Seq || b.Seq > clock.MaxSeq:
		return fmt.Errorf("invariant 3: base %+v", b)
	case s.open != nil:
	case !b.By.IsValid() || !s.ctx.Contains(b.By):
		return fmt.Errorf("invariant 3: base %+v of a reset outside the context %v", b, &s.ctx)
	case rowsOf(totals, s.basesAt(pl), b.Replica).closed()(b.Run):
		return fmt.Errorf("invariant 3: base %+v of a closed run", b)
	}
	return nil
}

// JoinsRows reports whether the short cut for lone counters applies to a merge.
func JoinsRows(s, d *State) bool {
	if s == d || s.small == nil || d.small == nil || s.small.all.value() != valueTotal {
		return false
	}
	c := s.Clone()
	m := joiner{s: c, d: d}
	return m.joinRows()
}
