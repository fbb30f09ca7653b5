package kernel_test

import (
	"encoding/binary"
	"fmt"
	"sync"
	"testing"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt/internal/kernel"
)

const benchEntries = 1_000_000

// bigs are sets of a million elements: one whose dots are all live, one with a
// third of them.
var bigs = sync.OnceValue(func() map[string]*kernel.State {
	out := map[string]*kernel.State{}
	for name, every := range map[string]int{"dense": 1, "packed": 3} {
		s := kernel.New()
		seq := uint64(0)
		const batch = 10_000
		for from := 0; from < benchEntries; from += batch {
			tx := s.Begin(1, 0)
			n := 0
			for i := range batch * every {
				key := binary.BigEndian.AppendUint64([]byte{'e'}, uint64((from*every+i)*7919))
				tx.Put(at("s", string(key)), nil)
				n++
			}
			commitBench(s, tx, &seq)
			if every == 1 {
				continue
			}
			tx = s.Begin(1, 0)
			for i := range batch * every {
				if i%every > 0 {
					tx.Kill(at("s", string(binary.BigEndian.AppendUint64([]byte{'e'}, uint64((from*every+i)*7919)))))
				}
			}
			commitBench(s, tx, &seq)
		}
		out[name] = s
	}
	return out
})

func commitBench(_ *kernel.State, tx *kernel.Tx, seq *uint64) {
	n := tx.Events()
	if _, err := tx.Commit(*seq+1, *seq); err != nil {
		panic(err)
	}
	*seq += uint64(n)
}

// but returns the context of s but its last k live dots.
func but(s *kernel.State, k int) *clock.Context {
	var last []clock.Dot
	for f := range s.Entries() {
		last = append(last, f.Dot)
	}
	base := s.Context().Clone()
	lost := &clock.Context{}
	for _, d := range last[len(last)-k:] {
		lost.Add(d)
	}
	return base.Minus(lost)
}

func BenchmarkExtract(b *testing.B) {
	for _, form := range []string{"dense", "packed"} {
		s := bigs()[form]
		for _, k := range []int{1, 100, 10_000} {
			base := but(s, k)
			killed := dots()
			b.Run(fmt.Sprintf("kill lists/%s/n=%d/k=%d", form, benchEntries, k), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if s.ExtractKilled(base, killed).Len() != k {
						b.Fatal("wrong answer")
					}
				}
			})
			b.Run(fmt.Sprintf("bitmap/%s/n=%d/k=%d", form, benchEntries, k), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if out, _ := s.ExtractHeld(base); out.Len() != k {
						b.Fatal("wrong answer")
					}
				}
			})
		}
	}
}

// BenchmarkNews strips a delta of one entry, and a whole state that differs in
// nothing.
func BenchmarkNews(b *testing.B) {
	s := bigs()["dense"]
	one := func(put bool) *kernel.State {
		w := kernel.New()
		w.Merge(s)
		tx := w.Begin(2, 0)
		if put {
			tx.Put(at("s", "e12345678"), nil)
		} else {
			tx.Kill(at("s", string(binary.BigEndian.AppendUint64([]byte{'e'}, 7919*500_000))))
		}
		d, err := tx.Commit(1, 0)
		if err != nil {
			b.Fatal(err)
		}
		return d
	}
	add, remove := one(true), one(false)
	knows := s.Clone()
	knows.Merge(add)
	knows.Merge(remove)
	for _, bb := range []struct {
		name  string
		s, d  *kernel.State
		news  bool
		merge bool
	}{
		{"add/new", s, add, true, false},
		{"add/known", knows, add, false, false},
		{"add/known/merge", knows, add, false, true},
		{"remove/new", s, remove, true, false},
		{"remove/known", knows, remove, false, false},
		{"state/known", knows, s.Clone(), false, false},
		{"state/known/merge", knows, s.Clone(), false, true},
	} {
		b.Run(fmt.Sprintf("%s/n=%d", bb.name, benchEntries), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if bb.merge {
					bb.s.Merge(bb.d)
				} else if bb.s.News(bb.d).IsBottom() == bb.news {
					b.Fatal("wrong answer")
				}
			}
		})
	}
}
