package layout

import (
	"math/rand/v2"
	"testing"

	"github.com/dovetail-crdt/dovetail/clock"
)

// TestUnappliedMerge compares what Merge and UnappliedJoin leave with their definition: what
// is covered afterwards, and was applied neither by what was known nor by the news.
func TestUnappliedMerge(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	some := func(of *clock.Context, one int) *clock.Context { // a part, with a chance of 1 in one
		out := &clock.Context{}
		for id, in := range of.Intervals() {
			for seq := in.Lo; seq <= in.Hi; seq++ {
				if r.IntN(one) == 0 {
					out.Add(clock.Dot{Replica: id, Seq: seq})
				}
			}
		}
		return out
	}
	all := &clock.Context{}
	for id := range clock.ReplicaID(3) {
		all.AddRange(id+1, clock.Interval{Lo: 1, Hi: 6})
	}
	quick := 0
	for range 20_000 {
		known, news := some(all, 1+r.IntN(4)), some(all, 1+r.IntN(4))
		left, lacks := some(known, 1+r.IntN(20)), some(news, 1+r.IntN(20))
		if r.IntN(2) == 0 {
			left = &clock.Context{}
		}
		s := Unapplied{dots: *left.Clone()}
		s.Merge(known, news, lacks)
		applied := known.Minus(left)
		applied.Merge(news.Minus(lacks))
		want := known.Clone()
		want.Merge(news)
		if want = want.Minus(applied); !s.dots.Equal(want) {
			t.Fatalf("known %v without %v, and %v without %v: %v unapplied, want %v", known, left, news, lacks, &s.dots, want)
		}
		var g UnappliedJoin
		g.Add(news, lacks)
		g.Add(known, left)
		if u := g.Unapplied(); !u.dots.Equal(want) {
			t.Fatalf("known %v without %v, and %v without %v gathered: %v unapplied, want %v", known, left, news, lacks, &u.dots, want)
		}
		if left.IsEmpty() && !lacks.IsEmpty() && known.Covers(lacks) {
			quick++
		}
	}
	if quick == 0 {
		t.Error("no case where known covers what the news leave")
	}
}
