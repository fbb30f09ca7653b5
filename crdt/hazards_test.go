package crdt_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/dovetail-crdt/dovetail/crdt"
)

// What a program can do wrong with transactions, views and elements, and what it
// gets for it.

// allMutators adds those of the types that say yes and no to mutators.
func allMutators(a *account, d *crdt.Doc) map[string]func(*crdt.Tx) {
	all := mutators(a, d)
	maps.Copy(all, map[string]func(*crdt.Tx){
		"Doc.Remove":      func(tx *crdt.Tx) { d.Remove(tx, "tags") },
		"EWFlag.Enable":   func(tx *crdt.Tx) { a.seen.In(d).Enable(tx) },
		"EWFlag.Disable":  func(tx *crdt.Tx) { a.seen.In(d).Disable(tx) },
		"DWFlag.Enable":   func(tx *crdt.Tx) { a.frozen.In(d).Enable(tx) },
		"DWFlag.Disable":  func(tx *crdt.Tx) { a.frozen.In(d).Disable(tx) },
		"DWFlag.Reset":    func(tx *crdt.Tx) { a.frozen.In(d).Reset(tx) },
		"DWFlag.Prune":    func(tx *crdt.Tx) { a.frozen.In(d).Prune(tx, crdt.ContextOf(d)) },
		"RWSet.Add":       func(tx *crdt.Tx) { a.blocked.In(d).Add(tx, "x") },
		"RWSet.Remove":    func(tx *crdt.Tx) { a.blocked.In(d).Remove(tx, "x") },
		"RWSet.Clear":     func(tx *crdt.Tx) { a.blocked.In(d).Clear(tx) },
		"RWSet.Reset":     func(tx *crdt.Tx) { a.blocked.In(d).Reset(tx) },
		"RWSet.Prune":     func(tx *crdt.Tx) { a.blocked.In(d).Prune(tx, crdt.ContextOf(d)) },
		"nested RWSet":    func(tx *crdt.Tx) { a.roles.In(d).At("x").Remove(tx, "y") },
		"nested Remove":   func(tx *crdt.Tx) { a.funds.In(d).At("x").Remove(tx, "y") },
		"nested Reset":    func(tx *crdt.Tx) { a.funds.In(d).At("x").At("y").Reset(tx) },
		"nested Clear":    func(tx *crdt.Tx) { a.funds.In(d).At("x").Clear(tx) },
		"nested DWFlag":   func(tx *crdt.Tx) { a.locks.In(d).At("x").Enable(tx) },
		"AWMap of RWSet":  func(tx *crdt.Tx) { a.roles.In(d).Remove(tx, "x") },
		"AWMap of DWFlag": func(tx *crdt.Tx) { a.locks.In(d).Clear(tx) },
	})
	return all
}

// A transaction that was kept and is used after its end would change the state
// without a delta: replicas would differ and nobody would know.
func TestHazardTxAfterItsEnd(t *testing.T) {
	t.Parallel()
	a := newAccount()
	d := a.kind.New()
	var kept [3]*crdt.Tx
	do(t, d, writer(1), func(tx *crdt.Tx, _ *crdt.Doc) { kept[0] = tx; a.tags.In(d).Add(tx, "x") })
	_, _ = crdt.Mutate(d, writer(2), func(tx *crdt.Tx, _ *crdt.Doc) error { kept[1] = tx; return errors.New("no") })
	doSeen(t, d, writer(3), seen(d), func(tx *crdt.Tx, _ *crdt.Doc) { kept[2] = tx })
	was := frame(t, a.kind, d)
	for _, tx := range kept {
		for name, f := range allMutators(a, d) {
			panics(t, name, "after its end", func() { f(tx) })
		}
	}
	if !bytes.Equal(frame(t, a.kind, d), was) {
		t.Error("a transaction changed its object after its end")
	}
}

// A view of a key that was removed reads as empty, and a write through it brings
// the key back, in the same transaction and later.
func TestHazardViewAfterItsKeyWasRemoved(t *testing.T) {
	t.Parallel()
	a := newAccount()
	d, w := a.kind.New(), writer(1)
	inner, fee, role := a.funds.In(d).At("x"), a.funds.In(d).At("x").At("y"), a.roles.In(d).At("x")
	fill := func(tx *crdt.Tx, _ *crdt.Doc) { fee.Add(tx, 5); role.Add(tx, "e") }
	do(t, d, w, fill)
	do(t, d, w, func(tx *crdt.Tx, d *crdt.Doc) {
		a.funds.In(d).Remove(tx, "x")
		d.Remove(tx, "roles")
		if fee.Value() != 0 || inner.Len() != 0 || role.Len() != 0 || !fee.IsBottom() && !fee.IsEmpty() {
			t.Errorf("views of what was just removed show %v, %d and %d", fee, inner.Len(), role.Len())
		}
		fill(tx, d)
	})
	if fee.Value() != 5 || !inner.Contains("y") || !a.funds.In(d).Contains("x") || !role.Contains("e") {
		t.Errorf("written again, the views show %v and %t", fee, role.Contains("e"))
	}
	do(t, d, w, func(tx *crdt.Tx, d *crdt.Doc) { d.Clear(tx) })
	if fee.Value() != 0 || inner.Len() != 0 || role.Len() != 0 {
		t.Errorf("views of what was removed show %v, %d and %d", fee, inner.Len(), role.Len())
	}
}

// viewOf checks Merge, Equal and Clone of a view.
func viewOf[S crdt.Lattice[S]](t *testing.T, name string, view, whole S) {
	t.Helper()
	panics(t, name, "Merge into a view", func() { view.Merge(whole) })
	panics(t, name, "Merge of a view", func() { whole.Merge(view) })
	if c := view.Clone(); !c.Equal(c.Clone()) || !view.Equal(view) {
		t.Errorf("%s: a view or its clone does not equal itself", name)
	}
	if crdt.ContextOf(view) != nil {
		t.Errorf("%s: a view has a context of its own", name)
	}
	if _, err := crdt.Mutate(view, writer(9), func(*crdt.Tx, S) error { return nil }); err == nil {
		t.Errorf("%s: Mutate of a view is no error", name)
	}
}

// A view has no state of its own: merging it would merge the whole object's
// context with a part of its content, which deletes data.
func TestHazardMergeOfView(t *testing.T) {
	t.Parallel()
	a := newAccount()
	d, other := a.kind.New(), a.kind.New()
	do(t, d, writer(1), func(tx *crdt.Tx, d *crdt.Doc) {
		for _, name := range []string{"Counter.Add", "AWSet.Add", "LWWRegister.Set", "MVRegister.Set", "nested Counter", "EWFlag.Enable", "DWFlag.Disable", "RWSet.Remove"} {
			allMutators(a, d)[name](tx)
		}
	})
	was := frame(t, a.kind, d)
	viewOf(t, "Counter", a.balance.In(d), crdt.CounterKind().New())
	viewOf(t, "AWSet", a.tags.In(d), crdt.AWSetKind(crdt.String).New())
	viewOf(t, "LWWRegister", a.owner.In(d), crdt.LWWRegisterKind(crdt.String).New())
	viewOf(t, "MVRegister", a.memo.In(d), crdt.MVRegisterKind(crdt.String).New())
	viewOf(t, "EWFlag", a.seen.In(d), crdt.EWFlagKind().New())
	viewOf(t, "DWFlag", a.frozen.In(d), crdt.DWFlagKind().New())
	viewOf(t, "RWSet", a.blocked.In(d), crdt.RWSetKind(crdt.String).New())
	viewOf(t, "AWMap", a.funds.In(d).At("x"), crdt.AWMapKind(crdt.String, crdt.CounterKind()).New())
	viewOf(t, "nested Counter", a.funds.In(d).At("x").At("y"), crdt.CounterKind().New())
	if !a.balance.In(d).Equal(a.balance.In(d.Clone())) || a.balance.In(d).Equal(a.balance.In(other)) {
		t.Error("Equal of views does not compare what stands there")
	}
	clone := a.funds.In(d).At("x").Clone()
	do(t, clone, writer(9), func(tx *crdt.Tx, m *crdt.AWMap[string, *crdt.Counter]) { m.Clear(tx) })
	if !bytes.Equal(frame(t, a.kind, d), was) {
		t.Error("a view's clone shares something with its object")
	}
}

// A transaction is on one object: what is done to another, or to a view of
// another, panics before anything is changed.
func TestHazardViewOfAnotherObject(t *testing.T) {
	t.Parallel()
	a := newAccount()
	d, other := a.kind.New(), a.kind.New()
	do(t, other, writer(1), func(tx *crdt.Tx, o *crdt.Doc) { a.tags.In(o).Add(tx, "x") })
	was := frame(t, a.kind, other)
	for name, f := range allMutators(a, other) {
		if name != "Tx.Fail" && name != "Tx.Replica" {
			panics(t, name, "another object", func() { do(t, d, writer(1), func(tx *crdt.Tx, _ *crdt.Doc) { f(tx) }) })
		}
	}
	if !d.IsBottom() || !bytes.Equal(frame(t, a.kind, other), was) {
		t.Error("a refused change was done")
	}
}

// An error and a panic undo whatever the function did, and burn no number.
func TestHazardErrorAndPanic(t *testing.T) {
	t.Parallel()
	a := newAccount()
	d := a.kind.New()
	w := writer(1)
	for _, f := range allMutators(a, d) {
		do(t, d, w, func(tx *crdt.Tx, _ *crdt.Doc) { a.tags.In(d).Add(tx, "y"); a.balance.In(d).Add(tx, 2) })
		_, _ = crdt.Mutate(d, w, func(tx *crdt.Tx, _ *crdt.Doc) error { f(tx); return nil })
	}
	do(t, d, w, func(tx *crdt.Tx, _ *crdt.Doc) { a.balance.In(d).Add(tx, 2); a.blocked.In(d).Add(tx, "x") })
	do(t, d, writer(2), func(tx *crdt.Tx, _ *crdt.Doc) { a.balance.In(d).Add(tx, 3); a.funds.In(d).At("x").At("y").Add(tx, 3) })
	was, no := frame(t, a.kind, d), errors.New("no")
	options := map[string][]crdt.Option{"": nil, " for a reader": {seen(d)}, " blind": {blind()}, " with a snapshot": {crdt.SeenSnapshot(crdt.SnapshotOf(d))}}
	for how, opts := range options {
		for name, f := range allMutators(a, d) {
			for _, panicking := range []bool{false, true} {
				src := &liar{id: 1, err: errors.New("not to be asked")}
				func() {
					defer func() {
						if r := recover(); (r != nil) != panicking {
							t.Errorf("%s%s: recovered %v", name, how, r)
						}
					}()
					_, err := crdt.Mutate(d, src, func(tx *crdt.Tx, _ *crdt.Doc) error {
						for range 2 {
							f(tx)
							a.balance.In(d).Add(tx, 1)
						}
						if panicking {
							panic(no)
						}
						return no
					}, opts...)
					if !errors.Is(err, no) {
						t.Errorf("%s%s: Mutate = %v, want the function's error", name, how, err)
					}
				}()
				if !bytes.Equal(frame(t, a.kind, d), was) || src.issued != 0 {
					t.Fatalf("%s%s: state changed, or %d numbers burned", name, how, src.issued)
				}
			}
		}
	}
}

// A walk sees what was there at its start: what is removed meanwhile is skipped,
// what is added is not visited. Go's maps leave the second open, and runs would
// differ.
func TestHazardMutateWhileIterating(t *testing.T) {
	t.Parallel()
	a := newAccount()
	for range 10 {
		d := a.kind.New()
		var saw []string
		do(t, d, writer(1), func(tx *crdt.Tx, d *crdt.Doc) {
			set, aw, roles := a.blocked.In(d), a.tags.In(d), a.roles.In(d)
			for i := range 20 {
				e := fmt.Sprintf("%02d", i)
				set.Add(tx, e)
				aw.Add(tx, e)
				roles.At(e).Add(tx, e)
			}
			for e := range set.All() {
				saw = append(saw, "rw"+e)
				set.Remove(tx, "07")
				set.Add(tx, e+"b")
				set.Add(tx, e)
			}
			for e := range aw.All() {
				saw = append(saw, "aw"+e)
				aw.Remove(tx, "07")
				aw.Add(tx, e+"b")
			}
			for k, r := range roles.All() {
				saw = append(saw, fmt.Sprint("map", k, r.Len()))
				roles.Remove(tx, "07")
				roles.At(k+"b").Add(tx, k)
				r.Add(tx, "new")
			}
			for name := range d.Fields() {
				saw = append(saw, name)
				d.Remove(tx, "roles")
				a.memo.In(d).Set(tx, "new")
			}
		})
		var want []string
		for _, of := range []string{"rw%s", "aw%s", "map%s1"} {
			for i := range 20 {
				if i != 7 {
					want = append(want, fmt.Sprintf(of, fmt.Sprintf("%02d", i)))
				}
			}
		}
		if want = append(want, "tags", "blocked"); !slices.Equal(saw, want) {
			t.Fatalf("walks visited %v, want %v", saw, want)
		}
	}
}

// What Mutate returned and what Clone made stay what they were, whatever comes to
// the object later.
func TestHazardResultAfterLaterMerges(t *testing.T) {
	t.Parallel()
	a := newAccount()
	d, other, w := a.kind.New(), a.kind.New(), writer(1)
	delta := do(t, d, w, func(tx *crdt.Tx, d *crdt.Doc) { a.tags.In(d).Add(tx, "x"); a.balance.In(d).Add(tx, 1) })
	clone, part := d.Clone(), a.tags.In(d).Clone()
	frames := [][]byte{frame(t, a.kind, delta), frame(t, a.kind, clone)}
	other.Merge(delta)
	do(t, other, writer(2), func(tx *crdt.Tx, d *crdt.Doc) { d.Clear(tx); a.tags.In(d).Add(tx, "y") })
	d.Merge(other)
	do(t, d, w, func(tx *crdt.Tx, d *crdt.Doc) { a.balance.In(d).Add(tx, 7) })
	if !bytes.Equal(frame(t, a.kind, delta), frames[0]) || !bytes.Equal(frame(t, a.kind, clone), frames[1]) || !part.Contains("x") {
		t.Error("a delta or a clone changed with the object that it was made from")
	}
}

// A NaN equals nothing, not even itself, so a set of Go values could neither find
// nor remove it. It is refused, wherever it hides.
func TestHazardNaN(t *testing.T) {
	t.Parallel()
	type point struct{ X, Y float64 }
	nan := math.NaN()
	for name, err := range map[string]error{
		"float":   adding(t, nan),
		"float32": adding(t, float32(nan)),
		"struct":  adding(t, point{1, nan}),
		"pointer": adding(t, &nan),
		"slice":   adding(t, [3]float64{nan}),
		"any":     adding[any](t, nan),
		"map":     adding(t, map[string]float64{"x": nan}),
	} {
		if err == nil || errors.Is(err, crdt.ErrCorrupt) {
			t.Errorf("%s: adding a NaN = %v, want an error that blames no frame", name, err)
		}
	}
	m := crdt.AWMapKind(crdt.MsgPack[float64]("float"), crdt.CounterKind()).New()
	if _, err := crdt.Mutate(m, writer(1), func(tx *crdt.Tx, m *crdt.AWMap[float64, *crdt.Counter]) error {
		m.At(nan).Add(tx, 1)
		return nil
	}); err == nil || !m.IsBottom() || m.At(nan).Value() != 0 || m.Contains(nan) {
		t.Errorf("a NaN as key = %v", err)
	}
}

// adding adds e to a set and returns what Mutate does. A set that took it must
// hold it once, find it, and read it back from a frame.
func adding[E any](t *testing.T, e E, same ...E) error {
	t.Helper()
	k := crdt.AWSetKind(crdt.MsgPack[E]("hazard"))
	s, w := k.New(), writer(1)
	_, err := crdt.Mutate(s, w, func(tx *crdt.Tx, s *crdt.AWSet[E]) error {
		for _, x := range append(same, e) {
			s.Add(tx, x)
		}
		return nil
	})
	if err != nil {
		if !s.IsBottom() {
			t.Errorf("%T: %v, but the set changed", e, err)
		}
		return err
	}
	back, err := crdt.DecodeFrame(k, frame(t, k, s))
	if err != nil {
		return err
	}
	if !back.Equal(s) || back.Len() != 1 {
		t.Errorf("%T: %d elements, want the one", e, back.Len())
	}
	for _, x := range append(same, e) {
		if !back.Contains(x) {
			t.Errorf("%T: %v is not found", e, x)
		}
	}
	if do(t, back, w, func(tx *crdt.Tx, s *crdt.AWSet[E]) { s.Remove(tx, e) }); back.Len() != 0 {
		t.Errorf("%T: what was added cannot be removed", e)
	}
	return nil
}

// What is one element to Go and what is one to every replica are different
// questions; bytes answer the second.
func TestHazardIdentityIsBytes(t *testing.T) {
	t.Parallel()
	type address struct {
		City string
		Zip  *int
	}
	zip, sameZip := 10115, 10115
	noon := time.Date(2026, 1, 2, 12, 0, 0, 5, time.UTC)
	local := time.Now() // has a monotonic reading
	for name, err := range map[string]error{
		"-0":                   adding(t, 0, math.Copysign(0, -1)),
		"-0 in a struct":       adding(t, struct{ X float64 }{0}, struct{ X float64 }{math.Copysign(0, -1)}),
		"instant in two zones": adding(t, noon, noon.In(time.FixedZone("elsewhere", 3600)), noon.Local()),
		"monotonic reading":    adding(t, local, local.Round(0), local.UTC()),
		"pointers":             adding(t, &zip, &sameZip),
		"nested pointers":      adding(t, address{"Berlin", &zip}, address{"Berlin", &sameZip}),
		"nil pointer":          adding(t, address{City: "Berlin"}),
		"interface of int":     adding[any](t, 7, int8(7), uint64(7)),
		"interface of slice":   adding[any](t, []any{"x", 1}), // a Go map would panic
		"interface of map":     adding[any](t, map[string]any{"b": 1, "a": []byte{1}}),
		"interface of nil":     adding[any](t, nil),
	} {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Strings are bytes: what is not UTF-8 is neither changed nor taken for something
// else, as key, element, value and in a Doc's frame.
func TestHazardNotUTF8(t *testing.T) {
	t.Parallel()
	k := crdt.AWMapKind(crdt.String, crdt.MVRegisterKind(crdt.String))
	m := k.New()
	odd := []string{"", "\x00", "a\xc3", "\xff", "\xff\xfe", "\ufffd"} // U+FFFD is what a repair would make of them
	do(t, m, writer(1), func(tx *crdt.Tx, m *crdt.AWMap[string, *crdt.MVRegister[string]]) {
		for _, s := range odd {
			m.At(s).Set(tx, s)
		}
	})
	back, err := crdt.DecodeFrame(k, frame(t, k, m))
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for s, r := range back.All() {
		if keys = append(keys, s); !slices.Equal(slices.Collect(r.Values()), []string{s}) {
			t.Errorf("%q holds %q", s, slices.Collect(r.Values()))
		}
	}
	slices.Sort(odd)
	if !slices.Equal(keys, odd) {
		t.Errorf("keys are %q, want %q", keys, odd)
	}
	for _, s := range odd {
		if err := adding(t, s); err != nil {
			t.Errorf("%q as MessagePack: %v", s, err)
		}
	}
}
