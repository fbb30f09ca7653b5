package kernel

import (
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
	s := New()
	s.ctx = *clock.ReadContext(c)
	if c.Err() != nil {
		return s
	}
	readEntries(s, r)
	readBases(s, r)
	return s
}

func readEntries(s *State, r *wire.Reader) {
	dots := clock.ReadContext(r)
	left := uint64(r.Len())
	for id, in := range dots.Intervals() {
		if n := in.Hi - in.Lo + 1; n > left/3 {
			r.Failf("%d live dots of %v in %d bytes", n, id, left)
			return
		}
		left -= (in.Hi - in.Lo + 1) * 3
	}
	if !s.ctx.Covers(dots) {
		r.Failf("live dots %v outside the context %v", dots.Minus(&s.ctx), &s.ctx)
		return
	}
	p := pathReader{}
	for id, in := range dots.Intervals() {
		for seq := in.Lo; seq <= in.Hi && r.Err() == nil; seq++ {
			path := p.read(r)
			if v := readValue(r, seq); r.Err() == nil {
				s.insert(&Entry{dot: clock.Dot{Replica: id, Seq: seq}, at: s.ensure(path), val: v})
			}
		}
	}
}

func readValue(r *wire.Reader, seq uint64) Value {
	switch tag := r.Byte(); tag {
	case tagPut:
		return Value{Put: string(r.Bytes())}
	case tagDeny:
		return Value{Deny: true}
	case tagTotal:
		back := r.Uvarint()
		if back >= seq {
			r.Failf("total number %d continues a run %d numbers back", seq, back)
			return Value{}
		}
		run := seq - back
		return Value{Total: &Total{Run: run, Lo: readLo(r, run), Sum: uint64(r.Varint())}}
	default:
		r.Failf("value tag %d", tag)
		return Value{}
	}
}

// readLo reads how far back a run closes older ones.
func readLo(r *wire.Reader, run uint64) uint64 {
	back := r.Uvarint()
	if back >= run {
		r.Failf("run %d closes %d numbers back", run, back)
		return 1
	}
	return run - back
}

func readBases(s *State, r *wire.Reader) {
	p := pathReader{}
	var was Base
	var at []string
	n := r.Count(22)
	for i := range n {
		path := p.read(r)
		b := readBase(r)
		if r.Err() != nil {
			return
		}
		if i > 0 && compareBases(at, was, path, b) >= 0 {
			r.Failf("base of %v run %d is out of order", b.Replica, b.Run)
			return
		}
		s.joinBase(s.ensure(path), b)
		at, was = slices.Clone(path), b
	}
	before := s.bases
	if s.settleBelow(s.root); r.Err() == nil && s.bases != before {
		r.Failf("%d bases of closed runs", before-s.bases)
	}
}

func readBase(r *wire.Reader) Base {
	b := Base{Replica: clock.ReplicaID(r.Uint64()), Run: r.Uvarint()}
	if r.Err() == nil && (!b.Replica.IsValid() || b.Run == 0 || b.Run > clock.MaxSeq) {
		r.Failf("base of replica %v, run %d", b.Replica, b.Run)
	}
	b.Lo = readLo(r, b.Run)
	b.Seq = r.Uvarint()
	if r.Err() == nil && (b.Seq < b.Run || b.Seq > clock.MaxSeq) {
		r.Failf("base at number %d of run %d", b.Seq, b.Run)
	}
	b.Sum = uint64(r.Varint())
	b.By = clock.ReadDot(r)
	return b
}

// pathReader reads what pathWriter wrote.
type pathReader struct{ last []string }

func (p *pathReader) read(r *wire.Reader) []string {
	shared, n := r.Uvarint(), r.Uvarint()
	if shared > uint64(len(p.last)) || n > MaxDepth-shared {
		r.Failf("path of %d+%d segments after one of %d, at most %d", shared, n, len(p.last), MaxDepth)
		return nil
	}
	next := append(make([]string, 0, shared+n), p.last[:shared]...)
	for range n {
		seg := r.Bytes()
		if r.Err() == nil && len(seg) == 0 {
			r.Failf("empty path segment")
		}
		next = append(next, string(seg))
	}
	if r.Err() == nil && common(p.last, next) != int(shared) {
		r.Failf("path shares %d segments with the one before, not %d", common(p.last, next), shared)
	}
	p.last = next
	return next
}
