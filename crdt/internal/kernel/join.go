package kernel

import (
	"iter"

	"github.com/dovetail-crdt/dovetail/clock"
)

// Merge makes s the join of s and d and reports whether that changed s. It
// neither changes d nor keeps any part of it that s may change; d may be s.
//
// The rule (Almeida, Shoker, Baquero, JPDC 111, 2018, for dot stores under one
// context): an entry stays if the other side has it live too, or has never heard
// of its dot; so what d knows and does not have live is dead, and what d has
// live and s knows is either live here already or dead. That both sides hold an
// equal element says nothing: dots decide. Bases join by the larger sequence
// number, contexts by union, and bases of closed runs go.
//
// The cost follows d: its live dots, and those of s inside the intervals of its
// context; it does not depend on what else s holds. Where both have most dots of
// an interval live, it is that of comparing bitmaps.
func (s *State) Merge(d *State) (changed bool) {
	if s == d {
		return false
	}
	if s.open != nil || d.open != nil {
		panic("crdt: Merge during a transaction on one of the values")
	}
	m := joiner{s: s, d: d, nodes: nodeMap{from: d, to: s}}
	if s.small != nil && d.small != nil && s.small.all.value() == valueTotal && m.joinRows() {
		return s.ctx.Merge(&d.ctx) || m.changed
	}
	if p := d.small; p != nil && p.n <= 4 {
		m.foresee(p, 0)
	}
	for i := range d.ctx.Rows() {
		id, first, rest := d.ctx.Row(i)
		m.kill(id, first)
		for _, run := range rest {
			m.kill(id, run)
		}
	}
	if len(m.batch) > 0 {
		m.flush()
	}
	if s.small != nil && s.small.isWasteful() {
		s.tidyPage(clock.Dot{})
	}
	if d.live > 0 {
		m.insertAll()
	}
	if d.nbases > 0 {
		m.joinBases()
	}
	if s.ctx.Merge(&d.ctx) {
		m.changed = true
	}
	if s.nbases > 0 {
		m.dropClosedBases()
	}
	if s.emptyLanes {
		s.dropLanes()
	}
	if len(s.unused) > 0 {
		s.pruneAll()
	}
	return m.changed
}

// joiner is one Merge of d into s.
type joiner struct {
	s, d    *State
	changed bool
	nodes   nodeMap  // of the nodes of d
	touched []place  // of totals and bases that came or went, if s or d has bases
	batch   []ending // of a large d: what may have to end
	seen    uint32   // of what was read ahead
}

// kill ends what s has live of a run of dots that d knows, and d has not.
func (m *joiner) kill(id clock.ReplicaID, run clock.Interval) {
	s := m.s
	if s.live == 0 {
		return
	}
	if s.small != nil {
		m.killSmall(id, run)
		return
	}
	i, ok := s.lane(id)
	if !ok || run.Lo > s.lanes[i].max {
		return
	}
	l := &s.lanes[i]
	if run.Lo == run.Hi { // by far the most
		if k := l.route(run.Lo); k >= 0 {
			p := l.dir[k].p
			if m.d.small == nil && m.d.live > 0 {
				m.gather(clock.Dot{Replica: id, Seq: run.Lo}, p)
				return
			}
			if slot := p.find(run.Lo); slot >= 0 && (m.d.live == 0 || m.d.find(clock.Dot{Replica: id, Seq: run.Lo}) == 0) {
				if m.end(p, slot); p.isWasteful() {
					s.tidyPage(clock.Dot{Replica: id, Seq: run.Lo})
				}
			}
		}
		return
	}
	if len(m.batch) > 0 {
		m.flush() // killRun moves entries
	}
	m.killRun(id, run)
}

// end makes an entry of s not live.
func (m *joiner) end(p *page, slot int) {
	m.changed = true
	m.touch(p, slot)
	m.s.remove(p, slot)
}

// touch notes a place at which bases may have to go.
func (m *joiner) touch(p *page, slot int) {
	if m.s.nbases+m.d.nbases > 0 && p.infoOf(slot).value() == valueTotal {
		x := p.item(slot)
		if pl := segmentKey(&x); len(m.touched) == 0 || m.touched[len(m.touched)-1] != pl {
			m.touched = append(m.touched, pl)
		}
	}
}

func (m *joiner) killSmall(id clock.ReplicaID, run clock.Interval) {
	p := m.s.small
	from := p.firstDot(clock.Dot{Replica: id, Seq: run.Lo})
	for i := from; i < p.len(); i++ {
		slot := p.at(i)
		d := p.dot[slot]
		if d.Replica != id || d.Seq > run.Hi {
			break
		}
		if p.live.has(slot) && (m.d.live == 0 || m.d.find(d) == 0) {
			m.end(p, slot)
		}
	}
}

// killRun is kill for a run of several dots, page by page.
func (m *joiner) killRun(id clock.ReplicaID, run clock.Interval) {
	var other *lane
	if i, ok := m.d.lane(id); ok {
		other = &m.d.lanes[i]
	}
	i, ok := m.s.lane(id)
	if !ok {
		return
	}
	l := &m.s.lanes[i]
	var emptied []clock.Dot
	for lo := run.Lo; lo <= min(run.Hi, l.max); {
		k := l.passAgreed(max(l.route(lo), 0), other, run.Hi)
		if k == len(l.dir) || l.dir[k].lo > run.Hi {
			break
		}
		p, end := l.dir[k].p, l.end(k)
		was, at := p.n, clock.Dot{Replica: id, Seq: max(lo, l.dir[k].lo)}
		m.killPage(p, other, clock.Interval{Lo: lo, Hi: min(run.Hi, end)})
		switch p.n {
		case was:
		case 0:
			emptied = append(emptied, at)
		default:
			m.s.tidyPage(at)
		}
		lo = end + 1
	}
	m.s.dropPages(l, emptied)
}

// killPage ends what of a page of s lies in a run and is not live in d, whose lane
// of the same replica is other, or nil.
func (m *joiner) killPage(p *page, other *lane, run clock.Interval) {
	p.eachBeyond(m.d, other, run, func(p *page, slot int, _ uint64) { m.end(p, slot) })
}

// denseAt returns the dense page that starts at lo and is alone for its numbers,
// or nil.
func (l *lane) denseAt(lo uint64) *page {
	k := l.route(lo)
	if k >= 0 && l.dir[k].lo == lo && l.dir[k].p.form == dense && l.end(k) >= lo+pageSize-1 {
		return l.dir[k].p
	}
	return nil
}

// insertAll makes live in s what is live in d and unheard of in s.
func (m *joiner) insertAll() {
	m.addLanes()
	if p := m.d.small; p != nil {
		for i := range p.len() {
			if slot := p.at(i); p.live.has(slot) && !m.s.ctx.Contains(p.dot[slot]) {
				m.insert(p.dot[slot], p, slot)
			}
		}
		return
	}
	for i := range m.d.lanes {
		l := &m.d.lanes[i]
		lo := uint64(1)
		for _, run := range m.s.ctx.RunsOf(l.id) {
			if run.Lo > lo {
				m.insertRun(l, clock.Interval{Lo: lo, Hi: run.Lo - 1})
			}
			lo = run.Hi + 1
		}
		if lo <= l.max {
			m.insertRun(l, clock.Interval{Lo: lo, Hi: l.max})
		}
	}
}

// insertRun makes live what a lane of d has in a run that s has not heard of.
func (m *joiner) insertRun(l *lane, run clock.Interval) {
	for k := max(l.route(run.Lo), 0); k < len(l.dir) && l.dir[k].lo <= run.Hi; k++ {
		p := l.dir[k].p
		for i := p.first(run.Lo); i < p.len(); i++ {
			slot := p.at(i)
			seq := p.seqOf(slot)
			if seq > run.Hi {
				break
			}
			if i%batchSize == 0 || seq == run.Lo {
				m.foresee(p, i)
			}
			if p.live.has(slot) {
				m.insert(clock.Dot{Replica: l.id, Seq: seq}, p, slot)
			}
		}
	}
}

// addLanes gives s the lanes of replicas that it has none of and d has, if they are
// many: a lane that is added alone moves those behind it.
func (m *joiner) addLanes() {
	s, missing := m.s, 0
	if s.small != nil || len(s.lanes) == 0 {
		return
	}
	lacks := func(id clock.ReplicaID) bool {
		_, ok := s.lane(id)
		return !ok
	}
	for id := range m.d.writers() {
		if lacks(id) {
			missing++
		}
	}
	if missing < 4 {
		return
	}
	s.worked(len(s.lanes) + missing)
	i, all := 0, make([]lane, 0, len(s.lanes)+missing)
	for id := range m.d.writers() {
		for i < len(s.lanes) && s.lanes[i].id < id {
			all = append(all, s.lanes[i])
			i++
		}
		if i == len(s.lanes) || s.lanes[i].id != id {
			all = append(all, lane{id: id})
		}
	}
	s.lanes = append(all, s.lanes[i:]...)
	s.emptyLanes = true // those of replicas whose entries are known to be dead
}

// writers yields the replicas whose entries are live in s, in order.
func (s *State) writers() iter.Seq[clock.ReplicaID] {
	return func(yield func(clock.ReplicaID) bool) {
		for i := range s.lanes {
			if !yield(s.lanes[i].id) {
				return
			}
		}
		if s.small == nil {
			return
		}
		var last clock.ReplicaID
		for i := range s.small.len() {
			if id := s.small.dot[s.small.at(i)].Replica; id != last && !yield(id) {
				return
			}
			last = s.small.dot[s.small.at(i)].Replica
		}
	}
}

func (m *joiner) insert(d clock.Dot, p *page, slot int) {
	m.changed = true
	x := m.nodes.copied(p.item(slot))
	r := m.s.insert(d, &x)
	m.touch(m.s.pageOf(r), r.slot())
}

// joinBases joins the bases of d to those of s.
func (m *joiner) joinBases() {
	for pl, bases := range m.d.allBases() { // places do not depend on each other
		t := place{m.nodes.of(pl.at), pl.seg}
		m.touched = append(m.touched, t)
		totals, was := m.s.totalsAt(nil, t), m.s.basesAt(t)
		news := make([]Base, 0, len(bases))
		var closed func(run uint64) bool
		for i := range bases {
			b := &bases[i]
			if i == 0 || bases[i-1].Replica != b.Replica {
				closed = rowsOf(totals, was, b.Replica).closed()
			}
			if !closed(b.Run) { // else the base would be dropped again
				news = append(news, *b)
			}
		}
		if m.s.joinBases(t, news) {
			m.changed = true
		}
	}
}

// dropClosedBases drops the bases that what came has closed the runs of.
func (m *joiner) dropClosedBases() {
	for _, pl := range distinct(m.touched) {
		m.s.dropClosedBases(pl)
	}
}
