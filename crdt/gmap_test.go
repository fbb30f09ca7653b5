package crdt_test

import (
	"bytes"
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/dovetail-crdt/dovetail/crdt"
)

// Values of any lattice without a context, also of a user's own, and of bounds.
func TestGMapValues(t *testing.T) {
	t.Parallel()
	own := crdt.GMapKind(crdt.Int64, gsetKind)
	m, w := own.New(), writer(1)
	add := func(k int64, e string) func(*crdt.Tx, *crdt.GMap[int64, *gset]) {
		return func(tx *crdt.Tx, m *crdt.GMap[int64, *gset]) {
			check(t, m.Apply(tx, k, func(tx *crdt.Tx, s *gset) error { s.Add(tx, e); return nil }))
		}
	}
	do(t, m, w, func(tx *crdt.Tx, m *crdt.GMap[int64, *gset]) {
		add(7, "x")(tx, m)
		add(-1, "y")(tx, m)
		add(7, "z")(tx, m)
	})
	var keys []int64
	for k, s := range m.All() {
		keys = append(keys, k)
		if k == 7 && (!s.has["x"] || !s.has["z"]) {
			t.Errorf("7 holds %v", s.has)
		}
	}
	if !slices.Equal(keys, []int64{-1, 7}) || m.Len() != 2 || !m.Contains(7) || m.Contains(8) {
		t.Errorf("keys are %v", keys)
	}
	if _, ok := m.Get(8); ok {
		t.Error("Get of an absent key found it")
	}
	for range m.All() {
		break // an iteration can be left
	}
	if own.Name != "gmap<int64,acme/gset>" || own.Version != gsetKind.Version {
		t.Errorf("the kind is %s version %d", own.Name, own.Version)
	}
	wallets := crdt.GMapKind(crdt.String, crdt.BoundedCounterKind(-100, math.MaxInt64))
	wallet := wallets.New()
	do(t, wallet, w, func(tx *crdt.Tx, m *crdt.GMap[string, *bounded]) {
		check(t, m.Apply(tx, "EUR", start(0)))
		check(t, m.Apply(tx, "EUR", spend(60)))
	})
	var over *crdt.OverdraftError
	if _, err := crdt.Mutate(wallet, w, func(tx *crdt.Tx, m *crdt.GMap[string, *bounded]) error { return m.Apply(tx, "EUR", spend(60)) }); !errors.As(err, &over) || over.Here != 40 {
		t.Errorf("Spend of more than there is = %v", err)
	}
}

// What fails inside undoes what was done at that key, and a mutator's failure the
// whole transaction.
func TestGMapApplyIsAtomic(t *testing.T) {
	t.Parallel()
	no := errors.New("no")
	m, w := talliesKind.New(), writer(1)
	do(t, m, w, in("a", 5))
	apply := func(tx *crdt.Tx, m *tallies, k string, n int64, err error) error {
		return m.Apply(tx, k, func(tx *crdt.Tx, c *crdt.PNCounter) error { c.Add(tx, n); return err })
	}
	d := do(t, m, w, func(tx *crdt.Tx, m *tallies) {
		check(t, apply(tx, m, "a", 1, nil))
		if err := apply(tx, m, "a", 100, no); !errors.Is(err, no) {
			t.Errorf("Apply = %v, want the function's own error", err)
		}
		if err := apply(tx, m, "b", 100, no); !errors.Is(err, no) || m.Contains("b") {
			t.Errorf("Apply = %v", err)
		}
		check(t, apply(tx, m, "a", 1, nil))
	})
	if v, _ := m.Get("a"); v.Value() != 7 || m.Len() != 1 || d.Len() != 1 {
		t.Errorf("a is %v in %d keys, the delta has %d", v, m.Len(), d.Len())
	}
	was := frame(t, talliesKind, m)
	src := &liar{id: 1}
	for name, fn := range map[string]func(*crdt.Tx, *tallies) error{
		"mutator": func(tx *crdt.Tx, m *tallies) error { _ = apply(tx, m, "a", math.MaxInt64, nil); return nil },
		"both":    func(tx *crdt.Tx, m *tallies) error { _ = apply(tx, m, "a", math.MaxInt64, no); return nil },
	} {
		if d, err := crdt.Mutate(m, src, fn); !errors.Is(err, crdt.ErrOverflow) || d != nil {
			t.Errorf("%s: Mutate = %v, %v, want ErrOverflow", name, d, err)
		}
	}
	panics(t, "in Apply", "no", func() {
		_, err := crdt.Mutate(m, src, func(tx *crdt.Tx, m *tallies) error {
			return m.Apply(tx, "a", func(tx *crdt.Tx, c *crdt.PNCounter) error { c.Add(tx, 1); panic(no) })
		})
		check(t, err)
	})
	if !bytes.Equal(frame(t, talliesKind, m), was) || src.issued != 0 {
		t.Errorf("what failed changed the map, or issued %d events", src.issued)
	}
	bad := crdt.GMapKind(crdt.MsgPack[float64]("number"), crdt.PNCounterKind()).New()
	if _, err := crdt.Mutate(bad, src, func(tx *crdt.Tx, m *crdt.GMap[float64, *crdt.PNCounter]) error {
		_ = m.Apply(tx, math.NaN(), func(*crdt.Tx, *crdt.PNCounter) error { t.Error("called for no key"); return nil })
		return nil
	}); err == nil || bad.Contains(math.NaN()) {
		t.Errorf("a key that the codec refuses = %v", err)
	}
}

// Each transaction is used for what it is about, while it is.
func TestGMapTransactions(t *testing.T) {
	t.Parallel()
	m, other, w := talliesKind.New(), talliesKind.New(), writer(1)
	do(t, m, w, in("a", 5))
	was := frame(t, talliesKind, m)
	inside := func(fn func(outer, inner *crdt.Tx, m *tallies, c *crdt.PNCounter)) func() {
		return func() {
			do(t, m, w, func(outer *crdt.Tx, m *tallies) {
				check(t, m.Apply(outer, "a", func(tx *crdt.Tx, c *crdt.PNCounter) error { fn(outer, tx, m, c); return nil }))
			})
		}
	}
	panics(t, "outer on the map", "use that one", inside(func(outer, _ *crdt.Tx, m *tallies, _ *crdt.PNCounter) { in("a", 1)(outer, m) }))
	panics(t, "outer on the value", "use that one", inside(func(outer, _ *crdt.Tx, _ *tallies, c *crdt.PNCounter) { c.Add(outer, 1) }))
	panics(t, "inner on the map", "not about", inside(func(_, tx *crdt.Tx, m *tallies, _ *crdt.PNCounter) { in("a", 1)(tx, m) }))
	panics(t, "inner on the map's own value", "not about", inside(func(_, tx *crdt.Tx, m *tallies, _ *crdt.PNCounter) {
		v, _ := m.Get("a")
		v.Add(tx, 1)
	}))
	panics(t, "on the map's own value", "not about", func() {
		do(t, m, w, func(tx *crdt.Tx, m *tallies) { v, _ := m.Get("a"); v.Add(tx, 1) })
	})
	panics(t, "another map", "not about", func() { do(t, m, w, func(tx *crdt.Tx, _ *tallies) { in("a", 1)(tx, other) }) })
	var ended *crdt.Tx
	do(t, m, w, func(outer *crdt.Tx, m *tallies) {
		check(t, m.Apply(outer, "a", func(tx *crdt.Tx, _ *crdt.PNCounter) error { ended = tx; return nil }))
		panics(t, "after Apply", "after its end", func() { ended.Replica() })
	})
	if !bytes.Equal(frame(t, talliesKind, m), was) || !other.IsBottom() {
		t.Error("a refused change was done")
	}
	do(t, m, w, in("a", 1)) // the map is not stuck
}

// Each causal value would have a context of its own.
func TestGMapRefusesCausalValues(t *testing.T) {
	t.Parallel()
	panics(t, "GMapKind", "use AWMapKind", func() { crdt.GMapKind(crdt.String, crdt.CounterKind()) })
	panics(t, "GMapKind", "use AWMapKind", func() { crdt.GMapKind(crdt.String, crdt.AWSetKind(crdt.String)) })
	panics(t, "GMapKind", "use AWMapKind", func() { crdt.GMapKind(crdt.String, fundsKind) })
}

// A newer version of the values is a newer version of the map.
func TestGMapVersion(t *testing.T) {
	t.Parallel()
	newer := gsetKind
	newer.Version = 2
	f := frame(t, crdt.GMapKind(crdt.String, newer), crdt.GMapKind(crdt.String, newer).New())
	if _, err := crdt.DecodeFrame(crdt.GMapKind(crdt.String, gsetKind), f); !errors.Is(err, crdt.ErrVersion) {
		t.Errorf("DecodeFrame = %v, want ErrVersion", err)
	}
}
