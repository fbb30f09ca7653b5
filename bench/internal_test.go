package bench

import (
	"errors"
	"flag"
	"math"
	"testing"
)

// TestCasesOfLargeSets runs, on small ones, what Cases has only for sets that are
// too large for a test.
func TestCasesOfLargeSets(t *testing.T) {
	f := flag.Lookup("test.benchtime")
	was := f.Value.String()
	t.Cleanup(func() {
		if err := f.Value.Set(was); err != nil {
			t.Error(err)
		}
	})
	if err := f.Value.Set("3x"); err != nil {
		t.Fatal(err)
	}
	const n = 10_000
	ints, texts := newStock(intKeys()), newStock(textKeys())
	memory := memoryCases(intKeys(), "", n)
	for _, c := range append(memory,
		Case{Name: "differences", Run: setMergeFull(ints, n, 1000), Baseline: mapMirror(n, 1000)},
		Case{Name: "gc", Run: setCollect(texts, n), Baseline: mapCollect(textKeys(), n)},
	) {
		r, err := Measure(c, nil)
		if err != nil || r.NsOp <= 0 || r.MapNsOp <= 0 {
			t.Errorf("%s: %+v, %v", c.Name, r, err)
		}
		if c.TargetBytes > 0 && (r.BytesOp < 4 || r.BytesOp > 4000) {
			t.Errorf("%s: %g bytes an element", c.Name, r.BytesOp)
		}
	}
}

func TestRoom(t *testing.T) {
	b := &B{B: new(testing.B)}
	s := newStock(intKeys())
	for _, tt := range []struct {
		name string
		free uint64
		ok   bool
		want error
	}{
		{"unknown", 0, false, nil},
		{"plenty", math.MaxUint64, true, nil},
		{"little", 1 << 20, true, ErrMemory},
	} {
		s.free = func() (uint64, bool) { return tt.free, tt.ok }
		if err := s.room(b, large); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
	if _, err := s.world(b, large); !errors.Is(err, ErrMemory) {
		t.Errorf("a large set was begun: %v", err)
	}
}

// TestKept takes a large set from the shelf twice.
func TestKept(t *testing.T) {
	t.Parallel()
	b := &B{B: new(testing.B)}
	s := newStock(textKeys())
	small, err := s.get(b, 100)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.kept) > 0 {
		t.Error("a small set was kept")
	}
	s.kept[large] = small
	for range 2 { // a case changes neither the keys nor the frame that the next one gets
		w, err := s.world(b, large)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.step(50); err != nil {
			t.Error(err)
		}
	}
}

func TestAvailable(t *testing.T) {
	t.Parallel()
	if n, ok := available(); ok && (n < 1<<20 || n > 1<<50) {
		t.Errorf("%d bytes are available", n)
	}
}
