package kernel

import "github.com/dovetail-crdt/dovetail/clock"

// LastTotal returns the largest number among the running totals of a replica that
// are live in s, or 0.
func (s *State) LastTotal(id clock.ReplicaID) (seq uint64) {
	s.mustBeClosed()
	s.eachBeyond(nil, id, clock.Interval{Lo: 1, Hi: clock.MaxSeq}, func(p *page, slot int, n uint64) {
		if p.infoOf(slot).value() == valueTotal {
			seq = max(seq, n)
		}
	})
	return seq
}
