package kernel

import (
	"encoding/binary"
	"math"
	"slices"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/clock/wire"
)

// MaxDepth is the largest number of segments of a path.
const MaxDepth = 32

// Read reads a context from c and a body that AppendBody wrote from r. It
// accepts only what AppendBody writes: any other bytes are an error. Memory is
// bounded by the length of the input; nothing of the input is kept.
func Read(c, r *wire.Reader) *State {
	s := newDelta()
	s.ctx = *clock.ReadContext(c)
	if c.Err() != nil {
		return s
	}
	d := decoder{s: s, r: r, next: 2, depth: []uint8{0, 0}}
	d.dots()
	d.nodes()
	if s.live > 0 && r.Err() == nil {
		d.entries()
	}
	if r.Err() == nil {
		d.bases()
	}
	if r.Err() == nil && d.next != d.count() {
		r.Failf("inner node %d is not used", d.next)
	}
	if len(s.unused) > 0 {
		s.unused = s.unused[:0]
	}
	return s
}

// count returns how many nodes there are.
func (d *decoder) count() int { return max(len(d.s.nodes), 2) }

type decoder struct {
	store
	s     *State
	r     *wire.Reader
	fills []*page // by the dots, in order
	next  int     // the first inner node that was not used yet; they are numbered in order of use
	depth []uint8
}

// dots reads which dots are live and makes their slots.
func (d *decoder) dots() {
	var room [8]clock.Interval
	all := room[:0]
	ends := make([]int, 0, 8) // where the runs of each row end in all
	n := uint64(0)
	for i := range d.s.ctx.Rows() {
		id, first, rest := d.s.ctx.Row(i)
		floor := first.Lo
		for range d.r.Count(2) {
			gap, more := d.r.Uvarint(), d.r.Uvarint()
			if gap > clock.MaxSeq-min(floor, clock.MaxSeq) || more > clock.MaxSeq-floor-gap {
				d.r.Failf("live dots of %v beyond number %d", id, uint64(clock.MaxSeq))
				return
			}
			in := clock.Interval{Lo: floor + gap, Hi: floor + gap + more}
			if !within(in, first, rest) {
				d.r.Failf("live dots %d to %d of %v outside the context", in.Lo, in.Hi, id)
				return
			}
			all = append(all, in)
			if n += more + 1; n > uint64(d.r.Len()) {
				d.r.Failf("%d live dots in %d bytes", n, d.r.Len())
				return
			}
			floor = in.Hi + 2
		}
		ends = append(ends, len(all))
	}
	if d.r.Err() == nil && n > 0 {
		d.s.live = int(n)
		d.layout(all, ends)
	}
}

// within reports whether a run lies in one of the runs of a row.
func within(in, first clock.Interval, rest []clock.Interval) bool {
	if in.Hi <= first.Hi {
		return in.Lo >= first.Lo
	}
	i, _ := slices.BinarySearchFunc(rest, in.Lo, func(r clock.Interval, lo uint64) int {
		switch {
		case r.Hi < lo:
			return -1
		case r.Lo > lo:
			return 1
		}
		return 0
	})
	return i < len(rest) && rest[i].Lo <= in.Lo && in.Hi <= rest[i].Hi
}

// layout makes the slots of the live dots.
func (d *decoder) layout(all []clock.Interval, ends []int) {
	s, from := d.s, 0
	if s.live <= pageSize {
		p := s.small
		p.n = int32(s.live)
		if s.live == 1 {
			p.key = p.key[:1]
		} else { // and room for what is merged next
			p.dot, p.key = make([]clock.Dot, 0, s.live+few), make([]uint64, s.live, s.live+few)
		}
		for i, end := range ends {
			id, _, _ := s.ctx.Row(i)
			for _, in := range all[from:end] {
				for seq := in.Lo; seq <= in.Hi; seq++ {
					p.live.set(len(p.dot))
					p.dot = append(p.dot, clock.Dot{Replica: id, Seq: seq})
				}
			}
			from = end
		}
		return
	}
	s.small = nil
	for i, end := range ends {
		if end > from {
			id, _, _ := s.ctx.Row(i)
			l := lane{id: id, max: all[end-1].Hi}
			d.lane(&l, all[from:end])
			s.lanes = append(s.lanes, l)
		}
		from = end
	}
}

// lane makes the pages of one replica: dense ones where most of a window is live,
// packed ones for the rest.
func (d *decoder) lane(l *lane, runs []clock.Interval) {
	var p *page
	for len(runs) > 0 {
		lo := runs[0].Lo &^ (pageSize - 1)
		end := lo + (pageSize - 1)
		n := uint64(0)
		for _, in := range runs {
			if in.Lo > end {
				break
			}
			n += min(in.Hi, end) - in.Lo + 1
		}
		isDense := n >= pageSize/2
		if p == nil || isDense || p.form == dense || p.len()+int(n) > pageSize || !p.canHold(end) {
			if p != nil {
				d.finish(p)
			}
			p = d.newPage()
			d.start(p)
			p.id, p.form, p.lo = l.id, packed, runs[0].Lo
			if isDense {
				p.form, p.lo = dense, lo
			}
			d.s.addPage(p)
			l.dir = append(l.dir, dirEntry{runs[0].Lo, p})
			d.fills = append(d.fills, p)
		}
		for len(runs) > 0 && runs[0].Lo <= end {
			d.slots(p, clock.Interval{Lo: runs[0].Lo, Hi: min(runs[0].Hi, end)})
			if runs[0].Hi > end {
				runs[0].Lo = end + 1
				break
			}
			runs = runs[1:]
		}
	}
	d.finish(p)
}

// slots makes live slots for numbers above all that the page has.
func (d *decoder) slots(p *page, in clock.Interval) {
	n := int(in.Hi - in.Lo + 1)
	from := len(p.key)
	if p.form == dense {
		from = int(in.Lo - p.lo)
	} else {
		for i := range uint64(n) {
			p.off = append(p.off, uint32(in.Lo-p.lo+i))
		}
	}
	p.key = p.key[:from+n] // of start, so not written yet
	p.live.setRange(from, from+n)
	p.n += int32(n)
}

// setRange sets the bits from..to-1.
func (b *bitmap) setRange(from, to int) {
	for from < to {
		k, n := from/64, min(64-from%64, to-from)
		b[k] |= ^uint64(0) >> (64 - n) << (from % 64)
		from += n
	}
}

// store hands out memory for pages in large pieces, to be allocated seldom and
// freed when the last page of a piece has been replaced.
type store struct {
	pages []page
	keys  []uint64
	bytes []byte
}

const (
	piece = 16 // pages that share memory
	few   = 4  // entries that a decoded small state has room for
)

func (d *store) newPage() *page {
	if len(d.pages) == 0 {
		d.pages = make([]page, piece)
	}
	p := &d.pages[0]
	d.pages = d.pages[1:]
	return p
}

// start gives a new page room for keys, and finish takes back what it did not
// use. One page is filled at a time.
func (d *store) start(p *page) {
	if len(d.keys) < pageSize {
		d.keys = make([]uint64, piece*pageSize)
	}
	p.key = d.keys[:0:pageSize]
}

func (d *store) finish(p *page) {
	n := len(p.key)
	p.key, d.keys = p.key[:n:n], d.keys[n:]
}

// take returns n bytes that nobody else has.
func (d *store) take(n int) []byte {
	if len(d.bytes) < n {
		if d.pages == nil { // the one page of a small state
			return make([]byte, n, n+8*few)
		}
		d.bytes = make([]byte, max(n, piece*pageSize*8))
	}
	b := d.bytes[:n:n]
	d.bytes = d.bytes[n:]
	return b
}

// nodes reads the inner nodes.
func (d *decoder) nodes() {
	n := d.r.Count(3)
	if n > 0 {
		d.s.nodes = make([]node, 2) // counts follow with the entries
	}
	for range n {
		up, seg := d.r.Uvarint(), d.r.Bytes()
		switch {
		case d.r.Err() != nil:
			return
		case up == 0 || up >= uint64(len(d.s.nodes)):
			d.r.Failf("inner node %d below node %d", len(d.s.nodes), up)
			return
		case len(seg) == 0:
			d.r.Failf("empty path segment")
			return
		case d.depth[up]+2 > MaxDepth:
			d.r.Failf("path of more than %d segments", MaxDepth)
			return
		}
		if was := len(d.s.nodes); int(d.s.kid(nodeID(up), string(seg))) != was {
			d.r.Failf("inner node %q is there twice", seg)
			return
		}
		d.depth = append(d.depth, d.depth[up]+1)
	}
}

// use checks that inner nodes are used in the order in which they are numbered:
// one that is used first comes right behind those above it that are new too.
func (d *decoder) use(code uint64) nodeID {
	if code >= uint64(d.count()) {
		d.r.Failf("node %d of %d", code, d.count())
		return outside
	}
	for ; d.next <= int(code); d.next++ {
		if !d.s.isBelow(nodeID(code), nodeID(d.next)) {
			d.r.Failf("inner nodes are not numbered in order of use")
			return outside
		}
	}
	return nodeID(code)
}

// entries reads the columns and fills the slots.
func (d *decoder) entries() {
	n := d.s.live
	var room [3][4]run
	nodes := readColumn(room[0][:0], d.r, "nodes of entries", n, false)
	forms := readColumn(room[1][:0], d.r, "forms of entries", n, false)
	lengths := readColumn(room[2][:0], d.r, "lengths of contents", n, true)
	size := uint64(0)
	for _, x := range lengths {
		if x.v > MaxContent || x.v*uint64(x.n) > uint64(d.r.Len()) {
			d.r.Failf("%d contents of %d bytes in %d bytes", x.n, x.v, d.r.Len())
			return
		}
		size += x.v * uint64(x.n)
	}
	for _, x := range nodes {
		d.use(x.v)
	}
	values := 0
	for _, x := range forms {
		if x.v > 1<<10-1 {
			d.r.Failf("form %d of an entry", x.v)
		}
		if info(x.v)&valueMask == valueBytes {
			values += x.n
		}
	}
	if size > uint64(d.r.Len()) {
		d.r.Failf("contents of %d bytes in %d", size, d.r.Len())
	}
	f := filler{d: d, nodes: nodes, forms: forms, lengths: lengths, contents: d.r.Next(int(min(size, math.MaxInt32)))}
	if values > 0 {
		f.sizes = readColumn(nil, d.r, "lengths of values", values, false)
		size = 0
		for _, x := range f.sizes {
			if x.v == 0 || x.v > MaxContent || x.v*uint64(x.n) > uint64(d.r.Len()) {
				d.r.Failf("%d values of %d bytes in %d bytes", x.n, x.v, d.r.Len())
				return
			}
			size += x.v * uint64(x.n)
		}
		if size > uint64(d.r.Len()) {
			d.r.Failf("values of %d bytes in %d", size, d.r.Len())
		}
		f.values = d.r.Next(int(min(size, math.MaxInt32)))
	}
	if d.r.Err() != nil {
		return
	}
	if p := d.s.small; p != nil {
		f.page(p)
	}
	for _, p := range d.fills {
		if f.page(p); d.r.Err() != nil {
			return
		}
	}
}

// filler gives the slots their entries.
type filler struct {
	d                     *decoder
	nodes, forms, lengths []run
	sizes                 []run
	contents, values      []byte
	buf                   []byte
}

func (f *filler) page(p *page) {
	slot := p.live.next(0)
	for left := int(p.n); left > 0; {
		k := min(f.nodes[0].n, f.forms[0].n, f.lengths[0].n, left)
		at, form, n := nodeID(f.nodes[0].v), info(f.forms[0].v), int(f.lengths[0].v)
		f.nodes, f.forms, f.lengths = take(f.nodes, k), take(f.forms, k), take(f.lengths, k)
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
	f.contents = f.contents[k*n:]
	if p.inf == nil && int(p.n) == len(p.key) { // nearly always: one info, no hole
		f.fillAll(p, c, n)
		return pageSize
	}
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

// fillAll is fill for all slots of a page, none of which is a hole.
func (f *filler) fillAll(p *page, c []byte, n int) {
	switch {
	case n > 8:
		p.bytes = f.d.take(len(c))
		copy(p.bytes, c)
		word := wordRecord | uint64(n)<<32
		for i := range p.key {
			p.key[i] = word
			word += uint64(n)
		}
	case n == 8:
		for i := range p.key {
			p.key[i] = binary.LittleEndian.Uint64(c[8*i:])
		}
	default:
		for i := range p.key {
			p.key[i] = uint64(n)<<56 | wordOf(c[:n])
			c = c[n:]
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
			size := int(f.sizes[0].v)
			v.Put, f.values = f.values[:size], f.values[size:]
			f.sizes = take(f.sizes, 1)
		}
		x := makeItem(f.buf, inf.at(), inf.role(), f.contents[:n], v)
		f.contents, f.buf = f.contents[n:], x.rec
		p.key[slot] = x.word | uint64(len(p.bytes))
		p.bytes = append(p.bytes, x.rec...)
		if p.inf != nil {
			p.inf[slot] = inf
		}
		slot = p.live.next(slot + 1)
	}
	return slot
}

func (d *decoder) total(seq uint64) Total {
	back := d.r.Uvarint()
	if back >= seq {
		d.r.Failf("total number %d continues a run %d numbers back", seq, back)
		return Total{}
	}
	run := seq - back
	return Total{Run: run, Lo: d.lo(run), Sum: uint64(d.r.Varint())}
}

// lo reads how far back a run closes older ones.
func (d *decoder) lo(run uint64) uint64 {
	back := d.r.Uvarint()
	if back >= run {
		d.r.Failf("run %d closes %d numbers back", run, back)
		return 1
	}
	return run - back
}

func (d *decoder) bases() {
	var was []string
	for i := range d.r.Count(3) {
		at := d.use(d.r.Uvarint())
		pl := place{at, string(d.r.Bytes())}
		if d.r.Err() == nil && (at == outside) != (pl.seg == "") {
			d.r.Failf("bases at segment %q of node %d", pl.seg, at)
		}
		path := d.s.path(pl)
		if d.r.Err() == nil && i > 0 && slices.Compare(was, path) >= 0 {
			d.r.Failf("bases at %q behind those at %q", path, was)
		}
		was = path
		n := d.r.Count(21)
		if d.r.Err() == nil && n == 0 {
			d.r.Failf("a place without bases")
		}
		bases := make([]Base, 0, n)
		for range n {
			b := d.base()
			if k := len(bases); d.r.Err() == nil && k > 0 && bases[k-1].compareRun(b.Replica, b.Run) >= 0 {
				d.r.Failf("base of %v run %d is out of order", b.Replica, b.Run)
			}
			bases = append(bases, b)
		}
		if d.r.Err() != nil {
			return
		}
		d.s.setBases(pl, bases)
	}
	before := d.s.nbases
	if d.s.settleAll(); d.s.nbases != before {
		d.r.Failf("%d bases of closed runs", before-d.s.nbases)
	}
}

func (d *decoder) base() Base {
	r := d.r
	b := Base{Replica: clock.ReplicaID(r.Uint64()), Run: r.Uvarint()}
	if r.Err() == nil && (!b.Replica.IsValid() || b.Run == 0 || b.Run > clock.MaxSeq) {
		r.Failf("base of replica %v, run %d", b.Replica, b.Run)
	}
	b.Lo = d.lo(b.Run)
	b.Seq = r.Uvarint()
	if r.Err() == nil && (b.Seq < b.Run || b.Seq > clock.MaxSeq) {
		r.Failf("base at number %d of run %d", b.Seq, b.Run)
	}
	b.Sum = uint64(r.Varint())
	b.By = clock.ReadDot(r)
	return b
}
