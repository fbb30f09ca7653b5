package kernel

import (
	"fmt"
	"slices"

	"github.com/dovetail-crdt/dovetail/clock"
)

// Commit numbers the transaction's events first, first+1, … and returns its
// delta, which shares no memory with the state that either may change. The
// caller asked Events for how many there are (not none) and issued the numbers;
// after is the honest claim that the replica issued no other event on this
// object in (after, first).
//
// A number not above the state's last of that replica means that two writers
// share an id (ErrReused); a claim or a doubt that contradicts what the state
// knows of the replica is a fault of its memory (ErrClaim). Commit then rolls back
// and returns an error: no merge could repair what it would do.
func (t *Tx) Commit(first, after uint64) (*State, error) {
	n := uint64(t.Events())
	if n == 0 || first == 0 || after >= first || first+n-1 > clock.MaxSeq {
		panic(fmt.Sprintf("kernel: Commit of %d events from number %d with claim after %d", n, first, after))
	}
	if err := t.refuse(first, after); err != nil {
		t.Rollback()
		return nil, err
	}
	last := clock.Dot{Replica: t.id, Seq: first + n - 1}
	d := newDelta()
	slices.SortFunc(t.killed, clock.Dot.Compare) // in order each is added at the end, in O(1)
	for _, k := range t.killed {
		if !t.revived || t.s.find(k) == 0 {
			d.ctx.Add(k)
		}
	}
	if t.whole {
		d.ctx.Merge(t.seen.Missing)
	}
	d.ctx.AddRange(t.id, clock.Interval{Lo: after + 1, Hi: last.Seq})
	nodes := nodeMap{from: t.s, to: d}
	places := t.number(d, first, &nodes)
	for rest := t.bases; len(rest) > 0; {
		n := 1
		for n < len(rest) && rest[n].pl == rest[0].pl {
			n++
		}
		t.numberBases(d, rest[:n], last, &nodes)
		if t.seen != nil { // it may close runs that the state had not known to be closed
			places = append(places, rest[0].pl)
		}
		rest = rest[n:]
	}
	t.s.ctx.Merge(&d.ctx)
	for _, pl := range distinct(places) {
		t.s.dropClosedBases(pl)
	}
	t.finish()
	d.dropAllClosedBases() // a base of a run that this very transaction closes is not part of it
	d.pruneAll()
	return d, nil
}

// number gives what the transaction made its numbers and puts it where it belongs,
// in the state and in the delta. It returns the places that have totals and bases.
func (t *Tx) number(d *State, seq uint64, nodes *nodeMap) (touched []place) {
	s := t.s
	for k, p := range s.pending {
		for slot := p.live.next(0); slot < pageSize; slot = p.live.next(slot + 1) {
			r := p.ref(slot)
			dot := clock.Dot{Replica: t.id, Seq: seq}
			if p.infoOf(slot).value() == valueTotal {
				v := p.total(slot)
				if v.Run == p.seqOf(slot) {
					v.Run = seq
					s.setTotal(r, v)
				}
				x := p.item(slot)
				pl := segmentKey(&x)
				if len(s.basesAt(pl)) > 0 {
					touched = append(touched, pl)
				}
			}
			x := p.item(slot)
			if len(s.shared) > 0 {
				s.renumber(&x, clock.Dot{Replica: t.id, Seq: clock.MaxSeq + 1 + uint64(k*pageSize+slot)}, dot)
			}
			q, to := s.room(dot, len(x.rec))
			s.move(p, slot, q, to)
			s.live++
			x = nodes.copied(x)
			d.insert(dot, &x)
			seq++
		}
	}
	return touched
}

// numberBases says in bases of one place which reset left them, and copies them to
// the delta.
func (t *Tx) numberBases(d *State, left []baseAt, reset clock.Dot, nodes *nodeMap) {
	pl := left[0].pl
	bases := t.s.basesAt(pl) // a list of this transaction: nobody else has it
	out := make([]Base, 0, len(left))
	for _, b := range left {
		if i, ok := findBase(bases, b.replica, b.run); ok {
			bases[i].By = reset
			out = append(out, bases[i])
		}
	}
	slices.SortFunc(out, func(a, b Base) int { return a.compareRun(b.Replica, b.Run) })
	d.joinBases(place{nodes.of(pl.at), pl.seg}, slices.Compact(out))
}

// renumber tells a shared slot, if x stands in one, of a new number.
func (s *State) renumber(x *item, was, now clock.Dot) {
	if c := s.shared[segmentKey(x)]; c != nil {
		for i := len(c.dots) - 1; i >= 0; i-- { // nearly always the last
			if c.dots[i] == was {
				c.dots[i] = now
				return
			}
		}
	}
}

// refuse returns why the transaction must not get these numbers, or nil.
func (t *Tx) refuse(first, after uint64) error {
	seen := t.s.ctx.Max(t.id)
	if t.seen != nil { // what was shown to a reader is used, whether the state knows it or not
		seen = max(seen, t.seen.last(t.id))
	}
	switch {
	case seen >= first:
		return fmt.Errorf("%w: %v was given number %d, but the state knows its number %d", ErrReused, t.id, first, seen)
	case after < seen:
		return fmt.Errorf("%w: %v claims no event after number %d, but the state knows its number %d", ErrClaim, t.id, after, seen)
	case t.doubt >= first:
		return fmt.Errorf("%w: %v is in doubt about number %d before it was given number %d", ErrClaim, t.id, t.doubt, first)
	}
	return t.fault
}
