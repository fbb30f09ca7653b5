package sim

import (
	"cmp"
	"slices"
	"testing"
)

// TestAgenda compares the heap with sorting.
func TestAgenda(t *testing.T) {
	d := NewSource(3).Stream("x")
	var a agenda
	type due struct{ at, seq int64 }
	var want, got []due
	for i := range int64(3000) {
		at := int64(d.Choose(50))
		want = append(want, due{at, i})
		a.plan(at, func() { got = append(got, due{at, i}) })
	}
	slices.SortStableFunc(want, func(a, b due) int { return cmp.Compare(a.at, b.at) })
	for range want {
		a.next().do()
	}
	if !slices.Equal(got, want) {
		t.Error("events did not come in order of time, then of planning")
	}
}
