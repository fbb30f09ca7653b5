package crdt_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
)

// TestRowsOneByOne merges tables of any size, and rows one by one, into tables of many
// replicas, does everything else with them between, and compares them with maps.
func TestRowsOneByOne(tt *testing.T) {
	tt.Parallel()
	k := crdt.GCounterKind()
	rapid.Check(tt, func(t *rapid.T) {
		type table struct {
			c    *crdt.GCounter
			want map[clock.ReplicaID]uint64
		}
		row := func(w map[clock.ReplicaID]uint64) *crdt.GCounter {
			c := k.New()
			for id, n := range w {
				d := k.New()
				do(tt, d, writer(id), func(tx *crdt.Tx, c *crdt.GCounter) { c.Add(tx, n) })
				c.Merge(d)
			}
			return c
		}
		raise := func(into, from map[clock.ReplicaID]uint64) (changed bool) {
			for id, n := range from {
				if n > into[id] {
					into[id], changed = n, true
				}
			}
			return changed
		}
		tables := [2]table{{k.New(), map[clock.ReplicaID]uint64{}}, {k.New(), map[clock.ReplicaID]uint64{}}}
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			at := rapid.IntRange(0, 1).Draw(t, "table")
			x, y := &tables[at], &tables[1-at]
			switch rapid.IntRange(0, 9).Draw(t, "step") {
			case 0:
				x.c = x.c.Clone()
			case 1:
				got, err := crdt.DecodeFrame(k, frame(tt, k, x.c))
				if err != nil || !got.Equal(x.c) {
					t.Fatalf("decoded: %v, %v", got, err)
				}
			case 2:
				if changed := x.c.Merge(y.c); changed != raise(x.want, y.want) {
					t.Fatalf("Merge of a whole table: %t", changed)
				}
			case 3:
				some := map[clock.ReplicaID]uint64{}
				for range rapid.IntRange(1, 60).Draw(t, "rows") {
					some[clock.ReplicaID(rapid.Uint64Range(1, 300).Draw(t, "id"))] = rapid.Uint64Range(1, 4).Draw(t, "total")
				}
				x.c.Merge(row(some))
				raise(x.want, some)
			case 4:
				id := clock.ReplicaID(rapid.Uint64Range(1, 300).Draw(t, "id"))
				do(tt, x.c, writer(id), func(tx *crdt.Tx, c *crdt.GCounter) { c.Add(tx, 1) })
				x.want[id]++
			default:
				one := map[clock.ReplicaID]uint64{clock.ReplicaID(rapid.Uint64Range(1, 300).Draw(t, "id")): rapid.Uint64Range(1, 4).Draw(t, "total")}
				if changed := x.c.Merge(row(one)); changed != raise(x.want, one) {
					t.Fatalf("Merge of %v: %t", one, changed)
				}
			}
			sum := uint64(0)
			for _, n := range x.want {
				sum += n
			}
			if x.c.Value() != sum {
				t.Fatalf("Value = %d, want %d", x.c.Value(), sum)
			}
		}
		for _, x := range tables {
			if want := row(x.want); !x.c.Equal(want) || string(frame(tt, k, x.c)) != string(frame(tt, k, want)) {
				t.Fatalf("table is %v, want %v", x.c, want)
			}
		}
		if got, want := tables[0].c.Equal(tables[1].c), row(tables[0].want).Equal(row(tables[1].want)); got != want {
			t.Fatalf("Equal = %t, want %t", got, want)
		}
	})
}

// BenchmarkRowsOneByOne merges the rows of n replicas one by one into an empty counter.
func BenchmarkRowsOneByOne(b *testing.B) {
	for _, n := range []int{10, 1000, 100_000} {
		deltas := make([]*crdt.GCounter, n)
		for i := range deltas {
			deltas[i] = crdt.GCounterKind().New()
			do(b, deltas[i], writer(clock.ReplicaID(uint64(i+1)*0x9E3779B97F4A7C15|1)), func(tx *crdt.Tx, c *crdt.GCounter) { c.Add(tx, 1) })
		}
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				c := crdt.GCounterKind().New()
				for _, d := range deltas {
					c.Merge(d)
				}
				if c.Value() != uint64(n) {
					b.Fatal(c)
				}
			}
		})
	}
}

// BenchmarkAdd adds at one of n replicas that have a total.
func BenchmarkAdd(b *testing.B) {
	for _, n := range []int{10, 1000, 100_000} {
		b.Run(fmt.Sprintf("counter/%d", n), func(b *testing.B) {
			benchAdd(b, crdt.CounterKind(), n, func(tx *crdt.Tx, c *crdt.Counter) { c.Add(tx, 1) })
		})
		b.Run(fmt.Sprintf("gcounter/%d", n), func(b *testing.B) {
			benchAdd(b, crdt.GCounterKind(), n, func(tx *crdt.Tx, c *crdt.GCounter) { c.Add(tx, 1) })
		})
	}
}

func benchAdd[S crdt.Lattice[S]](b *testing.B, k crdt.Kind[S], n int, add func(*crdt.Tx, S)) {
	b.Helper()
	s := k.New()
	for i := range n {
		d := k.New()
		do(b, d, writer(clock.ReplicaID(i+1)), add)
		s.Merge(d)
	}
	w := writer(clock.ReplicaID(n + 1))
	for b.Loop() {
		do(b, s, w, add)
	}
}
