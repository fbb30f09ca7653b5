package crdt_test

import (
	"bytes"
	"errors"
	"math"
	"testing"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
)

// mutators is one call of every mutator of a document with all types.
func mutators(a *account, d *crdt.Doc) map[string]func(*crdt.Tx) {
	return map[string]func(*crdt.Tx){
		"Counter.Add":       func(tx *crdt.Tx) { a.balance.In(d).Add(tx, 1) },
		"Counter.Reset":     func(tx *crdt.Tx) { a.balance.In(d).Reset(tx) },
		"AWSet.Add":         func(tx *crdt.Tx) { a.tags.In(d).Add(tx, "x") },
		"AWSet.Remove":      func(tx *crdt.Tx) { a.tags.In(d).Remove(tx, "x") },
		"AWSet.Clear":       func(tx *crdt.Tx) { a.tags.In(d).Clear(tx) },
		"LWWRegister.Set":   func(tx *crdt.Tx) { a.owner.In(d).Set(tx, "x") },
		"LWWRegister.Clear": func(tx *crdt.Tx) { a.owner.In(d).Clear(tx) },
		"MVRegister.Set":    func(tx *crdt.Tx) { a.memo.In(d).Set(tx, "x") },
		"MVRegister.Clear":  func(tx *crdt.Tx) { a.memo.In(d).Clear(tx) },
		"AWMap.Remove":      func(tx *crdt.Tx) { a.funds.In(d).Remove(tx, "x") },
		"AWMap.Clear":       func(tx *crdt.Tx) { a.funds.In(d).Clear(tx) },
		"nested Counter":    func(tx *crdt.Tx) { a.funds.In(d).At("x").At("y").Add(tx, 1) },
		"Doc.Clear":         func(tx *crdt.Tx) { d.Clear(tx) },
		"Tx.Fail":           func(tx *crdt.Tx) { tx.Fail(errors.New("late")) },
		"Tx.Replica":        func(tx *crdt.Tx) { tx.Replica() },
	}
}

func TestTxAfterItsEndPanics(t *testing.T) {
	t.Parallel()
	a := newAccount()
	d := a.kind.New()
	var ended, failed, counted *crdt.Tx
	do(t, d, writer(1), func(tx *crdt.Tx, d *crdt.Doc) { ended = tx; a.tags.In(d).Add(tx, "x") })
	if _, err := crdt.Mutate(d, writer(2), func(tx *crdt.Tx, _ *crdt.Doc) error { failed = tx; return errors.New("no") }); err == nil {
		t.Error("Mutate lost the function's error")
	}
	n := crdt.PNCounterKind().New()
	do(t, n, writer(1), func(tx *crdt.Tx, _ *crdt.PNCounter) { counted = tx })
	was := frame(t, a.kind, d)
	for name, f := range mutators(a, d) {
		panics(t, name, "after its end", func() { f(ended) })
		panics(t, name, "after its end", func() { f(failed) })
	}
	panics(t, "PNCounter.Add", "after its end", func() { n.Add(counted, 1) })
	panics(t, "Record", "after its end", func() { crdt.Record(counted, n, n) })
	if !bytes.Equal(frame(t, a.kind, d), was) || n.Value() != 0 {
		t.Error("a transaction changed its object after its end")
	}
}

func TestOtherObjectInTxPanics(t *testing.T) {
	t.Parallel()
	a := newAccount()
	d, other := a.kind.New(), a.kind.New()
	for name, f := range mutators(a, other) {
		if name == "Tx.Fail" || name == "Tx.Replica" {
			continue
		}
		panics(t, name, "another object", func() { do(t, d, writer(1), func(tx *crdt.Tx, _ *crdt.Doc) { f(tx) }) })
	}
	n, m := crdt.PNCounterKind().New(), crdt.PNCounterKind().New()
	panics(t, "PNCounter", "not about", func() { do(t, n, writer(1), func(tx *crdt.Tx, _ *crdt.PNCounter) { m.Add(tx, 1) }) })
	panics(t, "Record", "not about", func() { do(t, d, writer(1), func(tx *crdt.Tx, d *crdt.Doc) { crdt.Record(tx, d, other) }) })
	if !d.IsBottom() || !other.IsBottom() || !n.IsBottom() || !m.IsBottom() {
		t.Error("a refused change was done")
	}
	do(t, d, writer(1), func(tx *crdt.Tx, d *crdt.Doc) { a.balance.In(d).Add(tx, 1) }) // the object is not stuck
}

func TestNestedMutatePanics(t *testing.T) {
	t.Parallel()
	s := crdt.AWSetKind(crdt.String).New()
	w := writer(1)
	add := func(tx *crdt.Tx, s *crdt.AWSet[string]) { s.Add(tx, "x") }
	panics(t, "nested Mutate", "is changing", func() {
		do(t, s, w, func(tx *crdt.Tx, s *crdt.AWSet[string]) { add(tx, s); do(t, s, w, add) })
	})
	panics(t, "Merge inside", "during a transaction", func() {
		do(t, s, w, func(tx *crdt.Tx, s *crdt.AWSet[string]) { add(tx, s); s.Merge(crdt.AWSetKind(crdt.String).New()) })
	})
	if !s.IsBottom() {
		t.Error("what panicked was not undone")
	}
}

// Error, failed mutator, failed source and panic undo everything.
func TestFailureUndoesEverything(t *testing.T) {
	t.Parallel()
	no := errors.New("no")
	bad := crdt.MsgPack[float64]("number")
	a, badField := newAccount(), crdt.NewField("bad", crdt.AWSetKind(bad))
	kind := crdt.DocKind(a.balance, a.tags, a.owner, a.memo, a.funds, badField)
	tests := []struct {
		name string
		end  func(*crdt.Tx, *crdt.Doc) error
		want error
	}{
		{"error", func(*crdt.Tx, *crdt.Doc) error { return no }, no},
		{"Fail", func(tx *crdt.Tx, _ *crdt.Doc) error { tx.Fail(no); tx.Fail(errors.New("second")); return nil }, no},
		{"panic", func(*crdt.Tx, *crdt.Doc) error { panic(no) }, no},
		{"overflow", func(tx *crdt.Tx, d *crdt.Doc) error { a.balance.In(d).Add(tx, math.MaxInt64); return nil }, crdt.ErrOverflow},
		{"codec", func(tx *crdt.Tx, d *crdt.Doc) error { badField.In(d).Add(tx, math.NaN()); return nil }, nil},
	}
	for _, tt := range tests {
		d, w := kind.New(), crdt.NewWriter(1, wall)
		for _, name := range []string{"Counter.Add", "AWSet.Add", "LWWRegister.Set", "MVRegister.Set", "nested Counter"} {
			do(t, d, w, func(tx *crdt.Tx, d *crdt.Doc) { mutators(a, d)[name](tx) })
		}
		was := frame(t, kind, d)
		src := &liar{id: 2, err: errors.New("not to be asked")}
		err := func() (err error) {
			defer func() {
				if r, ok := recover().(error); ok {
					err = r
				}
			}()
			delta, err := crdt.Mutate(d, src, func(tx *crdt.Tx, d *crdt.Doc) error {
				for _, f := range []string{"Counter.Add", "AWSet.Add", "AWMap.Clear", "Doc.Clear", "MVRegister.Set", "Counter.Add"} {
					mutators(a, d)[f](tx)
				}
				return tt.end(tx, d)
			})
			if delta != nil {
				t.Errorf("%s: Mutate returned a delta", tt.name)
			}
			return err
		}()
		if err == nil || tt.want != nil && !errors.Is(err, tt.want) {
			t.Errorf("%s: Mutate = %v, want %v", tt.name, err, tt.want)
		}
		if !bytes.Equal(frame(t, kind, d), was) || src.issued != 0 {
			t.Errorf("%s: state changed, or %d events issued", tt.name, src.issued)
		}
	}
}

func TestSourceFaultsAreErrors(t *testing.T) {
	t.Parallel()
	no := errors.New("no")
	tests := []struct {
		name   string
		source *liar
		want   error
	}{
		{"replica id 0", &liar{ev: event(0, 1, 0)}, nil},
		{"error", &liar{id: 1, err: no}, no},
		{"another replica's event", &liar{id: 1, ev: event(2, 1, 0)}, nil},
		{"number 0", &liar{id: 1, ev: event(1, 0, 0)}, nil},
		{"number too large", &liar{id: 1, ev: event(1, clock.MaxSeq+1, 0)}, nil},
		{"claim at the number", &liar{id: 1, ev: event(1, 5, 5)}, nil},
		{"claim above the number", &liar{id: 1, ev: event(1, 5, 6)}, nil},
	}
	for _, tt := range tests {
		s, n := crdt.AWSetKind(crdt.String).New(), crdt.PNCounterKind().New()
		_, err := crdt.Mutate(s, tt.source, func(tx *crdt.Tx, s *crdt.AWSet[string]) error { s.Add(tx, "x"); return nil })
		if err == nil || tt.want != nil && !errors.Is(err, tt.want) || !s.IsBottom() {
			t.Errorf("%s: Mutate = %v, bottom %t, want %v", tt.name, err, s.IsBottom(), tt.want)
		}
		if delta, err := crdt.Mutate(n, tt.source, func(tx *crdt.Tx, n *crdt.PNCounter) error { n.Add(tx, 1); return nil }); err == nil || delta != nil || !n.IsBottom() {
			t.Errorf("%s: Mutate of a PNCounter = %v, %v, want an error", tt.name, delta, err)
		}
	}
	panics(t, "NewWriter", "replica id 0", func() { crdt.NewWriter(0, wall) })
}

// Two writers that share an id are found out as soon as one sees the other.
func TestSharedReplicaID(t *testing.T) {
	t.Parallel()
	k := crdt.AWSetKind(crdt.String)
	s, w, twin := k.New(), writer(1), writer(1)
	do(t, s, w, func(tx *crdt.Tx, s *crdt.AWSet[string]) { s.Add(tx, "x"); s.Add(tx, "y") })
	was := frame(t, k, s)
	for range 2 {
		_, err := crdt.Mutate(s, twin, func(tx *crdt.Tx, s *crdt.AWSet[string]) error { s.Clear(tx); return nil })
		if !errors.Is(err, crdt.ErrReused) || !bytes.Equal(frame(t, k, s), was) {
			t.Errorf("Mutate by a second writer = %v, want ErrReused and nothing changed", err)
		}
	}
}
