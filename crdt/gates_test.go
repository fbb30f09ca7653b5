package crdt_test

import (
	"testing"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
)

// gate is one place that says yes or no, of any type in which no wins, alone or
// inside a map or document.
type gate[S crdt.Lattice[S]] struct {
	name       string
	kind       crdt.Kind[S]
	yes, no    func(*crdt.Tx, S)
	reset      func(*crdt.Tx, S) // forgets what it saw
	prune      func(*crdt.Tx, S, *clock.Context)
	on         func(S) bool
	tombstones func(S) int
}

type (
	roleMap = crdt.AWMap[string, *crdt.RWSet[string]]
	lockMap = crdt.AWMap[string, *crdt.DWFlag]
	roleSet = crdt.RWSet[string]
)

var (
	roleKind = crdt.AWMapKind(crdt.String, crdt.RWSetKind(crdt.String))
	lockKind = crdt.AWMapKind(crdt.String, crdt.DWFlagKind())
)

func ofSet() gate[*roleSet] {
	return gate[*roleSet]{
		name:       "RWSet",
		kind:       crdt.RWSetKind(crdt.String),
		yes:        func(tx *crdt.Tx, s *roleSet) { s.Add(tx, "x") },
		no:         func(tx *crdt.Tx, s *roleSet) { s.Remove(tx, "x") },
		reset:      func(tx *crdt.Tx, s *roleSet) { s.Reset(tx) },
		prune:      func(tx *crdt.Tx, s *roleSet, stable *clock.Context) { s.Prune(tx, stable) },
		on:         func(s *roleSet) bool { return s.Contains("x") },
		tombstones: func(s *roleSet) int { return s.Tombstones() },
	}
}

func ofFlag() gate[*crdt.DWFlag] {
	return gate[*crdt.DWFlag]{
		name:       "DWFlag",
		kind:       crdt.DWFlagKind(),
		yes:        func(tx *crdt.Tx, f *crdt.DWFlag) { f.Enable(tx) },
		no:         func(tx *crdt.Tx, f *crdt.DWFlag) { f.Disable(tx) },
		reset:      func(tx *crdt.Tx, f *crdt.DWFlag) { f.Reset(tx) },
		prune:      func(tx *crdt.Tx, f *crdt.DWFlag, stable *clock.Context) { f.Prune(tx, stable) },
		on:         func(f *crdt.DWFlag) bool { return f.IsEnabled() },
		tombstones: func(f *crdt.DWFlag) int { return f.Tombstones() },
	}
}

func ofSetInMap() gate[*roleMap] {
	s := ofSet()
	return gate[*roleMap]{
		name:       "RWSet in a map",
		kind:       roleKind,
		yes:        func(tx *crdt.Tx, m *roleMap) { s.yes(tx, m.At("k")) },
		no:         func(tx *crdt.Tx, m *roleMap) { s.no(tx, m.At("k")) },
		reset:      func(tx *crdt.Tx, m *roleMap) { m.Remove(tx, "k") },
		prune:      func(tx *crdt.Tx, m *roleMap, stable *clock.Context) { m.Prune(tx, stable) },
		on:         func(m *roleMap) bool { return m.Contains("k") && m.At("k").Contains("x") },
		tombstones: func(m *roleMap) int { return m.At("k").Tombstones() },
	}
}

func ofFlagInMap() gate[*lockMap] {
	return gate[*lockMap]{
		name:       "DWFlag in a map",
		kind:       lockKind,
		yes:        func(tx *crdt.Tx, m *lockMap) { m.At("k").Enable(tx) },
		no:         func(tx *crdt.Tx, m *lockMap) { m.At("k").Disable(tx) },
		reset:      func(tx *crdt.Tx, m *lockMap) { m.Clear(tx) },
		prune:      func(tx *crdt.Tx, m *lockMap, stable *clock.Context) { m.At("k").Prune(tx, stable) },
		on:         func(m *lockMap) bool { return m.Contains("k") && m.At("k").IsEnabled() },
		tombstones: func(m *lockMap) int { return m.At("k").Tombstones() },
	}
}

// dots is a context of these dots of replicas 1, 2 and 3, one row each.
func dots(rows ...[]uint64) *clock.Context {
	c := new(clock.Context)
	for i, seqs := range rows {
		for _, seq := range seqs {
			c.Add(clock.Dot{Replica: clock.ReplicaID(i + 1), Seq: seq})
		}
	}
	return c
}

func TestGates(t *testing.T) {
	t.Parallel()
	checkGate(t, ofSet())
	checkGate(t, ofFlag())
	checkGate(t, ofSetInMap())
	checkGate(t, ofFlagInMap())
}

func checkGate[S crdt.Lattice[S]](t *testing.T, g gate[S]) {
	t.Helper()
	t.Run(g.name, func(t *testing.T) {
		t.Parallel()
		t.Run("events", func(t *testing.T) { g.checkEvents(t) })
		t.Run("reset", func(t *testing.T) { g.checkReset(t) })
		t.Run("prune", func(t *testing.T) { g.checkPrune(t) })
		t.Run("prune of what is on", func(t *testing.T) { g.checkPruneOn(t) })
	})
}

// Every write is an event, whatever it finds: each of these is lost if the last
// write of its replica does nothing. (proofs-types 1o, 1p, 1q)
func (g gate[S]) checkEvents(t *testing.T) {
	t.Helper()
	type writes []func(*crdt.Tx, S)
	tests := []struct {
		name   string
		before writes // by replica 1, seen by replica 2
		first  func(*crdt.Tx, S)
		second func(*crdt.Tx, S) // concurrently, by replica 2
		want   bool
	}{
		{"no, of what was never there", nil, g.no, g.yes, false},
		{"no, of what was forgotten", writes{g.yes, g.reset}, g.no, g.yes, false},
		{"no, again", writes{g.no}, g.no, g.yes, false},
		{"no, again, after yes", writes{g.yes, g.no}, g.no, g.yes, false},
		{"yes, again, against reset", writes{g.yes}, g.yes, g.reset, true},
		{"yes, after no", writes{g.no}, g.yes, g.reset, true},
		{"no, against yes", writes{g.yes}, g.no, g.yes, false},
		{"yes twice", nil, g.yes, g.yes, true},
		{"no, against reset", writes{g.yes}, g.no, g.reset, false},
	}
	for _, tt := range tests {
		a, b, wa, wb := g.kind.New(), g.kind.New(), writer(1), writer(2)
		for _, f := range tt.before {
			b.Merge(do(t, a, wa, f))
		}
		da, db := do(t, a, wa, tt.first), do(t, b, wb, tt.second)
		a.Merge(db)
		b.Merge(da)
		if g.on(a) != tt.want || g.on(b) != tt.want || !a.Equal(b) {
			t.Errorf("%s: shown at one %t, at the other %t, want %t", tt.name, g.on(a), g.on(b), tt.want)
		}
	}
}

// A reset forgets the denials that it saw: a yes that had lost to one of them is
// shown. A denial is not presence, but there is something to forget.
func (g gate[S]) checkReset(t *testing.T) {
	t.Helper()
	a, b, c, wa, wc := g.kind.New(), g.kind.New(), g.kind.New(), writer(1), writer(3)
	no := do(t, a, wa, g.no)
	yes := do(t, b, writer(2), g.yes)
	c.Merge(no)
	forget := do(t, c, wc, g.reset)
	if forget.IsBottom() || g.tombstones(c) != 0 {
		t.Errorf("a reset that sees only a denial is an event: %t, and leaves %d", !forget.IsBottom(), g.tombstones(c))
	}
	if again := do(t, c, wc, g.reset); !again.IsBottom() {
		t.Error("a reset of nothing is an event")
	}
	a.Merge(yes)
	if g.on(a) {
		t.Error("a concurrent no loses")
	}
	if a.Merge(forget); !g.on(a) || g.tombstones(a) != 0 {
		t.Errorf("after the reset it is shown: %t, with %d tombstones; the unseen yes should show", g.on(a), g.tombstones(a))
	}
}

// A prune ends a place only when all that is live there is stable: the removes,
// and the adds that they beat. (proofs-types 1r to 1t)
func (g gate[S]) checkPrune(t *testing.T) {
	t.Helper()
	tests := []struct {
		name       string
		stable     *clock.Context
		left       int  // tombstones after it
		late       bool // replica 3, having seen neither, says yes
		reset      bool // or, having seen only the no, resets
		wantAtLast bool
	}{
		{"nothing is stable, and a late yes loses", dots(), 1, true, false, false},
		{"other events are stable", dots([]uint64{2}, []uint64{2}, []uint64{1}), 1, true, false, false},
		{"the yes is stable, and a late yes loses", dots(nil, []uint64{1}), 1, true, false, false},
		{"the no is stable, and a reset that did not see the yes spares it", dots([]uint64{1}), 1, false, true, true},
		{"both are stable, and the yes goes too", dots([]uint64{1}, []uint64{1}), 0, false, false, false},
	}
	for _, tt := range tests {
		a, b, c, wa, wc := g.kind.New(), g.kind.New(), g.kind.New(), writer(1), writer(3)
		no, yes := do(t, a, wa, g.no), do(t, b, writer(2), g.yes)
		a.Merge(yes)
		b.Merge(no)
		pruned := do(t, a, wa, func(tx *crdt.Tx, s S) { g.prune(tx, s, tt.stable) })
		if pruned.IsBottom() != (tt.left == 1) || g.tombstones(a) != tt.left || g.on(a) {
			t.Errorf("%s: after the prune %d tombstones are left, want %d; an event %t, shown %t", tt.name, g.tombstones(a), tt.left, !pruned.IsBottom(), g.on(a))
		}
		switch {
		case tt.late:
			a.Merge(do(t, c, wc, g.yes))
		case tt.reset:
			c.Merge(no)
			a.Merge(do(t, c, wc, g.reset))
		}
		if b.Merge(pruned); g.on(a) != tt.wantAtLast || g.on(b) {
			t.Errorf("%s: at last it is shown: %t, want %t; elsewhere after the prune: %t", tt.name, g.on(a), tt.wantAtLast, g.on(b))
		}
	}
}

// A prune leaves what is shown, however stable, and what its own transaction
// wrote.
func (g gate[S]) checkPruneOn(t *testing.T) {
	t.Helper()
	s, w := g.kind.New(), writer(1)
	all := dots([]uint64{1, 2, 3, 4, 5})
	do(t, s, w, g.no)
	do(t, s, w, g.yes)
	if d := do(t, s, w, func(tx *crdt.Tx, s S) { g.prune(tx, s, all) }); !d.IsBottom() || !g.on(s) {
		t.Errorf("a prune of what is shown is an event: %t; it is shown: %t", !d.IsBottom(), g.on(s))
	}
	do(t, s, w, func(tx *crdt.Tx, s S) { g.no(tx, s); g.prune(tx, s, all) })
	if g.tombstones(s) != 1 || g.on(s) {
		t.Errorf("a transaction pruned what it wrote: %d tombstones left, shown %t", g.tombstones(s), g.on(s))
	}
}
