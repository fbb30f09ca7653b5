package kernel

import (
	"math"
	"math/bits"
	"slices"

	"github.com/dovetail-crdt/dovetail/clock"
)

// pageSize is how many slots a page has: what is rewritten at once, whatever the
// size of the state.
const pageSize = 256

// ref names the slot of an entry: page number times pageSize plus slot. Page
// numbers start at 1, so no ref is 0.
type ref uint32

func (r ref) page() uint32 { return uint32(r) / pageSize }
func (r ref) slot() int    { return int(r % pageSize) }

// page holds up to pageSize entries, in columns. There are three forms:
//
//   - dense: slot i is the number lo+i of one replica, lo a multiple of pageSize;
//     for replicas most of whose events are live here. Once many have died, the
//     columns hold only the slots in have, in order: slots, and so refs, stay;
//   - packed: off[i] says the number of slot i, less lo; for all others;
//   - mixed: dot[i] is the dot of slot i; the one page of a small state, which
//     would waste a page on each replica.
//
// Slots of the last two are taken in order of arrival and stay; ord lists them in
// order of their dots, or is nil while that is the same. A removed entry leaves
// its slot and record until the page is repacked.
type page struct {
	// The first line of the cache says what is live, and nearly always a merge of a
	// delta needs the second besides and no other.
	lo   uint64
	live *bitmap
	num  uint32
	n    int32  // live entries
	junk uint32 // bytes of records of dead entries
	form pageForm
	own  bitmap // what live points to, but of a page that was decoded

	id   clock.ReplicaID // not of a mixed page
	all  info            // of all entries, if inf is nil
	have *bitmap         // nil: all slots up to len(key)
	key  []uint64
	inf  []info

	dot   []clock.Dot
	ord   []uint8
	off   []uint32
	bytes []byte
	_     [24]byte // so that pages stand at the start of a line
}

// makePage returns an empty page.
func makePage(form pageForm, id clock.ReplicaID, lo uint64) *page {
	p := &page{form: form, id: id, lo: lo}
	p.live = &p.own
	return p
}

type pageForm uint8

const (
	dense pageForm = iota
	packed
	mixed
)

type bitmap [pageSize / 64]uint64

func (b *bitmap) has(i int) bool { return b[i/64]>>(i%64)&1 != 0 }
func (b *bitmap) set(i int)      { b[i/64] |= 1 << (i % 64) }
func (b *bitmap) clear(i int)    { b[i/64] &^= 1 << (i % 64) }

// next returns the first set bit at i or behind it, or pageSize.
func (b *bitmap) next(i int) int {
	for k := i / 64; k < len(b); k++ {
		w := b[k]
		if k == i/64 {
			w &= ^uint64(0) << (i % 64)
		}
		if w != 0 {
			return k*64 + bits.TrailingZeros64(w)
		}
	}
	return pageSize
}

func (p *page) ref(slot int) ref { return ref(p.num*pageSize + uint32(slot)) }

// seqOf returns the number of a slot.
func (p *page) seqOf(slot int) uint64 {
	switch p.form {
	case dense:
		return p.lo + uint64(slot)
	case packed:
		return p.lo + uint64(p.off[slot])
	case mixed:
	}
	return p.dot[slot].Seq
}

func (p *page) infoOf(slot int) info {
	if p.inf == nil {
		return p.all
	}
	return p.inf[p.idx(slot)]
}

// idx returns where the columns hold a slot.
func (p *page) idx(slot int) int {
	if p.have == nil {
		return slot
	}
	return p.have.rank(slot)
}

// word returns the word of a slot.
func (p *page) word(slot int) uint64 { return p.key[p.idx(slot)] }

// rank returns how many bits are set below i.
func (b *bitmap) rank(i int) (n int) {
	for _, w := range b[:i/64] {
		n += bits.OnesCount64(w)
	}
	return n + bits.OnesCount64(b[i/64]&(1<<(i%64)-1))
}

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

// recOf returns the bytes that the record of a slot starts, or nil.
func (p *page) recOf(word uint64, inf info) []byte {
	if word&wordRecord == 0 || inf&infoWide != 0 {
		return nil
	}
	return p.bytes[uint32(word):]
}

// item returns the entry of a slot, aliasing the page.
func (p *page) item(slot int) item {
	i := p.idx(slot)
	inf, word := p.all, p.key[i]
	if p.inf != nil {
		inf = p.inf[i]
	}
	if int64(word) >= 0 || inf&infoWide != 0 {
		return item{inf: inf, word: word}
	}
	return p.record(inf, word)
}

func (p *page) record(inf info, word uint64) item {
	rec := p.bytes[uint32(word):]
	n := recordLen(inf, word, rec)
	return item{inf: inf, word: word &^ math.MaxUint32, rec: rec[:n:n]}
}

// hashOf returns the hash of the segment of a slot.
func (p *page) hashOf(slot int) uint64 {
	inf, word := p.infoOf(slot), p.word(slot)
	return hashEntry(inf, word, p.recOf(word, inf))
}

// put fills a slot, which must be there and not live.
func (p *page) put(slot int, x *item) {
	i := p.idx(slot)
	if p.inf != nil {
		p.inf[i] = x.inf
	} else if x.inf != p.all {
		if p.n == 0 {
			p.all = x.inf
		} else {
			p.inf = make([]info, len(p.key), max(cap(p.key), len(p.key)))
			for k := range p.inf {
				p.inf[k] = p.all
			}
			p.inf[i] = x.inf
		}
	}
	p.key[i] = x.word
	if x.rec != nil {
		p.key[i] |= uint64(len(p.bytes))
		p.bytes = append(p.bytes, x.rec...)
	}
	p.live.set(slot)
	p.n++
}

// drop ends the entry of a slot, which is x.
func (p *page) drop(slot int, x *item) {
	p.live.clear(slot)
	p.n--
	p.junk += uint32(len(x.rec))
}

// revive makes the entry of a slot, x, live again that was dropped and is still
// there.
func (p *page) revive(slot int, x *item) {
	p.live.set(slot)
	p.n++
	p.junk -= uint32(len(x.rec))
}

// hasRoom reports whether a record of n bytes can be added.
func (p *page) hasRoom(n int) bool { return len(p.bytes)+n <= math.MaxInt32 }

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
