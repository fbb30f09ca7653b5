package crdt_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
)

// partTexts returns what s decomposes into, as text.
func partTexts[S crdt.Lattice[S]](s S) (out []string) {
	for p := range crdt.Parts(s) {
		out = append(out, fmt.Sprint(p))
	}
	return out
}

func partCount[S crdt.Lattice[S]](s S) (n int) {
	for range crdt.Parts(s) {
		n++
	}
	return n
}

// TestDecomposers pins by what each lattice without a context is decomposed, and
// that all of them are Decomposers.
func TestDecomposers(t *testing.T) {
	t.Parallel()
	w, v := writer(1), writer(2)
	g := crdt.GCounterKind().New()
	do(t, g, w, func(tx *crdt.Tx, c *crdt.GCounter) { c.Add(tx, 3) })
	do(t, g, v, func(tx *crdt.Tx, c *crdt.GCounter) { c.Add(tx, 4) })
	checkParts(t, "gcounter", g, 2)
	pn := crdt.PNCounterKind().New()
	do(t, pn, w, func(tx *crdt.Tx, c *crdt.PNCounter) { c.Add(tx, 3); c.Add(tx, -1) })
	do(t, pn, v, func(tx *crdt.Tx, c *crdt.PNCounter) { c.Add(tx, -4) })
	checkParts(t, "pncounter", pn, 3)
	b := crdt.BoundedCounterKind(0, math.MaxInt64).New()
	do(t, b, w, func(tx *crdt.Tx, c *crdt.BoundedCounter) { _ = c.Grant(tx, 9); _ = c.Spend(tx, 2) })
	checkParts(t, "boundedcounter", b, 2)
	s := crdt.GSetKind(crdt.String).New()
	do(t, s, w, func(tx *crdt.Tx, s *crdt.GSet[string]) { s.Add(tx, "x"); s.Add(tx, "y") })
	checkParts(t, "gset", s, 2)
	most, least := crdt.MaxRegisterKind(crdt.Uint64).New(), crdt.MinRegisterKind(crdt.Uint64).New()
	do(t, most, w, func(tx *crdt.Tx, r *crdt.MaxRegister[uint64]) { r.Set(tx, 0); r.Set(tx, 7) })
	do(t, least, w, func(tx *crdt.Tx, r *crdt.MinRegister[uint64]) { r.Set(tx, 8); r.Set(tx, 0) })
	checkParts(t, "max", most, 1)
	checkParts(t, "min", least, 1)
	m := crdt.GMapKind(crdt.String, crdt.PNCounterKind()).New()
	do(t, m, w, func(tx *crdt.Tx, m *crdt.GMap[string, *crdt.PNCounter]) {
		for _, k := range []string{"k", "l"} {
			_ = m.Apply(tx, k, func(tx *crdt.Tx, c *crdt.PNCounter) error { c.Add(tx, 3); c.Add(tx, -1); return nil })
		}
	})
	checkParts(t, "gmap", m, 4)
}

func checkParts[S crdt.Decomposer[S]](t *testing.T, name string, s S, want int) {
	t.Helper()
	if got := partTexts(s); len(got) != want {
		t.Errorf("%s has parts %v, want %d", name, got, want)
	}
	for range crdt.Parts(s) { // stops when it is told to
		break
	}
	var none S // a nil pointer, which stands for bottom
	if n := partCount(none); n != 0 {
		t.Errorf("%s: nil has %d parts", name, n)
	}
	if got := s.Without(none); !got.Equal(s) {
		t.Errorf("%s: without nil it is %v, want all", name, got)
	}
	if !none.Without(s).IsBottom() || !s.Without(s).IsBottom() {
		t.Errorf("%s: nil, or itself, has news for it", name)
	}
}

// TestWithoutIsApart pins that news of a lattice shares nothing with it.
func TestWithoutIsApart(t *testing.T) {
	t.Parallel()
	w := writer(1)
	m := crdt.GMapKind(crdt.String, crdt.GCounterKind()).New()
	set := func(m *crdt.GMap[string, *crdt.GCounter], n uint64) {
		do(t, m, w, func(tx *crdt.Tx, m *crdt.GMap[string, *crdt.GCounter]) {
			_ = m.Apply(tx, "k", func(tx *crdt.Tx, c *crdt.GCounter) error { c.Add(tx, n); return nil })
		})
	}
	set(m, 3)
	was := m.Clone()
	for _, news := range []*crdt.GMap[string, *crdt.GCounter]{
		m.Without(crdt.GMapKind(crdt.String, crdt.GCounterKind()).New()), m.Without(nil), crdt.Strip(crdt.GMapKind(crdt.String, crdt.GCounterKind()).New(), m),
	} {
		set(news, 5)
		if !m.Equal(was) {
			t.Fatalf("changing the news changed the map")
		}
	}
}

// TestStripOfOwnLattice pins what becomes of a lattice that knows no parts.
func TestStripOfOwnLattice(t *testing.T) {
	t.Parallel()
	low, high := &highest{3}, &highest{9}
	if news, changed := crdt.MergeStrip(high, low); news != nil || changed {
		t.Errorf("MergeStrip of what is known = %v, %t", news, changed)
	}
	if news := crdt.Strip(high, low); news != nil {
		t.Errorf("Strip of what is known = %v", news)
	}
	news := crdt.Strip(low, high)
	if news == nil || news.n != 9 || news == high || low.n != 3 {
		t.Errorf("Strip of news = %v; its argument is %v", news, low)
	}
	if news, changed := crdt.MergeStrip(low, high); news == nil || news == high || !changed || low.n != 9 {
		t.Errorf("MergeStrip of news = %v, %t, and leaves %v", news, changed, low)
	}
	if got := partCount(&highest{}); got != 0 {
		t.Errorf("bottom has %d parts", got)
	}
	if got := partCount(high); got != 1 {
		t.Errorf("a lattice that knows no parts has %d", got)
	}
}

// TestStripOfNothing pins that the news of a causal type is bottom, not nil.
func TestStripOfNothing(t *testing.T) {
	t.Parallel()
	s := crdt.AWSetKind(crdt.String).New()
	d := do(t, s, writer(1), func(tx *crdt.Tx, s *crdt.AWSet[string]) { s.Add(tx, "x") })
	if news := crdt.Strip(s, d); news == nil || !news.IsBottom() {
		t.Errorf("Strip of what is known = %v", news)
	}
	o, x := object(t, frame(t, crdt.AWSetKind(crdt.String), s)), object(t, frame(t, crdt.AWSetKind(crdt.String), d))
	if news, err := o.Strip(x); news != nil || err != nil {
		t.Errorf("Strip of an object that is known = %v, %v", news, err)
	}
	if got := crdt.ContextOf(crdt.Strip(s, d)); !got.Equal(&clock.Context{}) {
		t.Errorf("nothing has context %v", got)
	}
}
