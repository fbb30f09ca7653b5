package kernel

import (
	"math"

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

// put fills a slot, which must be there and not live. Entries that an open transaction
// made and ended keep their infos, since a rollback reads them.
func (p *page) put(slot int, x *item) {
	i := p.idx(slot)
	if p.inf != nil {
		p.inf[i] = x.inf
	} else if x.inf != p.all {
		if p.n == 0 && p.lo <= clock.MaxSeq {
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
