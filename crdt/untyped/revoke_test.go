package untyped_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/untyped"
)

// A change that may or may not have been stored is taken back by name.
func ExampleObject_Revoke() {
	kind := crdt.AWSetKind(crdt.String)
	here, there := kind.New(), untyped.NewObject(kind)
	w := crdt.NewWriter(1, time.Now).On()
	delta, _ := crdt.Mutate(here, w, func(tx *crdt.Tx, s *crdt.AWSet[string]) error {
		s.Add(tx, "milk")
		return nil
	})
	change, _ := untyped.ObjectOf(kind, delta)
	revocation, ok := change.Revoke()
	_, _ = there.Merge(revocation)
	_, _ = there.Merge(change) // late
	shown, _ := untyped.ValueOf(kind, there)
	fmt.Println(ok, shown.Len())
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
	revocation, ok := revoke(t, crdt.AWSetKind(crdt.String), first)
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
	if _, ok := revoke(t, crdt.AWSetKind(crdt.String), removal); ok {
		t.Error("a removal was revoked")
	}
	reg := crdt.MVRegisterKind(crdt.String).New()
	mutateWith(t, reg, a, func(tx *crdt.Tx, r *crdt.MVRegister[string]) error { r.Set(tx, "old"); return nil })
	over := mutateWith(t, reg, a, func(tx *crdt.Tx, r *crdt.MVRegister[string]) error { r.Set(tx, "new"); return nil })
	rev, ok := revoke(t, crdt.MVRegisterKind(crdt.String), over)
	if !ok || !reg.Merge(rev) || reg.Len() != 0 {
		t.Errorf("a revoked overwrite: %v, %d values", ok, reg.Len())
	}
	c := crdt.CounterKind().New()
	if _, ok := revoke(t, crdt.CounterKind(), mutateWith(t, c, a, func(tx *crdt.Tx, c *crdt.Counter) error { c.Add(tx, 1); return nil })); ok {
		t.Error("an increment was revoked")
	}
	g := crdt.GCounterKind().New()
	if _, ok := revoke(t, crdt.GCounterKind(), mutateWith(t, g, a, func(tx *crdt.Tx, c *crdt.GCounter) error { c.Add(tx, 1); return nil })); ok {
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

func revoke[S crdt.Lattice[S]](t *testing.T, k crdt.Kind[S], delta S) (revocation S, ok bool) {
	t.Helper()
	o, err := untyped.ObjectOf(k, delta)
	if err != nil {
		t.Fatal(err)
	}
	r, ok := o.Revoke()
	if !ok {
		return revocation, false
	}
	if revocation, err = untyped.ValueOf(k, r); err != nil {
		t.Fatal(err)
	}
	return revocation, true
}
