package crdt_test

import (
	"fmt"
	"testing"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
)

// benchMerge merges states that are each ahead of the one before at every one of
// n replicas; decoded ones share no memory with what they are merged into.
func benchMerge[S crdt.Lattice[S]](b *testing.B, k crdt.Kind[S], n int, decoded bool, add func(*crdt.Tx, S)) {
	b.Helper()
	const ahead = 512 // from the second-level cache, and enough that the timer's stops do not count
	step := func(s S) {
		for i := range n {
			do(b, s, writer(clock.ReplicaID(i+1)), add)
		}
	}
	first := k.New()
	step(first)
	states, last := make([]S, ahead), first.Clone()
	for i := range states {
		step(last)
		states[i] = last.Clone()
		if decoded {
			var err error
			if states[i], err = crdt.DecodeFrame(k, frame(b, k, last)); err != nil {
				b.Fatal(err)
			}
		}
	}
	s, i := first.Clone(), 0
	b.ReportAllocs()
	for b.Loop() {
		if !s.Merge(states[i]) {
			b.Fatal("a merge of something new changed nothing")
		}
		if i++; i == ahead {
			b.StopTimer()
			s, i = first.Clone(), 0
			b.StartTimer()
		}
	}
}

func BenchmarkCounterRows(b *testing.B) {
	for _, n := range []int{5, 64} {
		for _, decoded := range []bool{false, true} {
			b.Run(fmt.Sprintf("gcounter/n=%d/decoded=%t", n, decoded), func(b *testing.B) {
				benchMerge(b, crdt.GCounterKind(), n, decoded, func(tx *crdt.Tx, c *crdt.GCounter) { c.Add(tx, 1) })
			})
			b.Run(fmt.Sprintf("pncounter/n=%d/decoded=%t", n, decoded), func(b *testing.B) {
				benchMerge(b, crdt.PNCounterKind(), n, decoded, func(tx *crdt.Tx, c *crdt.PNCounter) { c.Add(tx, 1); c.Add(tx, -1) })
			})
		}
	}
}
