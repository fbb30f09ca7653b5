package aerospike

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/layout"
	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/untyped"
)

// footprintSlack is how many times what an object takes the cache may count.
const footprintSlack = 8

// TestFootprint compares what the cache counts for an object with the heap: for one that
// was read, and for one that transactions ran on.
func TestFootprint(t *testing.T) {
	docs := crdt.AWMapKind(crdt.String, crdt.LWWRegisterKind(crdt.String))
	checkFootprint(t, "counter", crdt.CounterKind(), func(tx *crdt.Tx, c *crdt.Counter, i int) { c.Add(tx, int64(i)) })
	checkFootprint(t, "total", crdt.GCounterKind(), func(tx *crdt.Tx, c *crdt.GCounter, _ int) { c.Add(tx, 1) })
	checkFootprint(t, "set of 10,000", crdt.AWSetKind(crdt.Uint64), func(tx *crdt.Tx, s *crdt.AWSet[uint64], i int) {
		for n := range uint64(10_000) {
			s.Add(tx, 10_000*uint64(i)+n)
		}
	})
	checkFootprint(t, "doc of 200 fields", docs, func(tx *crdt.Tx, m *crdt.AWMap[string, *crdt.LWWRegister[string]], i int) {
		for f := range 200 {
			m.At(fmt.Sprintf("field %d of %d", f, i)).Set(tx, "some text that stands in the field")
		}
	})
}

func checkFootprint[S crdt.Lattice[S]](t *testing.T, name string, k crdt.Kind[S], fn func(tx *crdt.Tx, s S, i int)) {
	t.Helper()
	mutate := func(s *untyped.Object, id clock.ReplicaID, i int) *untyped.Object {
		d, err := s.Mutate(crdt.NewWriter(id, time.Now).On(), func(tx *crdt.Tx, o *untyped.Object) error {
			s, err := untyped.ValueOf(k, o)
			fn(tx, s, i)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	frame, err := mutate(untyped.NewObject(k), 7, 0).AppendFrame(nil)
	if err != nil {
		t.Fatal(err)
	}
	l := newLedger(&Config{}, nil)
	for _, worked := range []bool{false, true} {
		var counted int64
		takes := heapEach(max(4, min(1000, 8<<20/len(frame)/16)), func() any {
			o := &object{turn: make(chan struct{}, 1), writing: make(chan struct{}, 1)}
			v := o.as(k)
			if err := v.learnEntry(&layout.Entry{Frame: frame}); err != nil {
				t.Fatal(err)
			}
			if worked {
				work, _ := v.workOn(l)
				d := mutate(work, 9, 1) // and as if it were acknowledged:
				v.merge(d, nil)
				v.grew(len(frame))
			}
			counted = objectMemory + o.memory.Load()
			return o
		})
		t.Logf("%s, worked on %v: takes %d, counted %.1f times", name, worked, takes, float64(counted)/float64(takes))
		if counted < takes || counted > footprintSlack*takes {
			t.Errorf("%s, worked on %v: takes %d bytes, is counted as %d", name, worked, takes, counted)
		}
	}
}

// heapEach returns how many bytes each of n things takes that f makes.
func heapEach(n int, f func() any) int64 {
	var before, after runtime.MemStats
	keep := make([]any, n)
	runtime.GC()
	runtime.GC() // what the first found unused is counted until it is swept
	runtime.ReadMemStats(&before)
	for i := range keep {
		keep[i] = f()
	}
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&after)
	runtime.KeepAlive(keep)
	return int64(after.HeapAlloc-before.HeapAlloc) / int64(n)
}
