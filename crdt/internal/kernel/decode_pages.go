package kernel

import "github.com/dovetail-crdt/dovetail/clock"

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
	d.left = s.live
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
			p.id, p.form, p.lo = l.id, packed, runs[0].Lo
			if isDense {
				p.form, p.lo = dense, lo
			}
			d.start(p)
			d.s.addPage(p)
			l.dir = append(l.dir, entryFor(runs[0].Lo, p))
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

// store hands out memory for pages in large pieces, to be allocated seldom and
// freed when the last page of a piece has been replaced; but not in larger ones than
// what is left to be decoded may need.
type store struct {
	pages []page
	lives []bitmap
	keys  []uint64
	offs  []uint32
	left  int // entries that have no slot yet
	bytes []byte
	ahead int // how many contents were left when bytes begin
}

const (
	piece = 16 // pages that share memory
	few   = 4  // entries that a decoded small state has room for
)

func (d *store) newPage() *page {
	most := d.left/(pageSize/2) + 1
	if len(d.pages) == 0 {
		d.pages = make([]page, min(piece, most))
	}
	if len(d.lives) == 0 {
		d.lives = make([]bitmap, min(64*piece, most)) // in order, to be compared with others
	}
	p := &d.pages[0]
	p.live = &d.lives[0]
	d.pages, d.lives = d.pages[1:], d.lives[1:]
	return p
}

// start gives a new page, whose form is set, room for its columns, and finish takes
// back what it did not use. One page is filled at a time.
func (d *store) start(p *page) {
	slots := min(piece, d.left/pageSize+1) * pageSize
	if len(d.keys) < pageSize {
		d.keys = make([]uint64, slots)
	}
	p.key = d.keys[:0:pageSize]
	if p.form == dense {
		return
	}
	if len(d.offs) < pageSize {
		d.offs = make([]uint32, slots)
	}
	p.off = d.offs[:0:pageSize]
}

func (d *store) finish(p *page) {
	n := len(p.key)
	p.key, d.keys = p.key[:n:n], d.keys[n:]
	if p.form == packed {
		p.off, d.offs = p.off[:n:n], d.offs[n:]
	}
	d.left -= int(p.n)
}

// keep returns a copy of the first n bytes of rest, the contents that are left. It
// copies what follows too, which costs less than clearing memory for it.
func (d *store) keep(rest []byte, n int) []byte {
	if d.pages == nil { // the one page of a small state
		return append(make([]byte, 0, n+8*few), rest[:n]...)
	}
	if len(rest) != d.ahead || len(d.bytes) < n {
		d.bytes = append([]byte(nil), rest[:max(n, min(len(rest), piece*pageSize*8))]...)
	}
	b := d.bytes[:n:n]
	d.bytes, d.ahead = d.bytes[n:], len(rest)-n
	return b
}
