package kernel

import (
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
	d := decoder{s: s, r: r, next: 2}
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
		runs := d.r.Count(2)
		all = slices.Grow(all, runs)
		for range runs {
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

// nodes reads the inner nodes.
func (d *decoder) nodes() {
	n := d.r.Count(3)
	if n > 0 {
		d.s.nodes = make([]node, 2) // counts follow with the entries
		d.depth = make([]uint8, 2)
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
	f := filler{d: d, nodes: column{nodes}, forms: column{forms}, lengths: column{lengths}, contents: d.r.Next(int(min(size, math.MaxInt32)))}
	if values > 0 {
		f.sizes.runs = readColumn(nil, d.r, "lengths of values", values, false)
		size = 0
		for _, x := range f.sizes.runs {
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
	if d.s.dropAllClosedBases(); d.s.nbases != before {
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
