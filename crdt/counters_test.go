package crdt_test

import (
	"bytes"
	"errors"
	"math"
	"testing"

	"github.com/dovetail-crdt/dovetail/crdt"
)

// Removing a map key while another replica adds below it keeps exactly what the
// remover had not seen, at every depth.
func TestRemoveKeepsUnseenAmounts(t *testing.T) {
	t.Parallel()
	k := crdt.AWMapKind(crdt.String, crdt.AWMapKind(crdt.String, crdt.CounterKind()))
	tests := []struct {
		name   string
		remove func(*crdt.Tx, *nestedMap)
	}{
		{"outer key", func(tx *crdt.Tx, m *nestedMap) { m.Remove(tx, "acct") }},
		{"inner key", func(tx *crdt.Tx, m *nestedMap) { m.At("acct").Remove(tx, "EUR") }},
		{"inner clear", func(tx *crdt.Tx, m *nestedMap) { m.At("acct").Clear(tx) }},
		{"outer clear", func(tx *crdt.Tx, m *nestedMap) { m.Clear(tx) }},
		{"reset", func(tx *crdt.Tx, m *nestedMap) { m.At("acct").At("EUR").Reset(tx) }},
	}
	for _, tt := range tests {
		a, b, wa, wb := k.New(), k.New(), writer(1), writer(2)
		add := func(n int64) func(*crdt.Tx, *nestedMap) {
			return func(tx *crdt.Tx, m *nestedMap) { m.At("acct").At("EUR").Add(tx, n) }
		}
		seen := do(t, a, wa, add(2))
		b.Merge(seen)
		removed := do(t, b, wb, tt.remove)
		if b.Contains("acct") {
			t.Errorf("%s: the key is present after its removal", tt.name)
		}
		unseen := do(t, a, wa, add(7)) // the total is 9 now, of which the remover saw 2
		late := do(t, b, wb, add(-3))  // after the removal, by the remover itself
		for _, order := range [][]*nestedMap{{seen, removed, unseen, late}, {unseen, removed, late, seen}, {late, unseen, seen, removed}, {removed, late, seen, unseen}} {
			c := k.New()
			for _, d := range order {
				c.Merge(d)
			}
			if got := c.At("acct").At("EUR").Value(); got != 7-3 || !c.Contains("acct") {
				t.Errorf("%s: the counter is %d, want the unseen 7 and -3", tt.name, got)
			}
		}
		a.Merge(b)
		b.Merge(a)
		if !bytes.Equal(frame(t, k, a), frame(t, k, b)) {
			t.Errorf("%s: replicas differ", tt.name)
		}
		again := do(t, a, wa, func(tx *crdt.Tx, m *nestedMap) { m.Remove(tx, "acct") })
		if b.Merge(again); a.Contains("acct") || b.Contains("acct") || b.At("acct").At("EUR").Value() != 0 {
			t.Errorf("%s: a removal that saw all leaves %v", tt.name, b.At("acct").At("EUR"))
		}
	}
}

func TestCounterOverflow(t *testing.T) {
	t.Parallel()
	tests := []struct {
		have, add int64
		ok        bool
	}{
		{math.MaxInt64, 1, false},
		{math.MaxInt64, math.MaxInt64, false},
		{math.MaxInt64 - 1, 1, true},
		{math.MaxInt64, math.MinInt64, true},
		{math.MinInt64, -1, false},
		{math.MinInt64, math.MinInt64, false},
		{math.MinInt64 + 1, -1, true},
		{math.MinInt64, math.MaxInt64, true},
		{-1, math.MinInt64, false},
		{0, math.MinInt64, true},
	}
	for _, tt := range tests {
		c, w := crdt.CounterKind().New(), writer(1)
		do(t, c, w, func(tx *crdt.Tx, c *crdt.Counter) { c.Add(tx, tt.have) })
		_, err := crdt.Mutate(c, w, func(tx *crdt.Tx, c *crdt.Counter) error { c.Add(tx, tt.add); return nil })
		want := tt.have
		if tt.ok {
			want += tt.add
		}
		if (err == nil) != tt.ok || !tt.ok && !errors.Is(err, crdt.ErrOverflow) || c.Value() != want {
			t.Errorf("%d + %d = %d, %v, want %d, ok %t", tt.have, tt.add, c.Value(), err, want, tt.ok)
		}
	}
	// Two adds that each fit can leave the range together; taking one back is exact.
	a, b := crdt.CounterKind().New(), crdt.CounterKind().New()
	w := writer(1)
	do(t, a, w, func(tx *crdt.Tx, c *crdt.Counter) { c.Add(tx, math.MaxInt64) })
	do(t, b, writer(2), func(tx *crdt.Tx, c *crdt.Counter) { c.Add(tx, 10) })
	if a.Merge(b); a.Value() != math.MinInt64+9 {
		t.Errorf("beyond the range the value is %v", a)
	}
	if a.Merge(do(t, b, writer(3), func(tx *crdt.Tx, c *crdt.Counter) { c.Add(tx, -10) })); a.Value() != math.MaxInt64 {
		t.Errorf("back in the range the value is %v, want the largest", a)
	}
}

func TestPNCounterOverflow(t *testing.T) {
	t.Parallel()
	tests := []struct {
		have, add int64
		ok        bool
	}{
		{math.MaxInt64, 1, false},
		{math.MaxInt64, -1, true},
		{math.MaxInt64 - 1, 1, true},
		{-math.MaxInt64, -1, false},
		{-math.MaxInt64, math.MaxInt64, true},
		{0, math.MinInt64, false},
		{0, -math.MaxInt64, true},
	}
	for _, tt := range tests {
		c, w := crdt.PNCounterKind().New(), writer(1)
		if tt.have != 0 {
			do(t, c, w, func(tx *crdt.Tx, c *crdt.PNCounter) { c.Add(tx, tt.have) })
		}
		_, err := crdt.Mutate(c, w, func(tx *crdt.Tx, c *crdt.PNCounter) error { c.Add(tx, tt.add); return nil })
		want := tt.have
		if tt.ok {
			want += tt.add
		}
		if (err == nil) != tt.ok || !tt.ok && !errors.Is(err, crdt.ErrOverflow) || c.Value() != want {
			t.Errorf("%d + %d = %d, %v, want %d, ok %t", tt.have, tt.add, c.Value(), err, want, tt.ok)
		}
		if back, err := crdt.DecodeFrame(crdt.PNCounterKind(), frame(t, crdt.PNCounterKind(), c)); err != nil || !back.Equal(c) {
			t.Errorf("DecodeFrame of a counter at %d = %v", c.Value(), err)
		}
	}
}

func TestPNCounterNothing(t *testing.T) {
	t.Parallel()
	c := crdt.PNCounterKind().New()
	src := &liar{id: 1}
	delta, err := crdt.Mutate(c, src, func(tx *crdt.Tx, c *crdt.PNCounter) error { c.Add(tx, 0); return nil })
	if delta != nil || err != nil || src.issued != 0 || c.Merge(delta) || !delta.IsBottom() {
		t.Errorf("Add of 0 = %v, %v with %d events, want no delta and none", delta, err, src.issued)
	}
}
