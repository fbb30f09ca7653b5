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

// BenchmarkVectorMergeFew merges two replicas into many.
func BenchmarkVectorMergeFew(b *testing.B) {
	for _, n := range benchSizes {
		v, _ := benchVectors(n)
		w, ids := &clock.Vector{}, benchIDs(n)
		w.Advance(clock.Dot{Replica: ids[0], Seq: 1})
		w.Advance(clock.Dot{Replica: ids[n/2], Seq: 1})
		b.Run(fmt.Sprintf("n=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				v.Merge(w)
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

// BenchmarkContextSmall merges the context of a delta, one run for each of a few
// replicas, into one of more: known already, or the next after what is known.
func BenchmarkContextSmall(b *testing.B) {
	for _, n := range []int{3, 8, 1024} {
		ids, into := benchIDs(n), benchContext(n, 1, 1)
		for _, rows := range []int{1, 2, 3} {
			delta := func(seq uint64) *clock.Context {
				c := &clock.Context{}
				for i := range rows {
					c.Add(clock.Dot{Replica: ids[i*n/rows], Seq: seq})
				}
				return c
			}
			size := fmt.Sprintf("rows=%d/n=%d", rows, n)
			b.Run("known/"+size, func(b *testing.B) {
				b.ReportAllocs()
				c, d := into.Clone(), delta(5)
				for b.Loop() {
					c.Merge(d)
				}
			})
			b.Run("extends/"+size, func(b *testing.B) {
				ds := make([]*clock.Context, 256)
				for i := range ds {
					ds[i] = delta(uint64(11 + i))
				}
				c, i := into.Clone(), 0
				for b.Loop() {
					if i == len(ds) {
						c, i = into.Clone(), 0
					}
					c.Merge(ds[i])
					i++
				}
			})
		}
	}
}

// BenchmarkContextHoles merges n dots that leave a hole each, one after another.
func BenchmarkContextHoles(b *testing.B) {
	for _, n := range []uint64{40_000, 200_000} {
		orders := []struct {
			name string
			seq  func(i uint64) uint64
		}{
			{"upwards", func(i uint64) uint64 { return 2*i + 2 }},
			{"downwards", func(i uint64) uint64 { return 2 * (n - i) }},
			{"scattered", func(i uint64) uint64 { return 2 * (i*12347%n + 1) }},
		}
		for _, o := range orders {
			b.Run(fmt.Sprintf("%s/n=%d", o.name, n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					var c clock.Context
					for i := range n {
						var one clock.Context
						one.Add(clock.Dot{Replica: 1, Seq: o.seq(i)})
						c.Merge(&one)
					}
				}
			})
		}
	}
}

// BenchmarkContextCovers asks whether contexts with many holes cover themselves.
func BenchmarkContextCovers(b *testing.B) {
	for _, runs := range []int{1, 16, 1024, 65536} {
		b.Run(fmt.Sprintf("runs=%d", runs), func(b *testing.B) {
			c := benchContext(1, runs, 1)
			o := c.Clone()
			for b.Loop() {
				c.Covers(o)
			}
		})
	}
}

// BenchmarkContextRows walks a context by Row and by Intervals.
func BenchmarkContextRows(b *testing.B) {
	for _, n := range []int{3, 8} {
		c, sum := benchContext(n, 1, 1), uint64(0)
		b.Run(fmt.Sprintf("row/n=%d", n), func(b *testing.B) {
			for b.Loop() {
				for i := range c.Rows() {
					_, first, rest := c.Row(i)
					sum += first.Hi
					for _, in := range rest {
						sum += in.Hi
					}
				}
			}
		})
		b.Run(fmt.Sprintf("intervals/n=%d", n), func(b *testing.B) {
			for b.Loop() {
				for _, in := range c.Intervals() {
					sum += in.Hi
				}
			}
		})
	}
}

// benchWrite writes an event of id that claims to be the next after its last.
func benchWrite(s *clock.Siblings[string], id clock.ReplicaID, seq uint64, seen *clock.Context) {
	e := clock.Event{Dot: clock.Dot{Replica: id, Seq: seq}, After: s.Context().Max(id)}
	if err := s.Write(e, seen, "a value of some length"); err != nil {
		panic(err)
	}
}

func BenchmarkSiblings(b *testing.B) {
	for _, n := range []int{1, 2, 3, 8} {
		ids := benchIDs(n)
		all := &clock.Siblings[string]{} // n concurrent values
		for _, id := range ids {
			benchWrite(all, id, 1, nil)
		}
		name := func(op string) string { return fmt.Sprintf("%s/n=%d", op, n) }
		b.Run(name("merge/known"), func(b *testing.B) {
			b.ReportAllocs()
			s := all.Clone()
			for b.Loop() {
				s.Merge(all)
			}
		})
		b.Run(name("write"), func(b *testing.B) {
			b.ReportAllocs()
			s, seq := all.Clone(), uint64(1)
			for b.Loop() {
				seq++
				benchWrite(s, ids[0], seq, s.Context())
			}
		})
		b.Run(name("write and merge"), func(b *testing.B) { // each in turn replaces what both show
			b.ReportAllocs()
			s, o, seq := all.Clone(), all.Clone(), uint64(1)
			for b.Loop() {
				seq++
				benchWrite(s, ids[seq%uint64(n)], seq, s.Context())
				o.Merge(s)
				s, o = o, s
			}
		})
		b.Run(name("conflict"), func(b *testing.B) { // both write, then merge both ways
			b.ReportAllocs()
			s, o, seq := all.Clone(), all.Clone(), uint64(1)
			for b.Loop() {
				seq++
				benchWrite(s, ids[0], seq, s.Context())
				benchWrite(o, 1, seq, o.Context())
				s.Merge(o)
				o.Merge(s)
			}
		})
		b.Run(name("encode"), func(b *testing.B) {
			b.ReportAllocs()
			var buf []byte
			for b.Loop() {
				var err error
				if buf, err = all.AppendBinary(buf[:0], appendString); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(name("decode"), func(b *testing.B) {
			b.ReportAllocs()
			buf := encodeSiblings(b, all)
			for b.Loop() {
				if _, err := decodeSiblings(buf); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
