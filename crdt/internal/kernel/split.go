package kernel

import "github.com/dovetail-crdt/dovetail/clock"

// Split returns what s knows of the events of some replicas and what of all others':
// two states that share no dot and no run, whose join is s. It shares nothing with
// them that any of them may change.
func (s *State) Split(apart func(id clock.ReplicaID) bool) (rest, part *State) {
	s.mustBeClosed()
	r, p := newExtractor(s, New()), newExtractor(s, New())
	of := func(id clock.ReplicaID) *extractor {
		if apart(id) {
			return &p
		}
		return &r
	}
	for i := range s.ctx.Rows() {
		id, first, more := s.ctx.Row(i)
		t := of(id)
		t.to.ctx.AddRange(id, first)
		for _, run := range more {
			t.to.ctx.AddRange(id, run)
		}
		t.run(id, first)
		for _, run := range more {
			t.run(id, run)
		}
	}
	r.bases(func(b *Base) bool { return of(b.Replica) == &r })
	p.bases(func(b *Base) bool { return of(b.Replica) == &p })
	return r.to, p.to
}
