package clock_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/dovetail-crdt/dovetail/clock"
)

var benchSizes = []int{3, 8, 64, 1024}

// benchIDs returns n replica ids, the same ones in every run.
func benchIDs(n int) []clock.ReplicaID {
	r := rand.New(rand.NewPCG(1, 2))
	ids := make([]clock.ReplicaID, n)
	for i := range ids {
		ids[i] = clock.ReplicaID(r.Uint64() | 1)
	}
	return ids
}

// benchVectors returns concurrent vectors of the same replicas.
func benchVectors(n int) (v, w *clock.Vector) {
	v, w = &clock.Vector{}, &clock.Vector{}
	for i, id := range benchIDs(n) {
		v.Advance(clock.Dot{Replica: id, Seq: uint64(100 + i%2)})
		w.Advance(clock.Dot{Replica: id, Seq: uint64(101 - i%2)})
	}
	return v, w
}

func BenchmarkVector(b *testing.B) {
	for _, n := range benchSizes {
		v, w := benchVectors(n)
		b.Run(fmt.Sprintf("merge/n=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			into := v.Clone()
			for b.Loop() {
				into.Merge(w)
			}
		})
		b.Run(fmt.Sprintf("compare/n=%d/equal", n), func(b *testing.B) {
			b.ReportAllocs()
			o := v.Clone()
			for b.Loop() {
				v.Compare(o)
			}
		})
		b.Run(fmt.Sprintf("compare/n=%d/concurrent", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				v.Compare(w)
			}
		})
	}
}

// BenchmarkVectorMergeDisjoint merges histories of replicas that take turns in
// the order of ids, the most rows that a merge can have to insert.
func BenchmarkVectorMergeDisjoint(b *testing.B) {
	for _, n := range benchSizes {
		v, w := &clock.Vector{}, &clock.Vector{}
		for i := range n {
			v.Advance(clock.Dot{Replica: clock.ReplicaID(2*i + 1), Seq: 1})
			w.Advance(clock.Dot{Replica: clock.ReplicaID(2*i + 2), Seq: 1})
		}
		b.Run(fmt.Sprintf("n=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				v.Clone().Merge(w)
			}
		})
	}
}

// BenchmarkContextMergeDisjoint is BenchmarkVectorMergeDisjoint for contexts.
func BenchmarkContextMergeDisjoint(b *testing.B) {
	for _, n := range benchSizes {
		c, o := &clock.Context{}, &clock.Context{}
		for i := range n {
			c.Add(clock.Dot{Replica: clock.ReplicaID(2*i + 1), Seq: 1})
			o.Add(clock.Dot{Replica: clock.ReplicaID(2*i + 2), Seq: 1})
		}
		b.Run(fmt.Sprintf("n=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c.Clone().Merge(o)
			}
		})
	}
}

// benchContext returns a context of n replicas with runs intervals each.
func benchContext(n, runs int, from uint64) *clock.Context {
	c := &clock.Context{}
	for _, id := range benchIDs(n) {
		for i := range runs {
			lo := from + uint64(20*i)
			c.AddRange(id, clock.Interval{Lo: lo, Hi: lo + 9})
		}
	}
	return c
}

func BenchmarkContext(b *testing.B) {
	for _, n := range benchSizes {
		for _, runs := range []int{1, 16} {
			c, o := benchContext(n, runs, 1), benchContext(n, runs, 5)
			size := fmt.Sprintf("n=%d/runs=%d", n, runs)
			b.Run("contains/"+size, func(b *testing.B) {
				b.ReportAllocs()
				d := clock.Dot{Replica: benchIDs(n)[n/2], Seq: c.Max(benchIDs(n)[n/2])}
				for b.Loop() {
					c.Contains(d)
				}
			})
			b.Run("merge/"+size+"/overlap", func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					c.Clone().Merge(o)
				}
			})
			b.Run("merge/"+size+"/known", func(b *testing.B) {
				b.ReportAllocs()
				all := join(c, o)
				for b.Loop() {
					all.Merge(o)
				}
			})
		}
	}
}

// BenchmarkContextExtend adds the next dot behind a context with holes.
func BenchmarkContextExtend(b *testing.B) {
	for _, runs := range []int{1, 16, 1024} {
		b.Run(fmt.Sprintf("runs=%d", runs), func(b *testing.B) {
			b.ReportAllocs()
			c := benchContext(1, runs, 1)
			id := benchIDs(1)[0]
			for b.Loop() {
				c.Add(clock.Dot{Replica: id, Seq: c.Max(id) + 1})
			}
		})
	}
}
