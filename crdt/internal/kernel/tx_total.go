package kernel

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/dovetail-crdt/dovetail/clock"
)

// IncIf adds d to the writer's running total at path, if the counter's value, mod
// 2^64, permits it, and reports whether it does. The writer continues a run only if
// it sees its own total of that run count, and is not in doubt about it; else it
// starts a new run, which closes its older ones back to the doubt.
func (t *Tx) IncIf(path []string, d uint64, permits func(v uint64) bool) bool {
	pl := t.s.ensurePlace(path)
	var room [8]total
	totals := t.s.totalsAt(room[:0], pl)
	if !permits(sumOf(totals, t.s.basesAt(pl))) {
		return false
	}
	t.inc(pl, totals, d)
	return true
}

func (t *Tx) inc(pl place, totals []total, d uint64) {
	own := rowsOf(totals, t.s.basesAt(pl), t.id)
	for i := range own.live {
		if x := &own.live[i]; x.dot.Seq > clock.MaxSeq { // of this very transaction
			x.Sum += d
			t.s.setTotal(x.r, x.Total)
			return
		}
	}
	prev, ok := t.ownTotal(own)
	if !ok {
		if t.doubt > 0 && t.crosses(own) {
			t.fault = fmt.Errorf("%w: %v is in doubt about its events up to number %d only, of later ones it is not", ErrClaim, t.id, t.doubt)
		}
		t.addPendingTotal(pl, Total{Run: t.next(), Lo: t.doubt + 1, Sum: d}, pendingEntry{})
		return
	}
	from := len(t.journal)
	for _, x := range slices.Backward(own.live) { // and older totals of the run that came late
		if x.Run == prev.Run {
			t.end(x.r)
		}
	}
	now := prev.Total
	now.Sum += d
	t.addPendingTotal(pl, now, pendingEntry{prev, true, from})
}

func (t *Tx) addPendingTotal(pl place, v Total, b pendingEntry) {
	role, content := byte(0), ""
	if pl.seg != "" {
		role, content = pl.seg[0], pl.seg[1:]
	}
	x := makeItem(t.buf, pl.at, role, []byte(content), Value{Total: &v})
	t.buf = x.rec
	t.addPending(&x, b)
}

// setTotal changes the total of an entry that this transaction made.
func (s *State) setTotal(r ref, v Total) {
	p, slot := s.pageOf(r), r.slot()
	word := p.word(slot)
	b := p.bytes[int(uint32(word))+contentLen(p.infoOf(slot), word):]
	binary.LittleEndian.PutUint64(b, v.Run)
	binary.LittleEndian.PutUint64(b[8:], v.Lo)
	binary.LittleEndian.PutUint64(b[16:], v.Sum)
}

// ownTotal returns the writer's total that a run may be continued from.
func (t *Tx) ownTotal(own rows) (prev total, ok bool) {
	own.counting(func(x total, _ uint64) bool {
		if x.Run > t.doubt {
			prev, ok = x, true
		}
		return !ok
	})
	return prev, ok
}

// crosses reports whether a run that the writer has began after the doubt and yet
// closes runs from before it: the doubt is about less than it was, or is about the
// middle of what is known, and runs would close each other in an order that
// depends on who reads.
func (t *Tx) crosses(own rows) bool {
	for i := range own.live {
		if x := &own.live[i]; x.dot.Seq <= clock.MaxSeq && x.Lo <= t.doubt && t.doubt < x.Run {
			return true
		}
	}
	for _, b := range own.bases {
		if b.Lo <= t.doubt && t.doubt < b.Run {
			return true
		}
	}
	return false
}

// base notes that a reset takes the total x as of its number, unless an earlier
// reset took as much or the run is closed.
func (t *Tx) base(pl place, x total) {
	was := t.s.basesAt(pl)
	if !isTaken(was, x.dot, x.Run) && !rowsOf(t.s.totalsAt(nil, pl), was, x.dot.Replica).closed()(x.Run) {
		t.take(pl, []Base{baseOf(x)})
	}
}

// isTaken reports whether a base takes the total of a run as of that dot.
func isTaken(bases []Base, d clock.Dot, run uint64) bool {
	i, ok := findBase(bases, d.Replica, run)
	return ok && bases[i].Seq >= d.Seq
}

// baseOf returns the base that takes a total, without the reset that is not numbered
// yet.
func baseOf(x total) Base {
	return Base{Replica: x.dot.Replica, Run: x.Run, Seq: x.dot.Seq, Lo: x.Lo, Sum: x.Sum}
}

// take leaves bases at a place, one a run, each larger than the one of its run there.
func (t *Tx) take(pl place, taken []Base) {
	if len(taken) == 0 {
		return
	}
	slices.SortFunc(taken, func(a, b Base) int { return a.compareRun(b.Replica, b.Run) })
	t.journal = append(t.journal, change{bases: &basesWas{pl, t.s.basesAt(pl)}})
	t.s.joinBases(pl, taken)
	for i := range taken {
		t.bases = append(t.bases, baseAt{pl, taken[i].Replica, taken[i].Run})
	}
}
