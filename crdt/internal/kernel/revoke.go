package kernel

import "github.com/dovetail-crdt/dovetail/clock"

// Revocation returns the state that ends what is live in s, dot by dot, and knows
// of nothing else: merged anywhere, before s or after it, it leaves of s what s
// ended. It is not ok if a running total is live in s: whoever has seen one may have
// counted on it, and the writer's next repeats it.
func (s *State) Revocation() (r *State, ok bool) {
	s.mustBeClosed()
	r, ok = New(), true
	for i := range s.ctx.Rows() {
		id, first, rest := s.ctx.Row(i)
		revoke := func(run clock.Interval) {
			s.eachBeyond(nil, id, run, func(p *page, slot int, seq uint64) {
				if p.infoOf(slot).value() == valueTotal {
					ok = false
				}
				r.ctx.Add(clock.Dot{Replica: id, Seq: seq})
			})
		}
		revoke(first)
		for _, run := range rest {
			revoke(run)
		}
	}
	return r, ok
}
