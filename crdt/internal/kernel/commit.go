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
	d := New()
	slices.SortFunc(t.killed, clock.Dot.Compare) // in order each is added at the end, in O(1)
	for _, k := range t.killed {
		d.ctx.Add(k)
	}
	d.ctx.AddRange(t.id, clock.Interval{Lo: after + 1, Hi: last.Seq})
	seq := first
	for i := range t.births {
		if e := t.births[i].e; !t.births[i].dead {
			t.number(e, seq)
			d.insert(&Entry{dot: e.dot, at: d.twin(e.at), val: e.val})
			seq++
		}
	}
	for _, b := range t.bases {
		if i, ok := b.n.findBase(b.replica, b.run); ok {
			b.n.bases[i].By = last
			d.joinBase(d.twin(b.n), b.n.bases[i])
		}
	}
	t.s.ctx.Merge(&d.ctx)
	for _, c := range t.journal {
		if c.born != nil {
			t.s.settle(c.born.at)
		}
	}
	t.finish()
	d.settleBelow(d.root) // a base of a run that this very transaction closes is not part of it
	return d, nil
}

// refuse returns why the transaction must not get these numbers, or nil.
func (t *Tx) refuse(first, after uint64) error {
	switch seen := t.s.ctx.Max(t.id); {
	case seen >= first:
		return fmt.Errorf("%w: %v was given number %d, but the state knows its number %d", ErrReused, t.id, first, seen)
	case after < seen:
		return fmt.Errorf("%w: %v claims no event after number %d, but the state knows its number %d", ErrClaim, t.id, after, seen)
	case t.doubt >= first:
		return fmt.Errorf("%w: %v is in doubt about number %d before it was given number %d", ErrClaim, t.id, t.doubt, first)
	}
	return t.fault
}

// number gives e its number. All that is provisional stands behind all that the
// replica did before, so the order of lane and node stays as it is.
func (t *Tx) number(e *Entry, seq uint64) {
	if v := e.val.Total; v != nil && v.Run == e.dot.Seq {
		e.val.Total = &Total{Run: seq, Lo: v.Lo, Sum: v.Sum}
	}
	e.dot.Seq = seq
}

func (s *State) settleBelow(n *node) {
	for _, k := range n.kids {
		s.settleBelow(k)
	}
	s.settle(n)
	n.prune()
}
