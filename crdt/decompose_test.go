package crdt_test

import (
	"math"
	"slices"
	"testing"

	"github.com/dovetail-crdt/dovetail/crdt"
)

// TestDecomposers pins by what each lattice without a context is decomposed.
func TestDecomposers(t *testing.T) {
	t.Parallel()
	w, v := writer(1), writer(2)
	g := crdt.GCounterKind().New()
	do(t, g, w, func(tx *crdt.Tx, c *crdt.GCounter) { c.Add(tx, 3) })
	do(t, g, v, func(tx *crdt.Tx, c *crdt.GCounter) { c.Add(tx, 4) })
	checkParts(t, crdt.GCounterKind(), g, 2)
	pn := crdt.PNCounterKind().New()
	do(t, pn, w, func(tx *crdt.Tx, c *crdt.PNCounter) { c.Add(tx, 3); c.Add(tx, -1) })
	do(t, pn, v, func(tx *crdt.Tx, c *crdt.PNCounter) { c.Add(tx, -4) })
	checkParts(t, crdt.PNCounterKind(), pn, 3)
	b := crdt.BoundedCounterKind(0, math.MaxInt64).New()
	do(t, b, w, func(tx *crdt.Tx, c *crdt.BoundedCounter) { _ = c.Grant(tx, 9); _ = c.Spend(tx, 2) })
	checkParts(t, crdt.BoundedCounterKind(0, math.MaxInt64), b, 2)
	s := crdt.GSetKind(crdt.String).New()
	do(t, s, w, func(tx *crdt.Tx, s *crdt.GSet[string]) { s.Add(tx, "x"); s.Add(tx, "y") })
	checkParts(t, crdt.GSetKind(crdt.String), s, 2)
	most, least := crdt.MaxRegisterKind(crdt.Uint64).New(), crdt.MinRegisterKind(crdt.Uint64).New()
	do(t, most, w, func(tx *crdt.Tx, r *crdt.MaxRegister[uint64]) { r.Set(tx, 0); r.Set(tx, 7) })
	do(t, least, w, func(tx *crdt.Tx, r *crdt.MinRegister[uint64]) { r.Set(tx, 8); r.Set(tx, 0) })
	checkParts(t, crdt.MaxRegisterKind(crdt.Uint64), most, 1)
	checkParts(t, crdt.MinRegisterKind(crdt.Uint64), least, 1)
	m := crdt.GMapKind(crdt.String, crdt.PNCounterKind()).New()
	do(t, m, w, func(tx *crdt.Tx, m *crdt.GMap[string, *crdt.PNCounter]) {
		for _, k := range []string{"k", "l"} {
			_ = m.Apply(tx, k, func(tx *crdt.Tx, c *crdt.PNCounter) error { c.Add(tx, 3); c.Add(tx, -1); return nil })
		}
	})
	checkParts(t, crdt.GMapKind(crdt.String, crdt.PNCounterKind()), m, 4)
}

func checkParts[S crdt.Lattice[S]](t *testing.T, k crdt.Kind[S], s S, want int) {
	t.Helper()
	if got := slices.Collect(partsOf(t, k, s)); len(got) != want {
		t.Errorf("%s has parts %v, want %d", k.Name, got, want)
	}
	for range partsOf(t, k, s) { // stops when it is told to
		break
	}
	var none S // a nil pointer, which stands for bottom
	if got := slices.Collect(partsOf(t, k, none)); len(got) != 0 {
		t.Errorf("%s: nil has parts %v", k.Name, got)
	}
	if news, err := asObject(t, k, none).Strip(asObject(t, k, s)); err != nil || !asValue(t, k, news).Equal(s) {
		t.Errorf("%s: nil lacks %v (%v), want all", k.Name, news, err)
	}
	for _, d := range []S{none, s} {
		if news, err := asObject(t, k, s).Strip(asObject(t, k, d)); news != nil || err != nil {
			t.Errorf("%s: nil, or itself, has news for it: %v, %v", k.Name, news, err)
		}
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
	k := crdt.GMapKind(crdt.String, crdt.GCounterKind())
	was := m.Clone()
	for _, of := range []*crdt.GMap[string, *crdt.GCounter]{k.New(), nil} {
		o, err := asObject(t, k, of).Strip(asObject(t, k, m))
		if err != nil {
			t.Fatal(err)
		}
		set(asValue(t, k, o), 5)
		if !m.Equal(was) {
			t.Fatalf("changing the news changed the map")
		}
	}
}

// TestStripOfOwnLattice pins what becomes of a lattice that knows no parts.
func TestStripOfOwnLattice(t *testing.T) {
	t.Parallel()
	low, high := &highest{3}, &highest{9}
	strip := func(s, d *highest) *highest {
		o, err := asObject(t, newScores, s).Strip(asObject(t, newScores, d))
		if err != nil {
			t.Fatal(err)
		}
		if o == nil {
			return nil
		}
		return asValue(t, newScores, o)
	}
	if news, changed := mergeStrip(t, newScores, high, low); news != nil || changed {
		t.Errorf("MergeStrip of what is known = %v, %t", news, changed)
	}
	if news := strip(high, low); news != nil {
		t.Errorf("Strip of what is known = %v", news)
	}
	news := strip(low, high)
	if news == nil || news.n != 9 || news == high || low.n != 3 {
		t.Errorf("Strip of news = %v; its argument is %v", news, low)
	}
	if news, changed := mergeStrip(t, newScores, low, high); news == nil || news == high || !changed || low.n != 9 {
		t.Errorf("MergeStrip of news = %v, %t, and leaves %v", news, changed, low)
	}
	if got := slices.Collect(partsOf(t, newScores, &highest{})); len(got) != 0 {
		t.Errorf("bottom has parts %v", got)
	}
	if got := slices.Collect(partsOf(t, newScores, high)); len(got) != 1 {
		t.Errorf("a lattice that knows no parts has %v", got)
	}
}

// TestStripOfNothing pins that an object lacks nothing of what it is made of.
func TestStripOfNothing(t *testing.T) {
	t.Parallel()
	k := crdt.AWSetKind(crdt.String)
	s := k.New()
	d := do(t, s, writer(1), func(tx *crdt.Tx, s *crdt.AWSet[string]) { s.Add(tx, "x") })
	if news, changed := mergeStrip(t, k, s, d); news != nil || changed {
		t.Errorf("MergeStrip of what is known = %v, %t", news, changed)
	}
	o, x := object(t, frame(t, k, s)), object(t, frame(t, k, d))
	if news, err := o.Strip(x); news != nil || err != nil {
		t.Errorf("Strip of an object that is known = %v, %v", news, err)
	}
}
