package crdt_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
)

// What every type does with what is not there, and while a transaction runs.
func TestUniform(t *testing.T) {
	t.Run("Counter", uniform("1", &crdt.Counter{}, crdt.CounterKind(), func(tx *crdt.Tx, c *crdt.Counter) { c.Add(tx, 1) }))
	t.Run("LWWRegister", uniform("x", &crdt.LWWRegister[string]{}, crdt.LWWRegisterKind(crdt.String), func(tx *crdt.Tx, r *crdt.LWWRegister[string]) { r.Set(tx, "x") }))
	t.Run("MVRegister", uniform("[x]", &crdt.MVRegister[string]{}, crdt.MVRegisterKind(crdt.String), func(tx *crdt.Tx, r *crdt.MVRegister[string]) { r.Set(tx, "x") }))
	t.Run("EWFlag", uniform("true", &crdt.EWFlag{}, crdt.EWFlagKind(), func(tx *crdt.Tx, f *crdt.EWFlag) { f.Enable(tx) }))
	t.Run("DWFlag", uniform("true", &crdt.DWFlag{}, crdt.DWFlagKind(), func(tx *crdt.Tx, f *crdt.DWFlag) { f.Enable(tx) }))
	t.Run("AWSet", uniform("[x]", &crdt.AWSet[string]{}, crdt.AWSetKind(crdt.String), func(tx *crdt.Tx, s *crdt.AWSet[string]) { s.Add(tx, "x") }))
	t.Run("RWSet", uniform("[x]", &crdt.RWSet[string]{}, crdt.RWSetKind(crdt.String), func(tx *crdt.Tx, s *crdt.RWSet[string]) { s.Add(tx, "x") }))
	t.Run("AWMap", uniform("{x:1}", &crdt.AWMap[string, *crdt.Counter]{}, crdt.AWMapKind(crdt.String, crdt.CounterKind()), func(tx *crdt.Tx, m *crdt.AWMap[string, *crdt.Counter]) { m.At("x").Add(tx, 1) }))
	f := crdt.NewField("f", crdt.CounterKind())
	t.Run("Doc", uniform("{f:counter}", &crdt.Doc{}, crdt.DocKind(f), func(tx *crdt.Tx, d *crdt.Doc) { f.In(d).Add(tx, 1) }))
	t.Run("GCounter", uniform("1", &crdt.GCounter{}, crdt.GCounterKind(), func(tx *crdt.Tx, c *crdt.GCounter) { c.Add(tx, 1) }))
	t.Run("PNCounter", uniform("1", &crdt.PNCounter{}, crdt.PNCounterKind(), func(tx *crdt.Tx, c *crdt.PNCounter) { c.Add(tx, 1) }))
	t.Run("GSet", uniform("[x]", &crdt.GSet[string]{}, crdt.GSetKind(crdt.String), func(tx *crdt.Tx, s *crdt.GSet[string]) { s.Add(tx, "x") }))
	t.Run("MaxRegister", uniform("x", &crdt.MaxRegister[string]{}, crdt.MaxRegisterKind(crdt.String), func(tx *crdt.Tx, r *crdt.MaxRegister[string]) { r.Set(tx, "x") }))
	t.Run("MinRegister", uniform("x", &crdt.MinRegister[string]{}, crdt.MinRegisterKind(crdt.String), func(tx *crdt.Tx, r *crdt.MinRegister[string]) { r.Set(tx, "x") }))
	t.Run("GMap", uniform("{x:1}", &crdt.GMap[string, *crdt.GCounter]{}, crdt.GMapKind(crdt.String, crdt.GCounterKind()), func(tx *crdt.Tx, m *crdt.GMap[string, *crdt.GCounter]) {
		_ = m.Apply(tx, "x", func(tx *crdt.Tx, c *crdt.GCounter) error { c.Add(tx, 1); return nil })
	}))
	t.Run("BoundedCounter", uniform("1", &crdt.BoundedCounter{}, crdt.BoundedCounterKind(0, math.MaxInt64), func(tx *crdt.Tx, c *crdt.BoundedCounter) { _ = c.Grant(tx, 1) }))
}

// said reports what f panics with; nothing that the kernel or the runtime says.
func said(t *testing.T, what string, f func()) (words string) {
	t.Helper()
	defer func() {
		t.Helper()
		if p := recover(); p != nil {
			words = fmt.Sprint(p)
			if !strings.HasPrefix(words, "crdt: ") {
				t.Errorf("%s panics: %s", what, words)
			}
		}
	}()
	f()
	return ""
}

func uniform[S crdt.Lattice[S]](shows string, zero S, k crdt.Kind[S], change func(*crdt.Tx, S)) func(*testing.T) {
	return func(t *testing.T) {
		t.Parallel()
		var none S
		s, empty := k.New(), k.New()
		unchanged, err := crdt.Mutate(s, writer(1), func(*crdt.Tx, S) error { return nil })
		if err != nil || !unchanged.IsBottom() {
			t.Fatalf("a transaction that changes nothing: %v, %v", unchanged, err)
		}
		for name, bottom := range map[string]S{"nil": none, "the zero value": zero, "an empty value": empty, "the delta of no change": unchanged} {
			words := said(t, name, func() {
				want, _ := crdt.AppendFrame(nil, k, empty)
				if f, err := crdt.AppendFrame(nil, k, bottom); err != nil || string(f) != string(want) {
					t.Errorf("AppendFrame of %s = %x, %v, want %x", name, f, err, want)
				}
				if b, err := k.Append(nil, bottom); err != nil || len(b) == 0 {
					t.Errorf("Kind.Append of %s = %x, %v", name, b, err)
				}
				if s.Merge(bottom) || !s.Equal(bottom) || !bottom.IsBottom() || !bottom.Equal(s) || !bottom.Clone().IsBottom() {
					t.Errorf("%s is not the bottom", name)
				}
				if got, want := any(bottom).(fmt.Stringer).String(), any(empty).(fmt.Stringer).String(); got != want {
					t.Errorf("String of %s = %q, want %q", name, got, want)
				}
				if !crdt.Contains(s, bottom) || crdt.ContextOf(bottom) != nil && !crdt.ContextOf(bottom).IsEmpty() {
					t.Errorf("%s is not contained in all", name)
				}
			})
			if words != "" {
				t.Errorf("%s: %s", name, words)
			}
		}
		_, err = crdt.Mutate(s, writer(1), func(tx *crdt.Tx, s S) error { change(tx, s); return nil })
		if err != nil || s.Equal(none) || s.Equal(empty) || none.Equal(s) || s.Merge(none) {
			t.Errorf("a changed value equals nothing, or %v", err)
		}
		if got := fmt.Sprint(s); got != shows {
			t.Errorf("String = %q, want %q", got, shows)
		}
		if words := said(t, "Merge into nil", func() { none.Merge(s) }); words == "" {
			t.Error("Merge into nil goes nowhere, without a word")
		}
		if words := said(t, "Mutate of nil", func() {
			_, err = crdt.Mutate(none, writer(1), func(tx *crdt.Tx, s S) error { change(tx, s); return nil })
		}); words == "" && err == nil {
			t.Error("Mutate of nil goes nowhere, without a word")
		}
		if words := said(t, "Mutate of the zero value", func() {
			_, err = crdt.Mutate(zero, writer(1), func(tx *crdt.Tx, s S) error { change(tx, s); return nil })
		}); words == "" && (err != nil || !zero.Equal(s)) {
			t.Errorf("the zero value changes otherwise than another: %v", err)
		}
		inside(t, k, s.Clone(), change)
	}
}

// inside does within a transaction on s what reads or copies it: each works or says why
// it does not, and the transaction goes on.
func inside[S crdt.Lattice[S]](t *testing.T, k crdt.Kind[S], s S, change func(*crdt.Tx, S)) {
	t.Helper()
	other, no := k.New(), errors.New("no")
	_, err := crdt.Mutate(s, writer(1), func(tx *crdt.Tx, s S) error {
		change(tx, s)
		for what, f := range map[string]func(){
			"Contains":    func() { crdt.Contains(s, other) },
			"Contains of": func() { crdt.Contains(other, s) },
			"Clone":       func() { _ = s.Clone() },
			"Equal":       func() { s.Equal(other) },
			"Equal to":    func() { other.Equal(s) },
			"Merge":       func() { s.Merge(other) },
			"Merge of":    func() { other.Clone().Merge(s) },
			"IsBottom":    func() { s.IsBottom() },
			"ContextOf":   func() { crdt.ContextOf(s) },
			"SnapshotOf":  func() { crdt.SnapshotOf(s) },
			"AppendFrame": func() { _, _ = crdt.AppendFrame(nil, k, s) },
			"Kind.Append": func() { _, _ = k.Append(nil, s) },
			"Mutate":      func() { _, _ = crdt.Mutate(s, writer(2), func(*crdt.Tx, S) error { return no }) },
			"Strip":       func() { _, _ = asObject(t, k, other).Strip(asObject(t, k, s)) },
			"Fill":        func() { asObject(t, k, s).Fill(&clock.Context{}) },
			"String":      func() { _ = fmt.Sprint(s) },
		} {
			said(t, what+" in a transaction", f)
		}
		return no
	})
	if !errors.Is(err, no) {
		t.Errorf("Mutate = %v", err)
	}
}
