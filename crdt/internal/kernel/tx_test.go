package kernel_test

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"runtime"
	"strings"
	"testing"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt/internal/kernel"
)

// full returns a site with entries, totals, bases and runs at several depths.
func full(t *testing.T) *site {
	t.Helper()
	a, b := newSite(t, 1), newSite(t, 2)
	for k := range 3 {
		b.do(func(tx *kernel.Tx) {
			tx.Put(at("s", fmt.Sprint(k)), nil)
			tx.Inc(at("m", fmt.Sprint(k), "n"), 5)
			tx.Inc(at("c"), 1)
		})
	}
	a.see(b.s)
	a.do(func(tx *kernel.Tx) { tx.Kill(at("m", "1")); tx.Kill(at("s", "1")); tx.Kill(at("c")) })
	a.do(func(tx *kernel.Tx) { tx.Inc(at("c"), 2); tx.Inc(at("m", "2", "n"), 2) })
	return a
}

func TestRollback(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		do   func(*kernel.Tx)
	}{
		{"nothing", func(*kernel.Tx) {}},
		{"put of the new", func(tx *kernel.Tx) { tx.Put(at("a", "b", "c"), []byte("x")) }},
		{"put over the old", func(tx *kernel.Tx) { tx.Put(at("s", "0"), []byte("x")) }},
		{"put twice", func(tx *kernel.Tx) { tx.Put(at("s", "0"), []byte("x")); tx.Put(at("s", "0"), []byte("y")) }},
		{"continued total", func(tx *kernel.Tx) { tx.Inc(at("c"), 1); tx.Inc(at("c"), 1) }},
		{"new total", func(tx *kernel.Tx) { tx.Inc(at("m", "1", "n"), 1) }},
		{"kill all", func(tx *kernel.Tx) { tx.Kill(nil) }},
		{"kill all twice", func(tx *kernel.Tx) { tx.Kill(nil); tx.Put(at("s", "0"), nil); tx.Kill(nil) }},
		{"inc and reset", func(tx *kernel.Tx) { tx.Inc(at("c"), 1); tx.Kill(at("c")) }},
		{"reset and inc", func(tx *kernel.Tx) { tx.Kill(at("c")); tx.Inc(at("c"), 1) }},
		{"inc, reset, inc, reset", func(tx *kernel.Tx) { tx.Inc(at("c"), 1); tx.Kill(nil); tx.Inc(at("c"), 1); tx.Kill(nil) }},
		{"kill of nothing", func(tx *kernel.Tx) { tx.Kill(at("absent", "path")) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := full(t)
			was, clone := encode(a.s), a.s.Clone()
			tx := a.s.Begin(a.id, 0)
			tt.do(tx)
			a.valid(a.s)
			tx.Rollback()
			a.valid(a.s)
			if !bytes.Equal(encode(a.s), was) || !a.s.Equal(clone) {
				t.Errorf("Rollback left %x, want %x", encode(a.s), was)
			}
			if a.s.At(at("a", "b")) != (kernel.Node{}) {
				t.Errorf("Rollback left an empty path")
			}
		})
	}
}

// Events are one for each entry alive at the end, one if the transaction only
// kills, none if nothing changed.
func TestEvents(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		want int
		do   func(*kernel.Tx)
	}{
		{"nothing", 0, func(*kernel.Tx) {}},
		{"kill of nothing", 0, func(tx *kernel.Tx) { tx.Kill(at("absent")) }},
		{"added and ended", 0, func(tx *kernel.Tx) { tx.Put(at("new"), nil); tx.Kill(at("new")) }},
		{"two puts", 2, func(tx *kernel.Tx) { tx.Put(at("x"), nil); tx.Put(at("y"), nil) }},
		{"one put twice", 1, func(tx *kernel.Tx) { tx.Put(at("x"), nil); tx.Put(at("x"), nil) }},
		{"two incs of one counter", 1, func(tx *kernel.Tx) { tx.Inc(at("x"), 1); tx.Inc(at("x"), 1) }},
		{"kills only", 1, func(tx *kernel.Tx) { tx.Kill(at("s")); tx.Kill(at("m")) }},
		{"put and kill", 1, func(tx *kernel.Tx) { tx.Put(at("x"), nil); tx.Kill(at("m")) }},
		{"inc and reset of the old", 1, func(tx *kernel.Tx) { tx.Inc(at("c"), 1); tx.Kill(at("c")) }},
	}
	for _, tt := range tests {
		a := full(t)
		first := a.seq + 1
		d := a.do(tt.do)
		if got := int(a.seq + 1 - first); got != tt.want || d.IsBottom() != (tt.want == 0) {
			t.Errorf("%s: %d events, bottom %t, want %d", tt.name, got, d.IsBottom(), tt.want)
		}
	}
}

// Entries take their numbers in the order in which they were made, and the last
// carries the kills: its number is the bases' By.
func TestNumbers(t *testing.T) {
	t.Parallel()
	a := full(t)
	first := a.seq + 1
	d := a.do(func(tx *kernel.Tx) {
		tx.Put(at("z"), nil)
		tx.Put(at("dead"), nil)
		tx.Put(at("a"), nil)
		tx.Kill(at("dead"))
		tx.Kill(at("m"))
	})
	var got strings.Builder
	for f := range d.Entries() {
		fmt.Fprintf(&got, "%s=%d ", f.Path[0], f.Dot.Seq-first)
	}
	if got.String() != "z=0 a=1 " {
		t.Errorf("numbers are %s, want z=0 a=1", got.String())
	}
	n := 0
	for path, b := range d.Bases() {
		if n++; b.By != a.dot(first+1) {
			t.Errorf("base %+v at %q, want by number %d", b, path, first+1)
		}
	}
	if n != 3 { // two totals of b, one of a
		t.Errorf("delta has %d bases, want 3", n)
	}
}

func TestCommitRefusesUsedNumbers(t *testing.T) {
	t.Parallel()
	a := full(t)
	was := encode(a.s)
	for _, first := range []uint64{1, a.seq} {
		tx := a.s.Begin(a.id, 0)
		tx.Put(at("x"), nil)
		if _, err := tx.Commit(first, first-1); !errors.Is(err, kernel.ErrReused) {
			t.Errorf("Commit(%d) = %v, want ErrReused", first, err)
		}
		if a.valid(a.s); !bytes.Equal(encode(a.s), was) || tx.On(a.s) {
			t.Errorf("a refused commit left the state changed or the transaction open")
		}
	}
}

func TestMisusePanics(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		do   func(*kernel.State)
	}{
		{"second transaction", func(s *kernel.State) { s.Begin(1, 0); s.Begin(2, 0) }},
		{"merge into an open state", func(s *kernel.State) { s.Begin(1, 0); s.Merge(kernel.New()) }},
		{"merge of an open state", func(s *kernel.State) { s.Begin(1, 0); kernel.New().Merge(s) }},
		{"commit of nothing", func(s *kernel.State) { _, _ = s.Begin(1, 0).Commit(1, 0) }},
		{"number 0", func(s *kernel.State) { _, _ = put(s).Commit(0, 0) }},
		{"claim at the number", func(s *kernel.State) { _, _ = put(s).Commit(5, 5) }},
		{"number too large", func(s *kernel.State) { _, _ = put(s).Commit(clock.MaxSeq+1, 1) }},
	}
	for _, tt := range tests {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", tt.name)
				}
			}()
			tt.do(kernel.New())
		}()
	}
}

func put(s *kernel.State) *kernel.Tx {
	tx := s.Begin(1, 0)
	tx.Put(at("x"), nil)
	return tx
}

// A transaction on one key of a map must not cost the other keys: it allocated four
// bytes for each.
func TestMutationCostsNoOtherKeys(t *testing.T) { // not parallel: it counts what is allocated
	const keys, rounds = 20_000, 100
	s := kernel.New()
	inc := func(seq uint64, key int) {
		tx := s.Begin(1, 0)
		tx.Inc([]string{fmt.Sprint("k", key), "fhits"}, 1)
		if _, err := tx.Commit(seq, seq-1); err != nil {
			t.Fatal(err)
		}
	}
	seq := uint64(0)
	for key := range keys {
		seq++
		inc(seq, key)
	}
	cost := uint64(math.MaxUint64)
	for range 3 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for key := range rounds {
			seq++
			inc(seq, key)
		}
		runtime.ReadMemStats(&after)
		cost = min(cost, (after.TotalAlloc-before.TotalAlloc)/rounds)
	}
	if cost > keys {
		t.Errorf("an increment below one of %d keys allocates %d bytes", keys, cost)
	}
}
