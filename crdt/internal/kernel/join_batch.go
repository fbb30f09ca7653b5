package kernel

import "github.com/dovetail-crdt/dovetail/clock"

// In a state that is larger than the caches, ending or inserting one entry waits
// for memory some four times, and each wait is longer than all the rest. Much of
// it at a time does not: what is to be ended is gathered, and each step is taken
// for all of a batch before the next, so that the waits overlap. (Go has no
// prefetch instruction; a load whose result is not needed at once does as well.)

// batchSize is how many steps are taken together: about as many loads as a core
// can have under way.
const batchSize = 32

// ending is an entry of s that may have to end.
type ending struct {
	dot  clock.Dot
	p    *page
	slot int
}

// gather takes note of a dot of page p that d knows.
func (m *joiner) gather(d clock.Dot, p *page) {
	if m.batch == nil {
		m.batch = make([]ending, 0, batchSize)
	}
	if m.batch = append(m.batch, ending{dot: d, p: p}); len(m.batch) == batchSize {
		m.flush()
	}
}

// flush ends what was gathered and is live in s and not in d.
func (m *joiner) flush() {
	s := m.s
	for i := range m.batch { // two lines of each page
		p := m.batch[i].p
		m.seen += uint32(p.n) + uint32(len(p.key))
	}
	dead := m.batch[:0]
	for _, e := range m.batch {
		if e.slot = e.p.find(e.dot.Seq); e.slot >= 0 && (m.d.live == 0 || m.d.find(e.dot) == 0) {
			dead = append(dead, e)
		}
	}
	for i := range dead {
		m.seen += uint32(dead[i].p.word(dead[i].slot))
	}
	if s.indexed {
		for i := range dead {
			m.fetch(dead[i].p, dead[i].slot, dead[i].p.infoOf(dead[i].slot).at())
		}
	}
	for i := range dead {
		m.end(dead[i].p, dead[i].slot)
	}
	for i := range dead { // not before: it moves entries
		if dead[i].p.isWasteful() {
			s.tidyPage(dead[i].dot)
		}
	}
	m.batch = m.batch[:0]
}

// fetch reads where the segment of a slot stands, or will stand, in the table of
// node at of s.
func (m *joiner) fetch(p *page, slot int, at nodeID) {
	if t := m.s.nodes[at].tab; t != nil && len(t.buckets) > 0 {
		m.seen += t.buckets[t.home(p.hashOf(slot))].head
	}
}

// foresee reads where up to batchSize entries of a page of d will stand in s, from
// a position on.
func (m *joiner) foresee(p *page, from int) {
	if !m.s.indexed {
		return
	}
	for i := from; i < min(from+batchSize, p.len()); i++ {
		if slot := p.at(i); p.live.has(slot) && p.infoOf(slot).at() == root {
			m.fetch(p, slot, root)
		}
	}
}
