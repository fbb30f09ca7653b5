package kernel

import (
	"math"
	"slices"

	"github.com/dovetail-crdt/dovetail/clock"
)

// extend makes slots up to the given one, of a dense page.
func (p *page) extend(slot int) {
	if p.have != nil {
		if !p.have.has(slot) {
			i := p.have.rank(slot)
			p.have.set(slot)
			p.key = slices.Insert(p.key, i, 0)
			if p.inf != nil {
				p.inf = slices.Insert(p.inf, i, 0)
			}
		}
		return
	}
	if slot < len(p.key) {
		return
	}
	n := slot + 1
	if n > cap(p.key) {
		p.key = append(make([]uint64, 0, min(max(2*cap(p.key), n, 8), pageSize)), p.key...)
	}
	p.key = p.key[:n]
	if p.inf != nil {
		p.inf = slices.Grow(p.inf, n-len(p.inf))[:n]
	}
}

// len returns how many slots there may be, dead ones too.
func (p *page) len() int {
	if p.have != nil {
		return pageSize
	}
	return len(p.key)
}

// at returns the slot at a position in dot order.
func (p *page) at(i int) int {
	if p.ord != nil {
		return int(p.ord[i])
	}
	return i
}

// first returns the first position whose number is at least seq. Not for mixed
// pages.
func (p *page) first(seq uint64) int {
	if seq <= p.lo {
		return 0
	}
	rel := seq - p.lo
	if p.form == dense {
		return int(min(rel, uint64(p.len())))
	}
	if p.ord == nil {
		return lowerBound(p.off, rel)
	}
	lo, hi := 0, len(p.key)
	for lo < hi {
		if m := int(uint(lo+hi) / 2); uint64(p.off[p.ord[m]]) < rel {
			lo = m + 1
		} else {
			hi = m
		}
	}
	return lo
}

// lowerBound returns the first position of a number that is at least x, without
// branches that depend on data.
func lowerBound(off []uint32, x uint64) int {
	i, n := 0, len(off)
	for n > 1 {
		half := n / 2
		if uint64(off[i+half-1]) < x {
			i += half
		}
		n -= half
	}
	if n == 1 && uint64(off[i]) < x {
		i++
	}
	return i
}

// find returns the live slot of a number, or -1. Not for mixed pages.
func (p *page) find(seq uint64) int {
	if p.form == dense {
		if i := seq - p.lo; i < pageSize && p.live.has(int(i)) {
			return int(i)
		}
		return -1
	}
	if i := p.first(seq); i < len(p.key) {
		if slot := p.at(i); p.seqOf(slot) == seq && p.live.has(slot) {
			return slot
		}
	}
	return -1
}

// firstDot returns the first position whose dot is at least d. Only for mixed
// pages.
func (p *page) firstDot(d clock.Dot) int {
	lo, hi := 0, len(p.key)
	for lo < hi {
		m := int(uint(lo+hi) / 2)
		if x := p.dot[p.at(m)]; x.Replica < d.Replica || x.Replica == d.Replica && x.Seq < d.Seq {
			lo = m + 1
		} else {
			hi = m
		}
	}
	return lo
}

// open makes a new slot at a position and returns it. Not for dense pages; the
// page is not full.
func (p *page) open(pos int) int {
	slot := len(p.key)
	p.key = append(p.key, 0)
	if p.inf != nil {
		p.inf = append(p.inf, 0)
	}
	if pos < slot && p.ord == nil {
		p.ord = make([]uint8, slot, slot+1)
		for i := range p.ord {
			p.ord[i] = uint8(i)
		}
	}
	if p.ord != nil {
		p.ord = slices.Insert(p.ord, pos, uint8(slot))
	}
	return slot
}

// canHold reports whether a packed page can hold a number: offsets have 32 bits.
func (p *page) canHold(seq uint64) bool {
	if seq >= p.lo {
		return seq-p.lo <= math.MaxUint32
	}
	for _, o := range p.off {
		if uint64(o)+(p.lo-seq) > math.MaxUint32 {
			return false
		}
	}
	return true
}

// openSeq makes a slot for a number in a packed page that can hold it.
func (p *page) openSeq(seq uint64) int {
	if seq < p.lo {
		by := uint32(p.lo - seq)
		for i := range p.off {
			p.off[i] += by
		}
		p.lo = seq
	}
	rel := uint32(seq - p.lo)
	pos := len(p.key)
	if pos > 0 && (p.ord != nil || p.off[pos-1] >= rel) {
		pos = p.first(seq)
	}
	slot := p.open(pos)
	p.off = append(p.off, rel)
	return slot
}

// openDot makes a slot for a dot in a mixed page.
func (p *page) openDot(d clock.Dot) int {
	pos := len(p.key)
	if pos > 0 && (p.ord != nil || p.dot[pos-1].Compare(d) >= 0) {
		pos = p.firstDot(d)
	}
	slot := p.open(pos)
	p.dot = append(p.dot, d)
	return slot
}
