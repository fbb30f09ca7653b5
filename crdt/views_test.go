package crdt_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/dovetail-crdt/dovetail/crdt"
)

type funds = crdt.AWMap[string, *crdt.Counter]

var fundsKind = crdt.AWMapKind(crdt.String, crdt.CounterKind())

// A view outlives its key: it reads as empty, and a write brings the key back.
func TestViewAfterRemoval(t *testing.T) {
	t.Parallel()
	m, w := fundsKind.New(), writer(1)
	eur := m.At("EUR")
	if m.Contains("EUR") || eur.Value() != 0 || m.Len() != 0 || !eur.IsBottom() {
		t.Errorf("At made the key present")
	}
	do(t, m, w, func(tx *crdt.Tx, _ *funds) { eur.Add(tx, 5) })
	do(t, m, w, func(tx *crdt.Tx, m *funds) { m.Remove(tx, "EUR") })
	if m.Contains("EUR") || eur.Value() != 0 {
		t.Errorf("after Remove the view shows %v, want 0", eur)
	}
	do(t, m, w, func(tx *crdt.Tx, _ *funds) { eur.Add(tx, 3) })
	do(t, m, w, func(tx *crdt.Tx, m *funds) { m.Remove(tx, "EUR"); eur.Add(tx, 4) })
	if !m.Contains("EUR") || m.At("EUR").Value() != 4 || eur.Value() != 4 {
		t.Errorf("after a write the map shows %v and the view %v, want 4", m.At("EUR"), eur)
	}
}

// A counter at +5-5 is present; what was only reset is not.
func TestPresence(t *testing.T) {
	t.Parallel()
	m, w := fundsKind.New(), writer(1)
	do(t, m, w, func(tx *crdt.Tx, m *funds) {
		m.At("a").Add(tx, 5)
		m.At("a").Add(tx, -5)
		m.At("b").Add(tx, 0)
		m.At("c").Add(tx, 1)
	})
	do(t, m, w, func(tx *crdt.Tx, m *funds) { m.At("c").Reset(tx) })
	var keys []string
	for k, c := range m.All() {
		keys = append(keys, k+"="+c.String())
	}
	if got := strings.Join(keys, " "); got != "a=0 b=0" || m.Len() != 2 || m.Contains("c") {
		t.Errorf("map shows %s (%d keys), want a=0 b=0", got, m.Len())
	}
}

func TestViewsHaveNoStateOfTheirOwn(t *testing.T) {
	t.Parallel()
	m := fundsKind.New()
	view, whole := m.At("EUR"), crdt.CounterKind().New()
	panics(t, "Merge into a view", "Merge into a view", func() { view.Merge(whole) })
	panics(t, "Merge of a view", "Merge of a view", func() { whole.Merge(view) })
	if _, err := crdt.Mutate(view, writer(1), func(tx *crdt.Tx, c *crdt.Counter) error { c.Add(tx, 1); return nil }); err == nil || !strings.Contains(err.Error(), "view") {
		t.Errorf("Mutate of a view = %v, want an error about views", err)
	}
	if _, err := crdt.AppendFrame(nil, crdt.CounterKind(), view); err == nil || !strings.Contains(err.Error(), "view") {
		t.Errorf("AppendFrame of a view = %v, want an error about views", err)
	}
	if _, err := crdt.CounterKind().Append(nil, view); err == nil || !strings.Contains(err.Error(), "view") {
		t.Errorf("Append of a view = %v, want an error about views", err)
	}
	if !m.IsBottom() {
		t.Error("a refused call changed the map")
	}
}

// A clone of a view is detached: an object of its own that shares nothing.
func TestCloneOfView(t *testing.T) {
	t.Parallel()
	m, w := fundsKind.New(), writer(1)
	do(t, m, w, func(tx *crdt.Tx, m *funds) { m.At("EUR").Add(tx, 5); m.At("USD").Add(tx, 7) })
	was := frame(t, fundsKind, m)
	c := m.At("EUR").Clone()
	panics(t, "clone in the old transaction", "another object", func() {
		do(t, m, w, func(tx *crdt.Tx, _ *funds) { c.Add(tx, 1) })
	})
	if c.Value() != 5 || !c.Equal(m.At("EUR").Clone()) {
		t.Errorf("clone shows %v, want 5", c)
	}
	do(t, c, writer(2), func(tx *crdt.Tx, c *crdt.Counter) { c.Add(tx, 1); c.Reset(tx); c.Add(tx, 2) })
	if !bytes.Equal(frame(t, fundsKind, m), was) || c.Value() != 2 {
		t.Errorf("changing the clone to %v changed the map", c)
	}
	do(t, m, w, func(tx *crdt.Tx, m *funds) { m.Clear(tx) })
	if c.Value() != 2 {
		t.Errorf("clearing the map left %v in the clone, want 2", c)
	}
	if m.At("EUR").Equal(c) || !m.At("EUR").Equal(m.At("GBP")) {
		t.Error("Equal of views does not compare what they show")
	}
}

// While a set or map is walked, what is removed is skipped, what is added is not
// visited.
func TestMutateWhileIterating(t *testing.T) {
	t.Parallel()
	s, m := crdt.AWSetKind(crdt.String).New(), fundsKind.New()
	fill := []string{"a", "b", "c", "d"}
	var saw []string
	do(t, s, writer(1), func(tx *crdt.Tx, s *crdt.AWSet[string]) {
		for _, e := range fill {
			s.Add(tx, e)
		}
		for e := range s.All() {
			saw = append(saw, e)
			s.Remove(tx, "c")
			s.Add(tx, e+"2")
			s.Add(tx, e)
		}
	})
	if want := []string{"a", "b", "d"}; !slices.Equal(saw, want) {
		t.Errorf("AWSet.All visited %v, want %v", saw, want)
	}
	saw = nil
	do(t, m, writer(1), func(tx *crdt.Tx, m *funds) {
		for _, k := range fill {
			m.At(k).Add(tx, 1)
		}
		for k, c := range m.All() {
			saw = append(saw, k+c.String())
			m.Remove(tx, "c")
			m.At(k+"2").Add(tx, 1)
			m.At("d").Add(tx, 1)
		}
	})
	if want := []string{"a1", "b1", "d3"}; !slices.Equal(saw, want) {
		t.Errorf("AWMap.All visited %v, want %v", saw, want)
	}
	for range s.All() {
		break // an iteration can be left
	}
	for range m.All() {
		break
	}
}
