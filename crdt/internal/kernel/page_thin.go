package kernel

import "math"

// columns returns where the columns hold the live entries, in order of their slots,
// perhaps in room; nil says that they hold nothing else.
func (p *page) columns(room *[pageSize]uint8) []uint8 {
	if int(p.n) == len(p.key) {
		return nil
	}
	n, i := 0, 0
	for w, live := range p.live {
		here := ^uint64(0)
		if p.have != nil {
			here = p.have[w]
		}
		for ; here != 0 && i < len(p.key); here &= here - 1 {
			room[n&(pageSize-1)] = uint8(i)
			if here&-here&live != 0 {
				n++
			}
			i++
		}
	}
	return room[:n]
}

// squeeze rewrites the bytes without dead records. Slots stay as they are.
func (p *page) squeeze() {
	out := make([]byte, 0, len(p.bytes)-int(p.junk))
	for slot := p.live.next(0); slot < pageSize; slot = p.live.next(slot + 1) {
		i := p.idx(slot)
		inf, word := p.infoOf(slot), p.key[i]
		if rec := p.recOf(word, inf); rec != nil {
			p.key[i] = word&^math.MaxUint32 | uint64(len(out))
			out = append(out, rec[:recordLen(inf, word, rec)]...)
		}
	}
	p.bytes, p.junk = out, 0
}

// thin takes the dead slots of a dense page out of its columns.
func (p *page) thin() {
	keys := make([]uint64, p.n)
	var infs []info
	if p.inf != nil {
		infs = make([]info, p.n)
	}
	var room [pageSize]uint8
	for i, at := range p.columns(&room) {
		keys[i] = p.key[at]
		if p.inf != nil {
			infs[i] = p.inf[at]
		}
	}
	live := *p.live
	p.key, p.inf, p.have = keys, infs, &live
	if p.junk > 0 {
		p.squeeze()
	}
}
