package kernel

import (
	"encoding/binary"
	"math"
	"slices"

	"github.com/dovetail-crdt/dovetail/clock/wire"
)

// entries writes the columns.
func (e *encoder) entries(b []byte) []byte {
	w := runWriter{b: b}
	e.column(&w, func(inf info) uint64 { return e.codeOf(inf.at()) })
	e.column(&w, func(inf info) uint64 { return uint64(inf.role())<<2 | uint64(inf.value()) })
	w.zeros = true
	for p := range e.s.inOrder() {
		e.lengths(&w, p)
	}
	w.flush()
	b = w.b
	for p := range e.s.inOrder() {
		b = p.appendContents(b)
	}
	if e.values > 0 {
		b = e.appendValues(b)
	}
	if e.totals > 0 {
		e.s.eachLive(func(p *page, slot int) bool {
			if p.infoOf(slot).value() == valueTotal {
				t := p.total(slot)
				b = wire.AppendUvarint(b, e.s.dotOf(p.ref(slot)).Seq-t.Run)
				b = wire.AppendUvarint(b, t.Run-t.Lo)
				b = wire.AppendVarint(b, int64(t.Sum))
			}
			return true
		})
	}
	return b
}

// column writes what f makes of the infos.
func (e *encoder) column(w *runWriter, f func(info) uint64) {
	for p := range e.s.inOrder() {
		if p.inf == nil {
			w.add(f(p.all), uint64(p.n))
			continue
		}
		p.eachLive(func(p *page, slot int) bool {
			w.add(f(p.infoOf(slot)), 1)
			return true
		})
	}
	w.flush()
}

// lengths writes the lengths of contents and counts values and totals.
func (e *encoder) lengths(w *runWriter, p *page) {
	if p.inf == nil {
		e.tally(p.all, int(p.n))
		if p.all&infoWide != 0 {
			w.add(8, uint64(p.n))
			return
		}
		if p.ord == nil {
			p.addLengths(w)
			return
		}
	}
	p.eachLive(func(p *page, slot int) bool {
		inf := p.infoOf(slot)
		if p.inf != nil {
			e.tally(inf, 1)
		}
		w.add(uint64(contentLen(inf, p.word(slot))), 1)
		return true
	})
}

// addLengths is lengths for a page in order of one info that is not wide.
func (p *page) addLengths(w *runWriter) {
	if n, ok := p.uniform(); ok {
		w.add(n, uint64(p.n))
		return
	}
	was, n := 0, uint64(0)
	var room [pageSize]uint8
	cols := p.columns(&room)
	for i := range int(p.n) {
		at := i
		if cols != nil {
			at = int(cols[i])
		}
		word := p.key[at]
		size := int(word >> 56)
		if int64(word) < 0 {
			size = int(word >> 32 &^ (1 << 31))
		}
		if size != was {
			if n > 0 {
				w.add(uint64(was), n)
			}
			was, n = size, 0
		}
		n++
	}
	if n > 0 {
		w.add(uint64(was), n)
	}
}

func (e *encoder) tally(inf info, n int) {
	switch inf.value() {
	case valueBytes:
		e.values += n
	case valueTotal:
		e.totals += n
	case valueNone, valueDeny:
	}
}

// appendContents appends the contents of the live entries of a page.
func (p *page) appendContents(b []byte) []byte {
	if p.inf != nil || p.ord != nil {
		p.eachLive(func(p *page, slot int) bool {
			inf, word := p.infoOf(slot), p.word(slot)
			b = appendContent(b, inf, word, p.recOf(word, inf))
			return true
		})
		return b
	}
	if _, ok := p.uniform(); ok {
		return append(b, p.bytes...)
	}
	var room [pageSize]uint8
	cols := p.columns(&room)
	if p.isStraight(cols) {
		return append(b, p.bytes...)
	}
	b = slices.Grow(b, 8*int(p.n))
	for i := range int(p.n) {
		at := i
		if cols != nil {
			at = int(cols[i])
		}
		if word := p.key[at]; p.all&infoWide != 0 {
			b = binary.LittleEndian.AppendUint64(b, word)
		} else {
			b = appendContent(b, p.all, word, p.recOf(word, p.all))
		}
	}
	return b
}

// uniform returns the length of the contents of a page if all are long, of one
// length, and make up its bytes in order. It is what decoding leaves, and told by a
// comparison an entry.
func (p *page) uniform() (n uint64, ok bool) {
	if int(p.n) != len(p.key) || p.n == 0 || p.inf != nil || p.ord != nil || p.all&infoWide != 0 ||
		p.all.value() == valueBytes || p.all.value() == valueTotal {
		return 0, false
	}
	n = p.key[0] >> 32 &^ (1 << 31)
	want, other := uint64(wordRecord)|n<<32, uint64(0)
	for _, word := range p.key {
		other |= word ^ want
		want += n
	}
	return n, other == 0 && uint64(len(p.bytes)) == n*uint64(p.n)
}

// isStraight reports whether the bytes of a page in order and of one info are the
// contents of its entries and nothing else.
func (p *page) isStraight(cols []uint8) bool {
	if p.all.value() == valueBytes || p.all.value() == valueTotal || p.all&infoWide != 0 || p.junk > 0 {
		return false
	}
	from := uint64(0)
	for i := range int(p.n) {
		at := i
		if cols != nil {
			at = int(cols[i])
		}
		word := p.key[at]
		if int64(word) >= 0 || word&math.MaxUint32 != from {
			return false
		}
		from += word >> 32 &^ (1 << 31)
	}
	return from == uint64(len(p.bytes))
}

// appendValues writes the values that are bytes: lengths, then all of them.
func (e *encoder) appendValues(b []byte) []byte {
	w := runWriter{b: b}
	each := func(f func(v []byte)) {
		e.s.eachLive(func(p *page, slot int) bool {
			if p.infoOf(slot).value() == valueBytes {
				f(p.value(slot).Put)
			}
			return true
		})
	}
	each(func(v []byte) { w.add(uint64(len(v)), 1) })
	w.flush()
	b = w.b
	each(func(v []byte) { b = append(b, v...) })
	return b
}
