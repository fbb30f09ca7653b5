package kernel

import (
	"encoding/binary"
	"math"
	"math/bits"
	"slices"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/clock/wire"
)

// AppendBody appends what is live in s and its bases, without the context, to
// which it is relative. The format is that of FORMAT.md: columns in dot order.
//
//	body    = dots nodes [entries] bases
//	dots    = of each row of the context: n, then n runs of live dots (gap, length-1);
//	          the first gap counts from the row's first dot, the others from the
//	          end of the run before, less two
//	nodes   = n, then of each inner node in order of first use: parent, segment
//	entries = columns, as runs: node, role<<2|value form, content length;
//	          then all contents; value lengths, as runs; all values; all totals
//	total   = number-run, run-lo, zigzag sum
//	bases   = n, then of each place in order of path: node, segment, m, then of m
//	          bases in order: replica, run, run-lo, seq, zigzag sum, by
//
// Integers are LEB128; a segment and a value length-prefixed; replica is eight
// bytes. The encoding is canonical.
func (s *State) AppendBody(b []byte) []byte {
	e := encoder{s: s}
	b = e.dots(b)
	bases := s.sortedBases()
	b = e.nodes(b, bases)
	if s.live > 0 {
		b = e.entries(b)
	}
	b = wire.AppendUvarint(b, uint64(len(bases)))
	for _, x := range bases {
		b = e.base(b, x)
	}
	return b
}

type encoder struct {
	s      *State
	code   []uint32 // of nodes, by id: 0 is outside, 1 the root
	values int      // entries with bytes
	totals int
}

func (e *encoder) dots(b []byte) []byte {
	var room [16]clock.Interval
	for i := range e.s.ctx.Rows() {
		id, first, _ := e.s.ctx.Row(i)
		runs := e.s.liveRuns(room[:0], id)
		b = wire.AppendUvarint(b, uint64(len(runs)))
		floor := first.Lo
		for _, in := range runs {
			b = wire.AppendUvarint(wire.AppendUvarint(b, in.Lo-floor), in.Hi-in.Lo)
			floor = in.Hi + 2
		}
	}
	return b
}

// liveRuns appends the live dots of a replica as maximal intervals.
func (s *State) liveRuns(out []clock.Interval, id clock.ReplicaID) []clock.Interval {
	if p := s.small; p != nil {
		for i := p.firstDot(clock.Dot{Replica: id}); i < p.len(); i++ {
			slot := p.at(i)
			if p.dot[slot].Replica != id {
				break
			}
			if p.live.has(slot) {
				out = extendRun(out, p.dot[slot].Seq, p.dot[slot].Seq)
			}
		}
		return out
	}
	i, ok := s.lane(id)
	if !ok {
		return out
	}
	out = slices.Grow(out, s.lanes[i].runs())
	for _, d := range s.lanes[i].dir {
		p := d.p
		if p.form == dense {
			out = denseRuns(out, p)
			continue
		}
		for i := range p.len() {
			if slot := p.at(i); p.live.has(slot) {
				out = extendRun(out, p.seqOf(slot), p.seqOf(slot))
			}
		}
	}
	return out
}

// runs returns how many runs of live numbers there may be.
func (l *lane) runs() (n int) {
	next, last := uint64(0), uint64(0) // the number behind the word before, and its last bit
	for _, e := range l.dir {
		if e.p.form != dense {
			n += int(e.p.n)
			continue
		}
		if e.p.lo != next {
			last = 0
		}
		for _, w := range e.p.live {
			n += bits.OnesCount64(w &^ (w<<1 | last))
			last = w >> 63
		}
		next = e.p.lo + pageSize
	}
	return n
}

func extendRun(out []clock.Interval, lo, hi uint64) []clock.Interval {
	if n := len(out); n > 0 && out[n-1].Hi+1 == lo {
		out[n-1].Hi = hi
		return out
	}
	return append(out, clock.Interval{Lo: lo, Hi: hi})
}

// denseRuns appends the runs of set bits of a dense page.
func denseRuns(out []clock.Interval, p *page) []clock.Interval {
	for i, w := range p.live {
		base := p.lo + uint64(i)*64
		for at := uint64(0); w != 0; {
			skip := uint64(bits.TrailingZeros64(w))
			w >>= skip
			n := uint64(bits.TrailingZeros64(^w))
			out = extendRun(out, base+at+skip, base+at+skip+n-1)
			if at += skip + n; n == 64 {
				break
			}
			w >>= n
		}
	}
	return out
}

// nodes numbers the inner nodes in order of first use and writes them.
func (e *encoder) nodes(b []byte, bases []placed) []byte {
	s := e.s
	if len(s.nodes) <= 2 {
		return append(b, 0)
	}
	e.code = make([]uint32, len(s.nodes))
	e.code[root] = 1
	var order []nodeID
	var number func(id nodeID)
	number = func(id nodeID) {
		if id <= root || e.code[id] != 0 {
			return
		}
		number(s.nodes[id].up)
		order = append(order, id)
		e.code[id] = uint32(1 + len(order))
	}
	var last nodeID
	s.eachLive(func(p *page, slot int) bool {
		if at := p.infoOf(slot).at(); at != last {
			last = at
			number(at)
		}
		return true
	})
	for _, x := range bases {
		number(x.pl.at)
	}
	b = wire.AppendUvarint(b, uint64(len(order)))
	for _, id := range order {
		n := &s.nodes[id]
		b = wire.AppendUvarint(b, uint64(e.code[n.up]))
		b = wire.AppendBytes(b, n.seg)
	}
	return b
}

func (e *encoder) codeOf(id nodeID) uint64 {
	if id <= root {
		return uint64(id)
	}
	return uint64(e.code[id])
}

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

func (e *encoder) base(b []byte, x placed) []byte {
	bases := e.s.bases[x.pl]
	b = wire.AppendUvarint(b, e.codeOf(x.pl.at))
	b = wire.AppendBytes(b, x.pl.seg)
	b = wire.AppendUvarint(b, uint64(len(bases)))
	for _, x := range bases {
		b = wire.AppendUint64(b, uint64(x.Replica))
		b = wire.AppendUvarint(b, x.Run)
		b = wire.AppendUvarint(b, x.Run-x.Lo)
		b = wire.AppendUvarint(b, x.Seq)
		b = wire.AppendVarint(b, int64(x.Sum))
		b, _ = x.By.AppendBinary(b) // never fails
	}
	return b
}

// inOrder yields the pages in order of their dots.
func (s *State) inOrder() func(yield func(*page) bool) {
	return func(yield func(*page) bool) {
		if s.small != nil {
			yield(s.small)
			return
		}
		for i := range s.lanes {
			for _, e := range s.lanes[i].dir {
				if !yield(e.p) {
					return
				}
			}
		}
	}
}
