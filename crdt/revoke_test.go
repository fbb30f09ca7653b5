package crdt_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/dovetail-crdt/dovetail/crdt"
)

// A change that may or may not have been stored is taken back by name.
func ExampleRevoke() {
	here, there := crdt.AWSetKind(crdt.String).New(), crdt.AWSetKind(crdt.String).New()
	w := crdt.NewWriter(1, time.Now).On()
	delta, _ := crdt.Mutate(here, w, func(tx *crdt.Tx, s *crdt.AWSet[string]) error {
		s.Add(tx, "milk")
		return nil
	})
	revocation, ok := crdt.Revoke(delta)
	there.Merge(revocation)
	there.Merge(delta) // late
	fmt.Println(ok, there.Len())
	// Output: true 0
}

// TestRevokeIsByName revokes one of two adds of an element, an overwrite, and what
// cannot be revoked.
func TestRevokeIsByName(t *testing.T) {
	a, b := crdt.NewWriter(1, time.Now).On(), crdt.NewWriter(2, time.Now).On()
	s, r := crdt.AWSetKind(crdt.String).New(), crdt.AWSetKind(crdt.String).New()
	add := func(tx *crdt.Tx, s *crdt.AWSet[string]) error { s.Add(tx, "x"); return nil }
	first := mutateWith(t, s, a, add)
	second := mutateWith(t, r, b, add)
	revocation, ok := crdt.Revoke(first)
	if !ok {
		t.Fatal("an add cannot be revoked")
	}
	for _, order := range [][]*crdt.AWSet[string]{{first, second, revocation}, {revocation, second, first}} {
		m := crdt.AWSetKind(crdt.String).New()
		for _, d := range order {
			m.Merge(d)
		}
		if got := slices.Collect(m.All()); !slices.Equal(got, []string{"x"}) {
			t.Errorf("revoked one of two adds: %q", got)
		}
		m.Merge(second)
	}
	s.Merge(revocation)
	if s.Len() != 0 {
		t.Errorf("revoked the only add: %d elements", s.Len())
	}

	removal := mutateWith(t, r, b, func(tx *crdt.Tx, s *crdt.AWSet[string]) error { s.Remove(tx, "x"); return nil })
	if _, ok := crdt.Revoke(removal); ok {
		t.Error("a removal was revoked")
	}
	reg := crdt.MVRegisterKind(crdt.String).New()
	mutateWith(t, reg, a, func(tx *crdt.Tx, r *crdt.MVRegister[string]) error { r.Set(tx, "old"); return nil })
	over := mutateWith(t, reg, a, func(tx *crdt.Tx, r *crdt.MVRegister[string]) error { r.Set(tx, "new"); return nil })
	rev, ok := crdt.Revoke(over)
	if !ok || !reg.Merge(rev) || reg.Len() != 0 {
		t.Errorf("a revoked overwrite: %v, %d values", ok, reg.Len())
	}
	c := crdt.CounterKind().New()
	if _, ok := crdt.Revoke(mutateWith(t, c, a, func(tx *crdt.Tx, c *crdt.Counter) error { c.Add(tx, 1); return nil })); ok {
		t.Error("an increment was revoked")
	}
	g := crdt.GCounterKind().New()
	if _, ok := crdt.Revoke(mutateWith(t, g, a, func(tx *crdt.Tx, c *crdt.GCounter) error { c.Add(tx, 1); return nil })); ok {
		t.Error("an increment of a lattice without context was revoked")
	}
}

func mutateWith[S crdt.Lattice[S]](t *testing.T, s S, src crdt.Source, fn func(*crdt.Tx, S) error) S {
	t.Helper()
	d, err := crdt.Mutate(s, src, fn)
	if err != nil {
		t.Fatal(err)
	}
	return d
}
