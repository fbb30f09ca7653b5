package crdt_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/crdttest"
)

// anyStable draws a context for Prune. The laws hold for any.
func anyStable(t *rapid.T) *clock.Context {
	c := new(clock.Context)
	for id := range clock.ReplicaID(3) {
		if n := rapid.Uint64Range(0, 40).Draw(t, "stable"); n > 0 {
			c.AddRange(id+1, clock.Interval{Lo: 1, Hi: n})
		}
	}
	return c
}

func changeRoles(t *rapid.T, tx *crdt.Tx, s *roleSet) {
	if rapid.IntRange(0, 5).Draw(t, "prune") == 0 {
		s.Prune(tx, anyStable(t))
		return
	}
	changeRW(t, tx, s, "", item(t))
}

func TestLawsRWSet(t *testing.T) {
	crdttest.Laws(t, crdt.RWSetKind(crdt.String), some(changeRoles))
}

func TestLawsRWSetInMap(t *testing.T) { crdttest.Laws(t, roleKind, some(onKey(changeRoles))) }

func TestLawsGatesInDoc(t *testing.T) {
	g := newGates()
	crdttest.Laws(t, crdt.DocKind(g.fields()...), some(func(t *rapid.T, tx *crdt.Tx, d *crdt.Doc) {
		switch rapid.IntRange(0, 9).Draw(t, "op") {
		case 0:
			d.Prune(tx, anyStable(t))
		case 1:
			d.Remove(tx, rapid.SampledFrom([]string{"seen", "frozen", "blocked", "roles", "locks"}).Draw(t, "name"))
		default:
			g.change(t, tx, d, 0)
		}
	}))
}

func elements(s *roleSet) string { return strings.Join(slices.Collect(s.All()), " ") }

// Clear removes what it sees, and an unseen add of it too; what it does not see
// stays. It is no event where nothing is to be removed.
func TestRWSetClear(t *testing.T) {
	t.Parallel()
	a, b, wa, wb := crdt.RWSetKind(crdt.String).New(), crdt.RWSetKind(crdt.String).New(), writer(1), writer(2)
	b.Merge(do(t, a, wa, func(tx *crdt.Tx, s *roleSet) { s.Add(tx, "x"); s.Add(tx, "y"); s.Remove(tx, "gone") }))
	unseen := do(t, b, wb, func(tx *crdt.Tx, s *roleSet) { s.Add(tx, "x"); s.Add(tx, "z"); s.Add(tx, "gone") })
	empty := func(tx *crdt.Tx, s *roleSet) { s.Clear(tx) }
	b.Merge(do(t, a, wa, empty))
	if a.Merge(unseen); elements(a) != "gone z" || a.Len() != 2 || a.Tombstones() != 2 || !a.Equal(b) {
		t.Errorf("after Clear the set is %s (%d), with %d tombstones, equal %t; want gone z, and x, y as tombstones", elements(a), a.Len(), a.Tombstones(), a.Equal(b))
	}
	do(t, a, wa, empty)
	if again := do(t, a, wa, empty); !again.IsBottom() || a.Len() != 0 || a.Tombstones() != 4 {
		t.Errorf("Clear of an empty set is an event: %t; %d elements, %d tombstones", !again.IsBottom(), a.Len(), a.Tombstones())
	}
	do(t, a, wa, func(tx *crdt.Tx, s *roleSet) { s.Add(tx, "x") }) // has seen the remove
	if got := elements(a); got != "x" || a.Tombstones() != 3 {
		t.Errorf("after a later add the set is %s, with %d tombstones, want x and 3", got, a.Tombstones())
	}
}

// Each of several concurrent removes is a tombstone, and so is what a place that
// is not pruned keeps; other places go.
func TestRWSetPruneByPlace(t *testing.T) {
	t.Parallel()
	a, b, wa, wb := crdt.RWSetKind(crdt.String).New(), crdt.RWSetKind(crdt.String).New(), writer(1), writer(2)
	remove := func(tx *crdt.Tx, s *roleSet) { s.Remove(tx, "x"); s.Remove(tx, "y"); s.Add(tx, "z") }
	da := do(t, a, wa, remove)
	a.Merge(do(t, b, wb, remove))
	b.Merge(da)
	if a.Tombstones() != 4 || elements(a) != "z" {
		t.Errorf("%d tombstones beside %s, want 4 beside z", a.Tombstones(), elements(a))
	}
	// Of y one remove is not stable, of z nothing is denied.
	b.Merge(do(t, a, wa, func(tx *crdt.Tx, s *roleSet) { s.Prune(tx, dots([]uint64{1, 2, 3}, []uint64{1, 3})) }))
	if a.Tombstones() != 2 || elements(a) != "z" || !a.Equal(b) {
		t.Errorf("after the prune %d tombstones beside %s, equal %t; want 2 beside z", a.Tombstones(), elements(a), a.Equal(b))
	}
	b.Merge(do(t, a, wa, func(tx *crdt.Tx, s *roleSet) {
		s.Add(tx, "w")
		s.Prune(tx, dots([]uint64{1, 2, 3}, []uint64{1, 2, 3}))
	}))
	if b.Tombstones() != 0 || elements(b) != "w z" || !a.Equal(b) {
		t.Errorf("after the last prune %d tombstones beside %s, equal %t; want none beside w z", b.Tombstones(), elements(b), a.Equal(b))
	}
}

func TestRWSetWhileIterating(t *testing.T) {
	t.Parallel()
	s, b := crdt.RWSetKind(crdt.String).New(), crdt.RWSetKind(crdt.String).New()
	do(t, s, writer(2), func(tx *crdt.Tx, s *roleSet) { s.Remove(tx, "b") })
	s.Merge(do(t, b, writer(3), func(tx *crdt.Tx, s *roleSet) { s.Add(tx, "b") })) // beaten, but there
	var saw []string
	do(t, s, writer(1), func(tx *crdt.Tx, s *roleSet) {
		for _, e := range []string{"a", "c", "d"} {
			s.Add(tx, e)
		}
		for e := range s.All() {
			saw = append(saw, e)
			s.Remove(tx, "c")
			s.Add(tx, "b")
			s.Add(tx, e+"2")
		}
	})
	if want := []string{"a", "d"}; !slices.Equal(saw, want) { // b was not there at the start, c is not any more
		t.Errorf("All visited %v, want %v", saw, want)
	}
	for range s.All() {
		break // an iteration can be left
	}
}

// Denials do not make a map key or field present, but they are content: removing
// the key is an event that ends them.
func TestDenialsAreNotPresence(t *testing.T) {
	t.Parallel()
	m, w := roleKind.New(), writer(1)
	do(t, m, w, func(tx *crdt.Tx, m *roleMap) { m.At("k").Remove(tx, "x") })
	for k := range m.All() {
		t.Errorf("All visits %q, which holds only a denial", k)
	}
	view := m.At("k")
	if m.Contains("k") || m.Len() != 0 || view.Tombstones() != 1 {
		t.Errorf("a denial makes the key present: %t, of %d keys; %d tombstones", m.Contains("k"), m.Len(), view.Tombstones())
	}
	if view.IsBottom() || view.Equal(m.At("other")) || !view.Clone().Equal(view.Clone()) {
		t.Error("a view with a denial is the same as an empty one")
	}
	if d := do(t, m, w, func(tx *crdt.Tx, m *roleMap) { m.Remove(tx, "k") }); d.IsBottom() || view.Tombstones() != 0 || !view.IsBottom() {
		t.Errorf("removing a key that holds a denial is an event: %t; %d tombstones are left", !d.IsBottom(), view.Tombstones())
	}
	g := newGates()
	k := crdt.DocKind(g.fields()...)
	d := k.New()
	do(t, d, w, func(tx *crdt.Tx, d *crdt.Doc) { g.frozen.In(d).Disable(tx); g.roles.In(d).At("k").Remove(tx, "x") })
	if got := fields(d); got != "" || g.frozen.In(d).IsBottom() {
		t.Errorf("denials make fields present: %s", got)
	}
}

// A clone of a view keeps the denials and shares nothing.
func TestCloneOfGateView(t *testing.T) {
	t.Parallel()
	m, w := roleKind.New(), writer(1)
	do(t, m, w, func(tx *crdt.Tx, m *roleMap) { m.At("k").Add(tx, "x"); m.At("k").Remove(tx, "y") })
	c := m.At("k").Clone()
	do(t, c, writer(2), func(tx *crdt.Tx, s *roleSet) { s.Reset(tx) })
	if v := m.At("k"); elements(v) != "x" || v.Tombstones() != 1 || c.Len() != 0 || c.Tombstones() != 0 {
		t.Errorf("after a reset of the clone the map has %s and %d tombstones", elements(v), v.Tombstones())
	}
}
