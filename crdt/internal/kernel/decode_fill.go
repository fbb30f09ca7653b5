package kernel

import (
	"encoding/binary"
)

// filler gives the slots their entries.
type filler struct {
	d                     *decoder
	nodes, forms, lengths column
	sizes                 column
	contents, values      []byte
}

func (f *filler) page(p *page) {
	slot := p.live.next(0)
	for left := int(p.n); left > 0; {
		nodes, forms, lengths := f.nodes.runs[0], f.forms.runs[0], f.lengths.runs[0]
		k := min(nodes.n, forms.n, lengths.n, left)
		at, form, n := nodeID(nodes.v), info(forms.v), int(lengths.v)
		f.nodes.take(k)
		f.forms.take(k)
		f.lengths.take(k)
		inf := makeInfo(at, byte(form>>2), form&valueMask)
		if at == outside && (n > 0 || form>>2 != 0) {
			f.d.r.Failf("an entry at the empty path has a segment")
			return
		}
		if v := inf.value(); n == 8 && (v == valueNone || v == valueDeny) {
			inf |= infoWide
		}
		if f.d.s.nodes != nil {
			f.d.s.nodes[at].tally(inf, int32(k))
		}
		if k == int(p.n) {
			p.all = inf
		} else if p.inf == nil {
			p.inf = make([]info, len(p.key))
		}
		if slot = f.fill(p, slot, k, inf, n); f.d.r.Err() != nil {
			return
		}
		left -= k
	}
}

// fill gives k slots entries of one form and content length, and returns the slot
// behind them.
func (f *filler) fill(p *page, slot, k int, inf info, n int) int {
	if inf.value() == valueBytes || inf.value() == valueTotal {
		return f.fillValues(p, slot, k, inf, n)
	}
	c := f.contents[:k*n]
	if p.inf == nil && k == int(p.n) { // nearly always: one info, one length
		if n > 8 {
			p.bytes = f.d.keep(f.contents, k*n)
		}
		f.contents = f.contents[k*n:]
		f.fillAll(p, c, n)
		return pageSize
	}
	f.contents = f.contents[k*n:]
	for ; k > 0; k-- {
		p.key[slot] = p.keep(c[:n], n)
		c = c[n:]
		if p.inf != nil {
			p.inf[slot] = inf
		}
		slot = p.live.next(slot + 1)
	}
	return slot
}

// keep returns the word of a content without a value.
func (p *page) keep(c []byte, n int) uint64 {
	switch {
	case n == 8:
		return binary.LittleEndian.Uint64(c)
	case n < 8:
		return uint64(n)<<56 | wordOf(c)
	}
	p.bytes = append(p.bytes, c...)
	return wordRecord | uint64(n)<<32 | uint64(len(p.bytes)-n)
}

// fillAll is fill for all slots of a page.
func (f *filler) fillAll(p *page, c []byte, n int) {
	if int(p.n) == len(p.key) { // nearly always
		fillKeys(p.key, c, n)
		return
	}
	var room [pageSize]uint8
	var keys [pageSize]uint64
	cols := p.columns(&room)
	fillKeys(keys[:len(cols)], c, n)
	for i, at := range cols {
		p.key[at] = keys[i]
	}
}

// fillKeys makes the words of contents of one length, which if they are long stand
// alone and in order in the bytes of the page.
func fillKeys(keys []uint64, c []byte, n int) {
	switch {
	case n > 8:
		word := wordRecord | uint64(n)<<32
		for i := range keys {
			keys[i] = word
			word += uint64(n)
		}
	case n == 8:
		for i := range keys {
			keys[i] = binary.LittleEndian.Uint64(c[8*i:])
		}
	default:
		for i := range keys {
			keys[i] = uint64(n)<<56 | wordOf(c[i*n:][:n])
		}
	}
}

// fillValues is fill for entries that have a value.
func (f *filler) fillValues(p *page, slot, k int, inf info, n int) int {
	for ; k > 0 && f.d.r.Err() == nil; k-- {
		var v Value
		if inf.value() == valueTotal {
			t := f.d.total(p.seqOf(slot))
			v.Total = &t
		} else {
			size := int(f.sizes.runs[0].v)
			v.Put, f.values = f.values[:size], f.values[size:]
			f.sizes.take(1)
		}
		p.key[slot] = wordRecord | uint64(n)<<32 | uint64(len(p.bytes))
		p.bytes = appendRecord(p.bytes, f.contents[:n], v)
		f.contents = f.contents[n:]
		if p.inf != nil {
			p.inf[slot] = inf
		}
		slot = p.live.next(slot + 1)
	}
	return slot
}
