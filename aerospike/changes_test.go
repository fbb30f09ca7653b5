package aerospike_test

import (
	"maps"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/dovetail-crdt/dovetail/aerospike"
	"github.com/dovetail-crdt/dovetail/aerospike/asdtest"
	"github.com/dovetail-crdt/dovetail/crdt"
)

// next returns what changed, each once.
func next(t *testing.T, c *aerospike.Changes) []string {
	t.Helper()
	keys := make(map[string]bool)
	for key, err := range c.Next(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		keys[key] = true
	}
	return slices.Sorted(maps.Keys(keys))
}

// TestChanges follows what other processes write: all that there is, then only what
// changed, and nothing once that is old.
func TestChanges(t *testing.T) {
	c := cluster(t)
	set := newSet(t, c)
	writer := aerospike.NewObjects(open(t, c, aerospike.Config{Set: set}), "", crdt.CounterKind())
	write := func(key string) {
		t.Helper()
		if _, err := writer.Update(t.Context(), key, add(1)); err != nil {
			t.Fatal(err)
		}
	}
	var all []string
	for i := range 20 {
		key := "k" + strconv.Itoa(10+i)
		all = append(all, key)
		write(key)
	}
	changes := open(t, c, aerospike.Config{Set: set}).Changes(20 * time.Millisecond)
	if got := next(t, changes); !slices.Equal(got, all) {
		t.Fatalf("first %q", got)
	}
	until(t, func() bool { return len(next(t, changes)) == 0 })
	write("k12")
	write("new")
	if got := next(t, changes); !slices.Equal(got, []string{"k12", "new"}) {
		t.Errorf("changed: %q", got)
	}
	leave := func() {
		t.Helper()
		for _, err := range changes.Next(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			break // halfway
		}
	}
	leave()
	write("k15")
	leave()
	if got := next(t, changes); !slices.Contains(got, "k15") {
		t.Errorf("after one that was left halfway: %q", got)
	}
	until(t, func() bool { return len(next(t, changes)) == 0 })
}

// TestChangesBeginAgain heals a split to records that are older than what was told:
// no scan by age would find them.
func TestChangesBeginAgain(t *testing.T) {
	s := asdtest.Start(t)
	c := connect(t, s.Addr())
	e := open(t, c, aerospike.Config{Set: "s", Watch: -1})
	counters := aerospike.NewObjects(e, "", crdt.CounterKind())
	if _, err := counters.Update(t.Context(), "k", add(1)); err != nil {
		t.Fatal(err)
	}
	changes := e.Changes(10 * time.Millisecond)
	until(t, func() bool { return len(next(t, changes)) == 0 })
	split, err := s.Split()
	if err != nil {
		t.Fatal(err)
	}
	until(t, func() bool { return len(next(t, changes)) == 0 })
	split.Heal(asdtest.WinnerB)
	if got := next(t, changes); !slices.Equal(got, []string{"k"}) {
		t.Errorf("after the heal: %q", got)
	}
}
