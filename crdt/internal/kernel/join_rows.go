package kernel

import "encoding/binary"

// joinRows is Merge for two lone counters in their usual form, one total a replica
// and the same replicas: each total is replaced in place by a newer one that ended
// it. It reports whether the states have that form, and if not has done nothing.
// The context is left to Merge.
func (m *joiner) joinRows() (done bool) {
	p, q := m.s.small, m.d.small
	n := int(p.n)
	if int(q.n) != n || p.inf != nil || q.inf != nil || p.all != makeInfo(outside, 0, valueTotal) || q.all != p.all ||
		m.s.nbases+m.d.nbases > 0 || m.s.ctx.Rows() != n || m.d.ctx.Rows() != n || !q.isTidy() {
		return false
	}
	if !p.isTidy() {
		p = p.straighten()
	}
	newer, ok := m.compareRows(p, q)
	if !ok {
		return false
	}
	if newer {
		m.changed = true
		m.s.swapSmall(p)
		p.takeRows(q)
	}
	return true
}

// compareRows tells whether a total of page q is newer than that of p, whose
// replica has the same place in both. It is ok only if of each two the newer ended
// the other and the contexts hold one run each, and right only if both states have
// one total a replica and no more replicas than that.
func (m *joiner) compareRows(p, q *page) (newer, ok bool) {
	theirs := q.dot[:len(p.dot)]
	for i := range p.dot {
		x, y := &p.dot[i], &theirs[i]
		id, run, rest := m.s.ctx.Row(i)
		other, with, more := m.d.ctx.Row(i)
		switch {
		case id != other || x.Replica != id || y.Replica != id || len(rest)+len(more) > 0:
			return false, false
		case x.Seq < y.Seq: // theirs must be news here, and mine dead there
			if with.Lo > x.Seq || y.Seq <= run.Hi {
				return false, false
			}
			newer = true
		case x.Seq > y.Seq && (run.Lo > y.Seq || x.Seq <= with.Hi):
			return false, false
		}
	}
	return newer, true
}

// takeRows replaces the totals that q has newer ones of.
func (p *page) takeRows(q *page) {
	for i := range p.dot {
		if p.dot[i].Seq < q.dot[i].Seq {
			p.dot[i].Seq = q.dot[i].Seq
			to, from := p.bytes[uint32(p.key[i]):], q.bytes[uint32(q.key[i]):]
			to, from = to[:totalSize], from[:totalSize]
			for k := 0; k < totalSize; k += 8 { // a call to copy takes longer
				binary.LittleEndian.PutUint64(to[k:], binary.LittleEndian.Uint64(from[k:]))
			}
		}
	}
}

// isTidy reports whether a mixed page has no dead slots and its slots are in
// order.
func (p *page) isTidy() bool { return p.ord == nil && int(p.n) == len(p.key) }
