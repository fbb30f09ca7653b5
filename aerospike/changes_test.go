package aerospike_test

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/dovetail-crdt/dovetail/aerospike"
	"github.com/dovetail-crdt/dovetail/aerospike/asdtest"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/store"
)

// next returns what changed, each once. A machine that is busy may take so long for a
// scan that it has to be done again, which is an error that says so.
func next(t *testing.T, c *aerospike.Changes) []string {
	t.Helper()
	keys := make(map[string]bool)
	for range 100 {
		var failed error
		for key, err := range c.Next(t.Context()) {
			if failed = err; err == nil {
				keys[key] = true
			}
		}
		if failed == nil {
			return slices.Sorted(maps.Keys(keys))
		}
		if !strings.Contains(failed.Error(), "comes again") {
			t.Fatal(failed)
		}
	}
	t.Fatal("no scan in a hundred came to its end")
	return nil
}

// TestChanges follows what other processes write: all that there is, then only what
// changed, and nothing once that is old.
func TestChanges(t *testing.T) {
	c := cluster(t)
	set := newSet(t, c)
	writer := store.NewObjects(open(t, c, aerospike.Config{Set: set}), "", crdt.CounterKind())
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
	if got := next(t, changes); !slices.Contains(got, "k12") || !slices.Contains(got, "new") {
		t.Errorf("changed: %q", got) // more may be told, the slower the scans are
	}
	leave := func() {
		t.Helper()
		for _, err := range changes.Next(t.Context()) {
			if err != nil && !strings.Contains(err.Error(), "comes again") {
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
	counters := store.NewObjects(e, "", crdt.CounterKind())
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
