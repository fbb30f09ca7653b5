package kernel

import (
	"math/bits"
	"slices"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/clock/wire"
)

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
