package crdt_test

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
)

// 3d: a client read 5; now the counter is 11, one total. A token says that the
// client saw a part of it, and not how much, so the reset is refused, not wrong.
func TestSeen3dResetByTokenIsRefused(t *testing.T) {
	t.Parallel()
	c, w := crdt.CounterKind().New(), writer(1)
	do(t, c, w, add(5))
	token := seen(c)
	do(t, c, w, add(6))
	err := refusal(t, crdt.CounterKind(), c, token, crdt.ErrAhead, reset)
	var ahead *crdt.AheadError
	if !errors.As(err, &ahead) || !slices.Equal(ahead.Totals, []clock.Dot{{Replica: 1, Seq: 2}}) || errors.Is(err, crdt.ErrBehind) {
		t.Errorf("Reset with a token = %v, want the total at number 2", err)
	}
	doSeen(t, c, w, seen(c), reset) // one that covers all totals will do
	if c.Value() != 0 || !c.IsEmpty() {
		t.Errorf("counter is %v after a reset of all, want 0", c)
	}
}

// 3e: a snapshot says how much, and the reset takes exactly that, at every
// replica, in every order.
func TestSeen3eResetBySnapshotIsExact(t *testing.T) {
	t.Parallel()
	a, b, wa, wb := crdt.CounterKind().New(), crdt.CounterKind().New(), writer(1), writer(2)
	first := do(t, a, wa, add(5))
	b.Merge(first)
	do(t, b, wb, add(10))
	snap := crdt.SeenSnapshot(crdt.SnapshotOf(b)) // 15
	second := do(t, a, wa, add(6))
	b.Merge(second)
	a.Merge(b)
	c := a.Clone()
	delta := doSeen(t, c, writer(3), snap, reset)
	if c.Value() != 6 || c.IsEmpty() {
		t.Errorf("21 less the 15 that a client saw are %v", c)
	}
	for _, opt := range []crdt.Option{snap, seen(first)} { // a retry elsewhere finds nothing to take, with a token neither
		if again := doSeen(t, c, writer(4), opt, reset); !again.IsBottom() || c.Value() != 6 {
			t.Errorf("the same reset again made it %v", c)
		}
	}
	orders3(func(order []int) {
		x := crdt.CounterKind().New()
		for _, i := range order {
			x.Merge([]*crdt.Counter{first, delta, second}[i])
		}
		if x.Value() != 6 {
			t.Errorf("in order %v without the other's 10 the counter is %v, want 6", order, x)
		}
	})
	do(t, a, wa, add(1)) // unseen by the reset
	if a.Merge(delta); a.Value() != 7 {
		t.Errorf("an increment more makes 7, the counter is %v", a)
	}
}

func orders3(f func([]int)) {
	for _, o := range [][]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}} {
		f(o)
	}
}

// A reset with a snapshot runs also where nothing of what it takes has come.
func TestSeenResetBySnapshotAheadOfItsReplica(t *testing.T) {
	t.Parallel()
	a, b, wa := crdt.CounterKind().New(), crdt.CounterKind().New(), writer(1)
	first := do(t, a, wa, add(5))
	snap := crdt.SeenSnapshot(crdt.SnapshotOf(a))
	delta := doSeen(t, b, writer(2), snap, reset)
	if b.Value() != 0 {
		t.Errorf("the counter is %v before the increment has come, want 0", b)
	}
	if b.Merge(first); b.Value() != 0 || !b.IsEmpty() {
		t.Errorf("the counter is %v when the increment has come, want 0", b)
	}
	do(t, a, wa, add(2))
	a.Merge(delta)
	if b.Merge(a); a.Value() != 2 || b.Value() != 2 || !a.Equal(b) {
		t.Errorf("the counters are %v and %v, want 2", a, b)
	}
}

// 3f: what the token does not cover is refused only if the client may have seen a
// part of it; totals that are all new to the client stay in full.
func TestSeen3fAhead(t *testing.T) {
	t.Parallel()
	k := crdt.AWMapKind(crdt.String, crdt.CounterKind())
	m, wa, wb := k.New(), writer(1), writer(2)
	do(t, m, wa, func(tx *crdt.Tx, m *funds) { m.At("EUR").Add(tx, 5); m.At("USD").Add(tx, 1) })
	token := seen(m)
	do(t, m, wb, func(tx *crdt.Tx, m *funds) { m.At("EUR").Add(tx, 10); m.At("GBP").Add(tx, 3) })
	x := m.Clone()
	doSeen(t, x, writer(3), token, func(tx *crdt.Tx, m *funds) { m.Clear(tx) })
	if x.At("EUR").Value() != 10 || x.Contains("USD") || x.At("GBP").Value() != 3 {
		t.Errorf("a token of 5 cleared the map to EUR %v, USD %v, GBP %v; want 10, 0, 3", x.At("EUR"), x.At("USD"), x.At("GBP"))
	}
	snap := crdt.SeenSnapshot(crdt.SnapshotOf(m.At("EUR"))) // of one key: 15
	x = m.Clone()
	do(t, x, writer(5), func(tx *crdt.Tx, m *funds) { m.At("EUR").Add(tx, 1) })
	do(t, x, wa, func(tx *crdt.Tx, m *funds) { m.At("EUR").Add(tx, 2) })
	doSeen(t, x, writer(3), snap, func(tx *crdt.Tx, m *funds) { m.Clear(tx) }) // of the whole, above it
	if x.At("EUR").Value() != 3 || x.Len() != 1 {
		t.Errorf("a snapshot of EUR cleared the map to EUR %v and %d keys, want 3 and no other", x.At("EUR"), x.Len())
	}
	do(t, m, wb, func(tx *crdt.Tx, m *funds) { m.At("EUR").Add(tx, 1); m.At("GBP").Add(tx, 1) })
	for name, f := range map[string]func(*crdt.Tx, *funds){
		"Reset":  func(tx *crdt.Tx, m *funds) { m.At("GBP").Reset(tx) },
		"Remove": func(tx *crdt.Tx, m *funds) { m.Remove(tx, "GBP") },
		"Clear":  func(tx *crdt.Tx, m *funds) { m.Clear(tx) },
	} {
		t.Run(name, func(t *testing.T) {
			refuses(t, k, m.Clone(), snap, crdt.ErrAhead, f) // it is not of GBP
		})
	}
	doSeen(t, m, writer(3), snap, func(tx *crdt.Tx, m *funds) { m.Remove(tx, "EUR"); m.Remove(tx, "USD") })
	if m.At("EUR").Value() != 1 || m.Contains("USD") || m.At("GBP").Value() != 4 {
		t.Errorf("a snapshot of EUR left EUR %v, USD %v, GBP %v; want 1, 0, 4", m.At("EUR"), m.At("USD"), m.At("GBP"))
	}
}

// A client's reset undoes what its own transaction counted before it, and nothing
// that the client has not seen.
func TestSeenResetWithinTransaction(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		opt  func(old, now *crdt.Counter) crdt.Option
		want int64
	}{
		{"blind", func(_, _ *crdt.Counter) crdt.Option { return blind() }, 12},
		{"with a token of all", func(_, now *crdt.Counter) crdt.Option { return seen(now) }, 1},
		{"with a snapshot of 5", func(old, _ *crdt.Counter) crdt.Option { return crdt.SeenSnapshot(crdt.SnapshotOf(old)) }, 7},
		{"with a snapshot of all", func(_, now *crdt.Counter) crdt.Option { return crdt.SeenSnapshot(crdt.SnapshotOf(now)) }, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, w := crdt.CounterKind().New(), writer(1)
			do(t, c, w, add(5))
			old := c.Clone()
			do(t, c, w, add(6))
			before := c.Clone()
			delta := doSeen(t, c, w, tt.opt(old, c.Clone()), func(tx *crdt.Tx, c *crdt.Counter) {
				c.Add(tx, 100)
				c.Reset(tx)
				c.Add(tx, 1)
			})
			if before.Merge(delta); c.Value() != tt.want || !before.Equal(c) {
				t.Errorf("11, of which a client saw some, are %v after reset and 1, want %d", c, tt.want)
			}
			do(t, c, w, add(1))
			if c.Value() != tt.want+1 {
				t.Errorf("the next increment makes it %v, want %d", c, tt.want+1)
			}
		})
	}
	c, w := crdt.CounterKind().New(), writer(1)
	do(t, c, w, add(5))
	token := seen(c)
	do(t, c, w, add(6))
	_, err := crdt.Mutate(c, w, func(tx *crdt.Tx, c *crdt.Counter) error { c.Add(tx, 1); c.Reset(tx); return nil }, token)
	if !errors.Is(err, crdt.ErrAhead) || c.Value() != 11 {
		t.Errorf("add and reset with a token of 5 = %v, counter %v; want ErrAhead and 11", err, c)
	}
	do(t, c, w, add(1))
	if c.Value() != 12 {
		t.Errorf("the next increment makes it %v, want 12", c)
	}
}

// What the transaction did and undid is no event.
func TestSeenNothingLeft(t *testing.T) {
	t.Parallel()
	c, w := crdt.CounterKind().New(), writer(1)
	do(t, c, w, add(5))
	was := frame(t, crdt.CounterKind(), c)
	delta := doSeen(t, c, w, blind(), func(tx *crdt.Tx, c *crdt.Counter) { c.Add(tx, 1); c.Reset(tx) })
	if !delta.IsBottom() || !bytes.Equal(frame(t, crdt.CounterKind(), c), was) {
		t.Errorf("add and blind reset are an event, or left the counter changed: %v", c)
	}
}
