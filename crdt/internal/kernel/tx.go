package kernel

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/dovetail-crdt/dovetail/clock"
)

// Tx gathers one minimal delta from mutations of one state. The state shows each
// mutation at once; the events get their numbers at Commit, so a transaction
// that is rolled back burns none. Exactly one of Commit and Rollback ends it.
//
// Entries that it made stand in pages of their own until then, under provisional
// numbers above clock.MaxSeq, so that they come behind all that their replica did
// before.
type Tx struct {
	s       *State
	id      clock.ReplicaID
	doubt   uint64
	births  []birth
	alive   int // of births
	killed  []clock.Dot
	bases   []baseAt
	journal []change
	fault   error // why the transaction cannot be committed
	buf     []byte
	seen    *Sight      // what it may end besides what it made, or nil: all that the state shows
	ahead   []clock.Dot // totals of which the reader may have seen a part that is not known
	whole   bool        // it ends also what the reader saw and the state does not know
}

// birth is an entry that the transaction made, in order. Prev is the total that
// it continues, which is what a reset inside the transaction has seen; the journal
// says from line from on what the continuation ended.
type birth struct {
	prev    total
	hasPrev bool
	from    int
}

type baseAt struct {
	pl      place
	replica clock.ReplicaID
	run     uint64
}

// change is one line of the undo journal: an entry that was born or died, or the
// bases that a place had.
type change struct {
	r     ref
	born  bool
	bases *basesWas
}

type basesWas struct {
	pl  place
	was []Base
}

// Begin starts the transaction of a replica on s. Doubt is the largest number
// among the replica's events on s whose fate it does not know: no run that began
// at or before it is continued, and none is closed. Begin panics if a
// transaction on s is open.
func (s *State) Begin(id clock.ReplicaID, doubt uint64) *Tx {
	if s.open != nil {
		panic(fmt.Sprintf("kernel: transaction of %v on a state that one of %v is changing", id, s.open.id))
	}
	t := &s.own().tx
	*t = Tx{
		s: s, id: id, doubt: doubt,
		births: t.births[:0], killed: t.killed[:0], bases: t.bases[:0], journal: t.journal[:0], buf: t.buf,
	}
	s.open = t
	return t
}

// On reports whether the transaction is on s and open.
func (t *Tx) On(s *State) bool { return s.open == t }

// place returns the place of a path, its nodes made.
func (t *Tx) place(path []string) (at nodeID, role byte, content []byte) {
	if len(path) == 0 {
		return outside, 0, nil
	}
	last := path[len(path)-1]
	return t.s.ensure(path[:len(path)-1]), last[0], []byte(last[1:])
}

// Put ends what shows at path and makes v live there.
func (t *Tx) Put(path []string, v []byte) {
	at, role, content := t.place(path)
	t.put(at, role, content, Value{Put: v})
}

// PutBelow is Put for the path that ends in the segment of that role and content.
func (t *Tx) PutBelow(path []string, role byte, content, v []byte) {
	t.put(t.s.ensure(path), role, content, Value{Put: v})
}

// Deny ends what shows at path and makes a denial live there.
func (t *Tx) Deny(path []string) {
	at, role, content := t.place(path)
	t.put(at, role, content, Value{Deny: true})
}

// DenyBelow is Deny for the path that ends in the segment of that role and
// content.
func (t *Tx) DenyBelow(path []string, role byte, content []byte) {
	t.put(t.s.ensure(path), role, content, Value{Deny: true})
}

func (t *Tx) put(at nodeID, role byte, content []byte, v Value) {
	x := makeItem(t.buf, at, role, content, v)
	if x.rec != nil {
		t.buf = x.rec
	}
	if err := tooLarge(content, v); err != nil {
		t.fault = err
		return
	}
	var room [8]ref
	t.killAt(t.s.lookup(room[:0], &x))
	t.bear(&x, birth{})
}

// Inc adds d to the writer's running total at path. The writer continues a run
// only if it sees its own total of that run count, and is not in doubt about it;
// else it starts a new run, which closes its older ones back to the doubt.
func (t *Tx) Inc(path []string, d uint64) {
	pl := t.s.ensurePlace(path)
	totals := t.s.totalsAt(nil, pl)
	own := rowsOf(totals, t.s.bases[pl], t.id)
	for i := range own.live {
		if x := &own.live[i]; x.dot.Seq > clock.MaxSeq { // of this very transaction
			x.Sum += d
			t.s.setTotal(x.r, x.Total)
			return
		}
	}
	prev, ok := t.ownTotal(own)
	if !ok {
		if t.doubt > 0 && t.crosses(own) {
			t.fault = fmt.Errorf("%w: %v is in doubt about its events up to number %d only, of later ones it is not", ErrClaim, t.id, t.doubt)
		}
		t.bearTotal(pl, Total{Run: t.next(), Lo: t.doubt + 1, Sum: d}, birth{})
		return
	}
	from := len(t.journal)
	for _, x := range slices.Backward(own.live) { // and older totals of the run that came late
		if x.Run == prev.Run {
			t.end(x.r)
		}
	}
	now := prev.Total
	now.Sum += d
	t.bearTotal(pl, now, birth{prev, true, from})
}

func (t *Tx) bearTotal(pl place, v Total, b birth) {
	role, content := byte(0), ""
	if pl.seg != "" {
		role, content = pl.seg[0], pl.seg[1:]
	}
	x := makeItem(t.buf, pl.at, role, []byte(content), Value{Total: &v})
	t.buf = x.rec
	t.bear(&x, b)
}

// setTotal changes the total of an entry that this transaction made.
func (s *State) setTotal(r ref, v Total) {
	p, slot := s.pageOf(r), r.slot()
	word := p.word(slot)
	b := p.bytes[int(uint32(word))+contentLen(p.infoOf(slot), word):]
	binary.LittleEndian.PutUint64(b, v.Run)
	binary.LittleEndian.PutUint64(b[8:], v.Lo)
	binary.LittleEndian.PutUint64(b[16:], v.Sum)
}

// ownTotal returns the writer's total that a run may be continued from.
func (t *Tx) ownTotal(own rows) (prev total, ok bool) {
	own.counting(func(x *total, _ uint64) bool {
		if x.Run > t.doubt {
			prev, ok = *x, true
		}
		return !ok
	})
	return prev, ok
}

// crosses reports whether a run that the writer has began after the doubt and yet
// closes runs from before it: the doubt is about less than it was, or is about the
// middle of what is known, and runs would close each other in an order that
// depends on who reads.
func (t *Tx) crosses(own rows) bool {
	for i := range own.live {
		if x := &own.live[i]; x.dot.Seq <= clock.MaxSeq && x.Lo <= t.doubt && t.doubt < x.Run {
			return true
		}
	}
	for _, b := range own.bases {
		if b.Lo <= t.doubt && t.doubt < b.Run {
			return true
		}
	}
	return false
}

// Kill ends everything that shows at and below path, leaving a base for each
// total.
func (t *Tx) Kill(path []string) {
	t.kill(path)
	if t.seen != nil {
		t.takeRows(path)
	}
}

func (t *Tx) kill(path []string) {
	pl, ok := t.s.placeOf(path)
	if !ok {
		return
	}
	x := pl.item()
	t.killAt(t.s.lookup(nil, &x))
	if id, ok := t.s.inner(path); ok {
		t.killBelow(id)
	}
}

// KillBelow is Kill for the path that ends in the segment of that role and
// content.
func (t *Tx) KillBelow(path []string, role byte, content []byte) {
	at, ok := t.s.inner(path)
	if !ok {
		return
	}
	x := makeItem(t.buf, at, role, content, Value{})
	var room [8]ref
	t.killAt(t.s.lookup(room[:0], &x))
	if len(t.s.kidsOf(at)) > 0 {
		if id, ok := t.s.kidsOf(at)[string(append([]byte{role}, content...))]; ok {
			t.killBelow(id)
		}
	}
}

func (t *Tx) killBelow(id nodeID) {
	var plain []ref
	totals := make(map[place]bool)
	t.s.eachIn(id, func(p *page, slot int) bool {
		if p.infoOf(slot).value() == valueTotal {
			x := p.item(slot)
			totals[segmentKey(&x)] = true
		} else {
			plain = append(plain, p.ref(slot))
		}
		return true
	})
	for pl := range totals { // in no order: what each leaves does not depend on it
		x := pl.item()
		refs := t.s.lookup(nil, &x)
		var ofTotals []ref
		for _, r := range refs {
			if t.s.pageOf(r).infoOf(r.slot()).value() == valueTotal {
				ofTotals = append(ofTotals, r)
			}
		}
		t.killAt(ofTotals)
	}
	for _, r := range plain {
		if t.seen == nil || t.saw(t.s.dotOf(r)) {
			t.end(r)
		}
	}
	for _, k := range t.s.sortedKids(id) {
		t.killBelow(k)
	}
}

// killAt ends what shows of the entries of one place. A total that does not count
// is left alone: some other event ended it, and naming it here would end it also
// for a reader that has not seen that event.
func (t *Tx) killAt(refs []ref) {
	if len(refs) == 0 {
		return
	}
	if t.seen != nil {
		t.killSeen(refs)
		return
	}
	if len(refs) == 1 && t.s.pageOf(refs[0]).infoOf(refs[0].slot()).value() != valueTotal { // nearly always
		t.end(refs[0])
		return
	}
	p := t.s.pageOf(refs[0])
	x := p.item(refs[0].slot())
	pl := segmentKey(&x)
	var room [8]ref
	for _, r := range t.s.shown(room[:0], refs, pl) {
		p, slot := t.s.pageOf(r), r.slot()
		if p.infoOf(slot).value() == valueTotal && p.lo <= clock.MaxSeq {
			t.base(pl, total{t.s.dotOf(r), p.total(slot), r})
		}
		t.end(r)
	}
}

// base notes what a reset takes: the total x as of its number, unless an earlier
// reset took as much or the run is closed, which it reports.
func (t *Tx) base(pl place, x total) (taken bool) {
	was := t.s.bases[pl]
	i, ok := findBase(was, x.dot.Replica, x.Run)
	if ok && was[i].Seq >= x.dot.Seq || rowsOf(t.s.totalsAt(nil, pl), was, x.dot.Replica).closed()(x.Run) {
		return false
	}
	t.journal = append(t.journal, change{bases: &basesWas{pl, was}})
	t.s.joinBase(pl, Base{Replica: x.dot.Replica, Run: x.Run, Seq: x.dot.Seq, Lo: x.Lo, Sum: x.Sum})
	t.bases = append(t.bases, baseAt{pl, x.dot.Replica, x.Run})
	return true
}

// end makes a live entry not live: by name if it has a number, without trace if
// not.
func (t *Tx) end(r ref) {
	p, slot := t.s.pageOf(r), r.slot()
	d := t.s.dotOf(r)
	pl := place{}
	born := d.Seq > clock.MaxSeq
	if born && t.births[d.Seq-clock.MaxSeq-1].hasPrev {
		x := p.item(slot)
		pl = segmentKey(&x)
	}
	t.s.remove(p, slot)
	t.journal = append(t.journal, change{r: r})
	if !born {
		t.killed = append(t.killed, d)
		return
	}
	t.alive--
	if b := &t.births[d.Seq-clock.MaxSeq-1]; b.hasPrev {
		if t.seen != nil && !t.saw(b.prev.dot) {
			t.revive(pl, b)
			return
		}
		t.base(pl, b.prev)
	}
}

func (t *Tx) next() uint64 { return clock.MaxSeq + 1 + uint64(len(t.births)) }

// bear makes x live under a provisional number.
func (t *Tx) bear(x *item, b birth) {
	s, slot := t.s, len(t.births)%pageSize
	if slot == 0 {
		p := s.idle
		if p == nil {
			p = &page{}
		}
		s.idle = nil
		*p = page{id: t.id, form: dense, lo: t.next(), key: p.key[:0], bytes: p.bytes[:0], live: &p.own}
		s.addPage(p)
		s.births = append(s.births, p)
	}
	p := s.births[len(s.births)-1]
	p.extend(slot)
	p.put(slot, x)
	t.births = append(t.births, b)
	t.alive++
	s.count(x.inf, 1)
	if s.indexed && x.inf.at() != outside {
		s.enter(p.ref(slot), x)
	}
	t.journal = append(t.journal, change{r: p.ref(slot), born: true})
}

// Events returns how many numbers the transaction needs: one for each entry that
// it made and that is alive, one if it only kills, none if it changes nothing.
func (t *Tx) Events() int {
	if t.alive == 0 && (len(t.killed) > 0 || len(t.bases) > 0 || t.whole) {
		return 1
	}
	return t.alive
}

// Fault returns why Commit will refuse the transaction, as far as that does not
// depend on its numbers, or nil.
func (t *Tx) Fault() error { return t.fault }

// Rollback undoes everything, in time proportional to what was done.
func (t *Tx) Rollback() {
	for _, c := range slices.Backward(t.journal) {
		switch {
		case c.bases != nil:
			t.s.setBases(c.bases.pl, c.bases.was)
		case c.born:
			t.s.remove(t.s.pageOf(c.r), c.r.slot())
		default:
			t.s.restore(c.r)
		}
	}
	t.finish()
}

// finish closes the transaction and tidies up behind it.
func (t *Tx) finish() {
	s := t.s
	for _, p := range s.births {
		if s.freePage(p); cap(p.bytes) <= pageSize {
			s.idle = p // for the next transaction
		}
	}
	s.births = s.births[:0]
	s.open = nil
	for _, d := range t.killed {
		s.settlePage(d)
	}
	s.pruneAll()
	if cap(t.births) > pageSize { // of an uncommonly large transaction
		t.births, t.killed, t.journal, t.buf = nil, nil, nil, nil
	}
	t.bases, t.ahead, t.seen = nil, nil, nil
}
