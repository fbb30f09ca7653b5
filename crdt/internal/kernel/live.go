package kernel

import "github.com/dovetail-crdt/dovetail/clock"

// Live returns the dots of the live entries. O(n).
func (s *State) Live() *clock.Context {
	out := &clock.Context{}
	var runs []clock.Interval
	for id := range s.ctx.Replicas() {
		runs = s.liveRuns(runs[:0], id)
		for _, run := range runs {
			out.AddRange(id, run)
		}
	}
	return out
}
