package crdttest

import (
	"time"

	"pgregory.net/rapid"

	"github.com/dovetail-crdt/dovetail/clock"
)

// source issues events as a store with many objects does: numbers of other
// objects lie between, claims are any honest upper bound, clocks are wrong, and
// now and then the fate of all events so far is in doubt.
type source struct {
	id           clock.ReplicaID
	seq, last    uint64
	after, doubt uint64
	issued       int
	now          time.Time
	hlc          *clock.HLC
}

func newSource(t *rapid.T, i int) *source {
	s := &source{id: clock.ReplicaID(i + 1)}
	skew := time.Duration(rapid.IntRange(-3, 3).Draw(t, "skew")) * time.Hour
	s.now = time.UnixMilli(1_700_000_000_000).Add(skew)
	s.hlc = clock.NewHLC(func() time.Time { return s.now }, time.Hour)
	return s
}

// draw decides what surrounds the next transaction.
func (s *source) draw(t *rapid.T) {
	s.seq += uint64(rapid.IntRange(0, 2).Draw(t, "gap"))
	s.after = rapid.Uint64Range(s.last, s.seq).Draw(t, "claim")
	s.now = s.now.Add(time.Duration(rapid.IntRange(0, 1000).Draw(t, "ms")) * time.Millisecond)
	if rapid.IntRange(0, 19).Draw(t, "doubt") == 0 {
		s.doubt = s.last
	}
}

// Replica implements crdt.Source.
func (s *source) Replica() clock.ReplicaID { return s.id }

// Stamp implements crdt.Source.
func (s *source) Stamp(over ...clock.Timestamp) clock.Timestamp { return s.hlc.Stamp(over...) }

// Doubt implements crdt.Source.
func (s *source) Doubt() uint64 { return s.doubt }

// Issue implements crdt.Source.
func (s *source) Issue(n int) (clock.Event, error) {
	ev := clock.Event{Dot: clock.Dot{Replica: s.id, Seq: s.seq + 1}, After: s.after, Time: s.hlc.Now()}
	s.seq += uint64(n)
	s.last = s.seq
	s.issued += n
	return ev, nil
}
