package kernel

import (
	"math"

	"github.com/dovetail-crdt/dovetail/clock"
)

// joinRows is Merge for two lone counters in their usual form, one total a replica
// and the same replicas: each total is replaced in place by a newer one that ended
// it. It reports whether the states have that form, and if not has done nothing.
// The context is left to Merge.
func (m *joiner) joinRows() (done bool) {
	p, q := m.s.small, m.d.small
	n := int(p.n)
	if int(q.n) != n || p.inf != nil || q.inf != nil || p.all != makeInfo(outside, 0, valueTotal) || q.all != p.all ||
		m.s.nbases+m.d.nbases > 0 || m.s.ctx.Rows() != n || m.d.ctx.Rows() != n {
		return false
	}
	newer := 0
	for i, x, y := 0, 0, 0; i < n; i, x, y = i+1, x+1, y+1 {
		x, y = p.nextLive(x), q.nextLive(y)
		order, ok := m.compareRow(i, p.dot[p.at(x)], q.dot[q.at(y)])
		if !ok {
			return false
		}
		if order < 0 {
			newer++
		}
	}
	if newer == 0 {
		return true
	}
	m.changed = true
	for i, x, y := 0, 0, 0; i < n; i, x, y = i+1, x+1, y+1 {
		x, y = p.nextLive(x), q.nextLive(y)
		mine, theirs := p.at(x), q.at(y)
		if p.dot[mine].Seq < q.dot[theirs].Seq {
			p.dot[mine].Seq = q.dot[theirs].Seq
			from, to := int(p.key[mine]&math.MaxUint32), int(q.key[theirs]&math.MaxUint32)
			copy(p.bytes[from:from+totalSize], q.bytes[to:to+totalSize])
		}
	}
	return true
}

// nextLive returns the first position at i or behind it whose slot is live.
func (p *page) nextLive(i int) int {
	for !p.live.has(p.at(i)) {
		i++
	}
	return i
}

// compareRow tells which of two totals of one replica is the newer, if that one
// ended the other and the contexts hold one run each. It is right only if both
// states have one total a replica and no more replicas than that.
func (m *joiner) compareRow(i int, mine, theirs clock.Dot) (order int, ok bool) {
	id, run, rest := m.s.ctx.Row(i)
	other, with, more := m.d.ctx.Row(i)
	if id != other || mine.Replica != id || theirs.Replica != id || len(rest)+len(more) > 0 {
		return 0, false
	}
	switch {
	case mine.Seq == theirs.Seq:
		return 0, true
	case mine.Seq < theirs.Seq: // theirs must be news here, and mine dead there
		return -1, with.Lo <= mine.Seq && theirs.Seq > run.Hi
	default:
		return 1, run.Lo <= theirs.Seq && mine.Seq > with.Hi
	}
}
