package kernel_test

import (
	"fmt"
	"maps"
	"testing"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt/internal/kernel"
	"github.com/dovetail-crdt/dovetail/crdt/internal/textbook"
)

// scale is a state of several thousand entries with runs of live and dead dots of
// all lengths: two replicas, one with most dots live, one with few.
func scale(t testing.TB) *site {
	t.Helper()
	a, b := newSite(t, 1), newSite(t, 2)
	do := func(w *site, f func(*kernel.Tx)) *kernel.State { // site.do without the checks
		tx := w.s.Begin(w.id, 0)
		f(tx)
		n := tx.Events()
		d, err := tx.Commit(w.seq+1, w.seq)
		if err != nil {
			t.Fatal(err)
		}
		w.seq += uint64(n)
		return d
	}
	for k := range 9 {
		n := []int{300, 700, 1000}[k%3]
		fill := func(w *site, name string) *kernel.State {
			return do(w, func(tx *kernel.Tx) {
				for i := range n {
					tx.Put(at(name, bulkKey(1000*k+i)), nil)
				}
				tx.Inc(at("totals", fmt.Sprint(k)), 1)
			})
		}
		fill(a, "dense")
		a.s.Merge(fill(b, "packed"))
		do(b, func(tx *kernel.Tx) {
			for i := range n {
				if (i+k)%5 > 0 {
					tx.Kill(at("packed", bulkKey(1000*k+i)))
				}
			}
			tx.Kill(at("totals", fmt.Sprint(k/2)))
		})
		a.s.Merge(b.s)
	}
	a.valid(a.s)
	shape := kernel.Shape(a.s)
	if shape["dense"] == 0 || shape["packed"] == 0 {
		t.Fatalf("pages are %v", shape)
	}
	return a
}

func TestExtractAtScale(t *testing.T) {
	t.Parallel()
	s := scale(t).s
	twin := textbook.From(s)
	m1, m2 := s.Context().Max(1), s.Context().Max(2)
	for name, base := range map[string]*clock.Context{
		"nothing":  set(),
		"all":      s.Context().Clone(),
		"one left": set(upTo(m1-1), upTo(m2)),
		"tails":    set(upTo(m1-700), upTo(m2-900)),
		"one only": set(upTo(m1)),
		"holes":    every(7, m1, m2),
		"middles":  set(clock.Interval{Lo: 1000, Hi: 3001}, clock.Interval{Lo: 513, Hi: 5000}),
	} {
		killed := every(3, m1, m2)
		out := s.ExtractKilled(base, killed)
		checkPart(t, out)
		if !textbook.From(out).Equal(extracted(twin, base, killed)) {
			t.Errorf("%s: by kill lists other than its slow twin", name)
		}
		out, held := s.ExtractHeld(base)
		checkPart(t, out)
		if !textbook.From(out).Equal(extracted(twin, base, nil)) {
			t.Errorf("%s: by bitmap other than its slow twin", name)
		}
		want := map[clock.Dot]bool{}
		for d := range twin.Live {
			if base.Contains(d) {
				want[d] = true
			}
		}
		got := map[clock.Dot]bool{}
		for id, in := range held.Intervals() {
			for seq := in.Lo; seq <= in.Hi; seq++ {
				got[clock.Dot{Replica: id, Seq: seq}] = true
			}
		}
		if !maps.Equal(got, want) {
			t.Errorf("%s: %d dots are named, want %d", name, len(got), len(want))
		}
	}
}

// every is the dots of two replicas but every n-th.
func every(n, m1, m2 uint64) *clock.Context {
	c := &clock.Context{}
	for id, most := range map[clock.ReplicaID]uint64{1: m1, 2: m2} {
		for seq := uint64(1); seq <= most; seq++ {
			if seq%n > 0 {
				c.Add(clock.Dot{Replica: id, Seq: seq})
			}
		}
	}
	return c
}
