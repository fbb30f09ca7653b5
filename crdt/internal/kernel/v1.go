package kernel

import (
	"slices"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/clock/wire"
)

// Version 1 of the body stood row by row. It is read for ever, and written while
// a fleet has members that know no other.
//
//	body  = dots entry… n base…
//	dots  = the live dots, as a clock.Context
//	entry = path tag value, one for each dot, in dot order
//	value = bytes | (number - run) (run - lo) zigzag(sum) | nothing, by tag
//	base  = path replica run (run - lo) seq zigzag(sum) by, in order of path, replica, run
//	path  = shared n segment…, shared counting the segments in common with the path before

// Tags of the values of version 1.
const (
	tagPut   = 0
	tagTotal = 1
	tagDeny  = 2
)

// Limits of version 1. A path that many entries have in common is written once
// and kept with each, so what is kept is not bounded by the length of the frame
// alone.
const (
	minRowV1    = 3       // bytes of an entry: a denial at the path before
	minBaseV1   = 22      // bytes of a base at the path before
	maxUnpacked = 1 << 28 // bytes of all contents
)

// AppendBodyV1 is AppendBody in version 1.
func (s *State) AppendBodyV1(b []byte) []byte {
	var dots clock.Context
	for i := range s.ctx.Rows() {
		id, _, _ := s.ctx.Row(i)
		for _, in := range s.liveRuns(nil, id) {
			dots.AddRange(id, in)
		}
	}
	b, _ = dots.AppendBinary(b) // never fails
	var last []string
	for e := range s.Entries() {
		b = appendValueV1(appendPathV1(b, last, e.Path), e)
		last = append(last[:0], e.Path...)
	}
	b = wire.AppendUvarint(b, uint64(s.nbases))
	last = last[:0]
	for path, x := range s.Bases() {
		b = x.appendTo(appendPathV1(b, last, path))
		last = path
	}
	return b
}

func appendPathV1(b []byte, last, path []string) []byte {
	n := shared(last, path)
	b = wire.AppendUvarint(wire.AppendUvarint(b, uint64(n)), uint64(len(path)-n))
	for _, seg := range path[n:] {
		b = wire.AppendBytes(b, seg)
	}
	return b
}

// shared returns how many first segments a and b have in common.
func shared(a, b []string) int {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return n
}

func appendValueV1(b []byte, e Flat) []byte {
	t := e.Value.Total
	switch {
	case e.Value.Deny:
		return append(b, tagDeny)
	case t == nil:
		return wire.AppendBytes(append(b, tagPut), e.Value.Put)
	}
	b = wire.AppendUvarint(append(b, tagTotal), e.Dot.Seq-t.Run)
	b = wire.AppendUvarint(b, t.Run-t.Lo)
	return wire.AppendVarint(b, int64(t.Sum))
}

// ReadV1 is Read for a body of version 1.
func ReadV1(c, r *wire.Reader) *State {
	s := New()
	s.ctx = *clock.ReadContext(c)
	if c.Err() != nil {
		return s
	}
	d := decoderV1{decoder: decoder{s: s, r: r}}
	d.entries()
	d.bases()
	s.pruneAll()
	return s
}

type decoderV1 struct {
	decoder
	path         []string // the one before
	at           []nodeID // of its first segments, the root's first, as far as they were asked for
	size         int      // of the contents so far, each entry's counted
	content, rec []byte   // buffers
}

func (d *decoderV1) entries() {
	r := d.r
	dots := clock.ReadContext(r)
	left := uint64(r.Len())
	for id, in := range dots.Intervals() {
		n := in.Hi - in.Lo + 1
		if n > left/minRowV1 {
			r.Failf("%d live dots of %v in %d bytes", n, id, left)
			return
		}
		left -= n * minRowV1
	}
	if !d.s.ctx.Covers(dots) {
		r.Failf("live dots %v outside the context %v", dots.Minus(&d.s.ctx), &d.s.ctx)
		return
	}
	for id, in := range dots.Intervals() {
		for seq := in.Lo; seq <= in.Hi; seq++ {
			d.readPath()
			v := d.value(seq)
			if r.Err() != nil {
				return
			}
			d.insert(clock.Dot{Replica: id, Seq: seq}, v)
		}
	}
}

// readPath reads a path into d.path.
func (d *decoderV1) readPath() {
	n, more := d.r.Uvarint(), d.r.Uvarint()
	if n > uint64(len(d.path)) || more > MaxDepth-n {
		d.r.Failf("path of %d+%d segments after one of %d, at most %d", n, more, len(d.path), MaxDepth)
		return
	}
	rest := d.path[n:]
	d.path, d.at = d.path[:n], d.at[:min(len(d.at), int(n)+1)]
	for i := range more {
		seg := string(d.r.Bytes())
		switch {
		case d.r.Err() != nil:
			return
		case seg == "":
			d.r.Failf("empty path segment")
			return
		case i == 0 && len(rest) > 0 && rest[0] == seg:
			d.r.Failf("path shares more than %d segments with the one before", n)
			return
		}
		d.path = append(d.path, seg)
	}
}

// insert makes a value live at d.path.
func (d *decoderV1) insert(dot clock.Dot, v Value) {
	pl := d.place()
	if d.size += len(pl.seg); d.size > maxUnpacked {
		d.r.Failf("contents of more than %d bytes", maxUnpacked)
		return
	}
	role, content := byte(0), d.content[:0]
	if pl.seg != "" {
		role, content = pl.seg[0], append(content, pl.seg[1:]...)
	}
	x := makeItem(d.rec, pl.at, role, content, v)
	d.s.insert(dot, &x)
	d.content, d.rec = content, x.rec
}

// place returns the place of d.path.
func (d *decoderV1) place() place {
	n := len(d.path)
	if n == 0 {
		return place{at: outside}
	}
	if len(d.at) == 0 {
		d.at = append(d.at, root)
	}
	for k := len(d.at); k < n; k++ {
		d.at = append(d.at, d.s.kid(d.at[k-1], d.path[k-1]))
	}
	return place{d.at[n-1], d.path[n-1]}
}

func (d *decoderV1) value(seq uint64) Value {
	switch tag := d.r.Byte(); tag {
	case tagPut:
		return Value{Put: d.r.Bytes()}
	case tagDeny:
		return Value{Deny: true}
	case tagTotal:
		t := d.total(seq)
		return Value{Total: &t}
	default:
		d.r.Failf("value tag %d", tag)
		return Value{}
	}
}

// bases reads the bases, those of one place side by side.
func (d *decoderV1) bases() {
	r := d.r
	d.path, d.at = nil, nil
	var path []string
	var here []Base
	for range r.Count(minBaseV1) {
		d.readPath()
		b := d.base()
		n := len(here)
		if r.Err() == nil && n > 0 && compareBases(path, here[n-1], d.path, b) >= 0 {
			r.Failf("base of %v run %d is out of order", b.Replica, b.Run)
		}
		if r.Err() != nil {
			return
		}
		if n > 0 && slices.Equal(path, d.path) {
			here = append(here, b)
			continue
		}
		d.setBases(path, here)
		path, here = slices.Clone(d.path), []Base{b}
	}
	d.setBases(path, here)
	before := d.s.nbases
	if d.s.settleAll(); d.s.nbases != before {
		r.Failf("%d bases of closed runs", before-d.s.nbases)
	}
}

func (d *decoderV1) setBases(path []string, here []Base) {
	if len(here) > 0 {
		d.s.setBases(d.s.ensurePlace(path), here)
	}
}
