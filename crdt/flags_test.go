package crdt_test

import (
	"errors"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/crdttest"
)

func TestLawsEWFlag(t *testing.T) { crdttest.Laws(t, crdt.EWFlagKind(), some(changeEW)) }

func changeEW(t *rapid.T, tx *crdt.Tx, f *crdt.EWFlag) {
	if rapid.IntRange(0, 2).Draw(t, "op") == 0 {
		f.Disable(tx)
		return
	}
	f.Enable(tx)
}

func TestLawsEWFlagInMap(t *testing.T) {
	crdttest.Laws(t, crdt.AWMapKind(crdt.String, crdt.EWFlagKind()), some(onKey(changeEW)))
}

func changeLock(t *rapid.T, tx *crdt.Tx, f *crdt.DWFlag) {
	if rapid.IntRange(0, 5).Draw(t, "prune") == 0 {
		f.Prune(tx, anyStable(t))
		return
	}
	changeDW(t, tx, f, "")
}

func TestLawsDWFlag(t *testing.T) { crdttest.Laws(t, crdt.DWFlagKind(), some(changeLock)) }

func TestLawsDWFlagInMap(t *testing.T) { crdttest.Laws(t, lockKind, some(onKey(changeLock))) }

// An enable is an event also if the flag is on, and wins over a disable that has
// not seen it; a disable of a flag that is off is none. (proofs-types 1q)
func TestEWFlag(t *testing.T) {
	t.Parallel()
	enable := func(tx *crdt.Tx, f *crdt.EWFlag) { f.Enable(tx) }
	disable := func(tx *crdt.Tx, f *crdt.EWFlag) { f.Disable(tx) }
	a, b, wa, wb := crdt.EWFlagKind().New(), crdt.EWFlagKind().New(), writer(1), writer(2)
	if d := do(t, a, wa, disable); !d.IsBottom() || a.IsEnabled() {
		t.Error("disabling a new flag is an event")
	}
	b.Merge(do(t, a, wa, enable))
	again, off := do(t, a, wa, enable), do(t, b, wb, disable)
	if b.IsEnabled() {
		t.Error("the flag is on after a disable that saw all")
	}
	a.Merge(off)
	if b.Merge(again); !a.IsEnabled() || !b.IsEnabled() || !a.Equal(b) {
		t.Errorf("after a concurrent enable and disable the flag is %t and %t, want on", a.IsEnabled(), b.IsEnabled())
	}
	a.Merge(do(t, b, wb, disable))
	if a.IsEnabled() || !a.Clone().Equal(b) {
		t.Error("the flag is on after a disable that saw all")
	}
}

// gateMutators is one call of every mutator of the types with denials.
func gateMutators(g *gates, d *crdt.Doc) map[string]func(*crdt.Tx) {
	return map[string]func(*crdt.Tx){
		"EWFlag.Enable":  func(tx *crdt.Tx) { g.seen.In(d).Enable(tx) },
		"EWFlag.Disable": func(tx *crdt.Tx) { g.seen.In(d).Disable(tx) },
		"DWFlag.Enable":  func(tx *crdt.Tx) { g.frozen.In(d).Enable(tx) },
		"DWFlag.Disable": func(tx *crdt.Tx) { g.frozen.In(d).Disable(tx) },
		"DWFlag.Reset":   func(tx *crdt.Tx) { g.frozen.In(d).Reset(tx) },
		"DWFlag.Prune":   func(tx *crdt.Tx) { g.frozen.In(d).Prune(tx, dots()) },
		"RWSet.Add":      func(tx *crdt.Tx) { g.blocked.In(d).Add(tx, "x") },
		"RWSet.Remove":   func(tx *crdt.Tx) { g.blocked.In(d).Remove(tx, "x") },
		"RWSet.Clear":    func(tx *crdt.Tx) { g.blocked.In(d).Clear(tx) },
		"RWSet.Reset":    func(tx *crdt.Tx) { g.blocked.In(d).Reset(tx) },
		"RWSet.Prune":    func(tx *crdt.Tx) { g.blocked.In(d).Prune(tx, dots()) },
		"AWMap.Prune":    func(tx *crdt.Tx) { g.roles.In(d).Prune(tx, dots()) },
		"Doc.Prune":      func(tx *crdt.Tx) { d.Prune(tx, dots()) },
	}
}

// A misused transaction is found out also where there is nothing to change.
func TestGatesInWrongTransaction(t *testing.T) {
	t.Parallel()
	g := newGates()
	k := crdt.DocKind(g.fields()...)
	d, other := k.New(), k.New()
	var ended *crdt.Tx
	do(t, d, writer(1), func(tx *crdt.Tx, _ *crdt.Doc) { ended = tx })
	for name, f := range gateMutators(g, d) {
		panics(t, name, "after its end", func() { f(ended) })
	}
	for name, f := range gateMutators(g, other) {
		panics(t, name, "another object", func() { do(t, d, writer(1), func(tx *crdt.Tx, _ *crdt.Doc) { f(tx) }) })
	}
	if !d.IsBottom() || !other.IsBottom() {
		t.Error("a refused change was done")
	}
}

// What a codec refuses fails the transaction, and is not in the set.
func TestRWSetOfWhatHasNoBytes(t *testing.T) {
	t.Parallel()
	type odd = crdt.RWSet[float64]
	s := crdt.RWSetKind(crdt.MsgPack[float64]("number")).New()
	for name, f := range map[string]func(*crdt.Tx, *odd){
		"Add":    func(tx *crdt.Tx, s *odd) { s.Add(tx, math.NaN()) },
		"Remove": func(tx *crdt.Tx, s *odd) { s.Remove(tx, math.NaN()) },
	} {
		if _, err := crdt.Mutate(s, writer(1), func(tx *crdt.Tx, s *odd) error { f(tx, s); return nil }); err == nil || !strings.Contains(err.Error(), "NaN") {
			t.Errorf("%s = %v, want an error of the codec", name, err)
		}
	}
	if s.Contains(math.NaN()) || !s.IsBottom() {
		t.Error("an element without bytes is in the set")
	}
}

// A type refuses content that its mutators cannot make.
func TestGatesRefuseForeignContent(t *testing.T) {
	t.Parallel()
	contents := map[string][]byte{
		"denial":  contentOf(t, crdt.DWFlagKind(), func(tx *crdt.Tx, f *crdt.DWFlag) { f.Disable(tx) }),
		"element": contentOf(t, crdt.RWSetKind(crdt.String), func(tx *crdt.Tx, s *roleSet) { s.Add(tx, "x") }),
		"value":   contentOf(t, crdt.MVRegisterKind(crdt.Int64), func(tx *crdt.Tx, r *crdt.MVRegister[int64]) { r.Set(tx, 1) }),
		"values":  contentOf(t, crdt.MVMapKind(crdt.String, crdt.Int64), func(tx *crdt.Tx, m *crdt.MVMap[string, int64]) { m.At("k").Set(tx, 1) }),
		"total":   contentOf(t, crdt.CounterKind(), func(tx *crdt.Tx, c *crdt.Counter) { c.Add(tx, 1) }),
		"totals":  contentOf(t, fundsKind, func(tx *crdt.Tx, m *funds) { m.At("k").Add(tx, 1) }),
		"base":    resetCounter(t),
		"key":     contentOf(t, crdt.AWMapKind(crdt.String, crdt.EWFlagKind()), func(tx *crdt.Tx, m *crdt.AWMap[string, *crdt.EWFlag]) { m.At("k").Enable(tx) }),
		"deep":    contentOf(t, roleKind, func(tx *crdt.Tx, m *roleMap) { m.At("k").Add(tx, "x") }),
	}
	decoders := map[string]func([]byte) error{
		"EWFlag":           decodes(crdt.EWFlagKind()),
		"DWFlag":           decodes(crdt.DWFlagKind()),
		"RWSet":            decodes(crdt.RWSetKind(crdt.String)),
		"RWSet of numbers": decodes(crdt.RWSetKind(crdt.Uint64)),
	}
	accepted := map[string]string{"DWFlag": "denial", "RWSet": "element"}
	for kind, decode := range decoders {
		for name, content := range contents {
			err := decode(content)
			if want := accepted[kind] == name; (err == nil) != want || err != nil && !errors.Is(err, crdt.ErrCorrupt) {
				t.Errorf("%s accepts content with a %s: %v, want %t", kind, name, err, want)
			}
		}
	}
}

func contentOf[S crdt.Lattice[S]](t *testing.T, k crdt.Kind[S], fn func(*crdt.Tx, S)) []byte {
	t.Helper()
	s := k.New()
	do(t, s, writer(1), fn)
	b, err := k.Append(nil, s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func resetCounter(t *testing.T) []byte {
	t.Helper()
	k := crdt.CounterKind()
	c := k.New()
	do(t, c, writer(1), func(tx *crdt.Tx, c *crdt.Counter) { c.Add(tx, 1) })
	do(t, c, writer(2), func(tx *crdt.Tx, c *crdt.Counter) { c.Reset(tx) })
	b, err := k.Append(nil, c)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func decodes[S crdt.Lattice[S]](k crdt.Kind[S]) func([]byte) error {
	return func(b []byte) error {
		_, err := k.Decode(b)
		return err
	}
}
