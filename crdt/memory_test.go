package crdt_test

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/untyped"
)

// memorySlack is how many times what an object takes Memory may say.
const memorySlack = 12

// TestMemory compares Memory with the heap, for shapes of every kind of page and node:
// it is not below what an object takes, and at most memorySlack times that.
func TestMemory(t *testing.T) {
	type counters = crdt.AWMap[uint64, *crdt.Counter]
	nested := crdt.AWMapKind(crdt.String, crdt.AWMapKind(crdt.Uint64, crdt.CounterKind()))
	blobs := crdt.MVMapKind(crdt.Uint64, crdt.Bytes)
	for name, o := range map[string]*untyped.Object{
		"counter of 1": made(t, crdt.CounterKind(), 1, func(tx *crdt.Tx, c *crdt.Counter, _ int) { c.Add(tx, 1) }),
		"counter of 1,000 replicas": made(t, crdt.CounterKind(), 1000, func(tx *crdt.Tx, c *crdt.Counter, _ int) {
			c.Add(tx, 1)
		}),
		"set of 1": made(t, crdt.AWSetKind(crdt.Uint64), 1, func(tx *crdt.Tx, s *crdt.AWSet[uint64], _ int) { s.Add(tx, 1) }),
		"set of 10,000": made(t, crdt.AWSetKind(crdt.Uint64), 1, func(tx *crdt.Tx, s *crdt.AWSet[uint64], _ int) {
			for i := range 10_000 {
				s.Add(tx, uint64(i))
			}
		}),
		"set of 10,000 strings of 100 replicas": made(t, crdt.AWSetKind(crdt.String), 100, func(tx *crdt.Tx, s *crdt.AWSet[string], r int) {
			for i := range 100 {
				s.Add(tx, fmt.Sprintf("element %08d of replica %d", i, r))
			}
		}),
		"map of 1,000 maps of 10 counters": made(t, nested, 1, func(tx *crdt.Tx, m *crdt.AWMap[string, *counters], _ int) {
			for i := range 10_000 {
				m.At(fmt.Sprint(i/10)).At(uint64(i)).Add(tx, 1)
			}
		}),
		"a value of 1 MiB": made(t, blobs, 1, func(tx *crdt.Tx, m *crdt.MVMap[uint64, []byte], _ int) {
			m.At(1).Set(tx, make([]byte, 1<<20))
		}),
		"gset of 10,000": made(t, crdt.GSetKind(crdt.Uint64), 1, func(tx *crdt.Tx, s *crdt.GSet[uint64], _ int) {
			for i := range 10_000 {
				s.Add(tx, uint64(i))
			}
		}),
		"gcounter of 1":        made(t, crdt.GCounterKind(), 1, func(tx *crdt.Tx, c *crdt.GCounter, _ int) { c.Add(tx, 1) }),
		"pncounter of 1,000":   made(t, crdt.PNCounterKind(), 1000, func(tx *crdt.Tx, c *crdt.PNCounter, _ int) { c.Add(tx, -1) }),
		"bounded counter of 1": made(t, crdt.BoundedCounterKind(0, 9), 1, func(tx *crdt.Tx, c *crdt.BoundedCounter, _ int) { mustT(t, c.Start(tx, 5)) }),
	} {
		t.Run(name, func(t *testing.T) {
			takes, said := heapOf(o), o.Memory()
			t.Logf("%d bytes, said to be %.1f times as much", takes, float64(said)/float64(takes))
			if said < takes || said > memorySlack*takes {
				t.Errorf("Memory() = %d, which is %.1f times the %d bytes that it takes", said, float64(said)/float64(takes), takes)
			}
		})
	}
}

func mustT(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// made returns what n replicas make of an object, each for itself.
func made[S crdt.Lattice[S]](t *testing.T, k crdt.Kind[S], n int, fn func(tx *crdt.Tx, s S, replica int)) *untyped.Object {
	t.Helper()
	all := k.New()
	for r := range n {
		id := clock.ReplicaID(uint64(r+1)*0x9E3779B97F4A7C15 | 1)
		d, err := crdt.Mutate(k.New(), crdt.NewWriter(id, time.Now).On(), func(tx *crdt.Tx, s S) error { fn(tx, s, r); return nil })
		mustT(t, err)
		all.Merge(d)
	}
	o, err := untyped.ObjectOf(k, all)
	mustT(t, err)
	return o
}

// heapOf returns how many bytes a copy of an object takes.
func heapOf(o *untyped.Object) int {
	const copies = 2000
	n := min(copies, max(16<<20/o.Memory(), 4))
	var before, after runtime.MemStats
	keep := make([]*untyped.Object, n)
	runtime.GC()
	runtime.GC() // what the first found unused is counted until it is swept
	runtime.ReadMemStats(&before)
	for i := range keep {
		keep[i] = o.Clone()
	}
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&after)
	runtime.KeepAlive(keep)
	return int(after.HeapAlloc-before.HeapAlloc) / n
}
