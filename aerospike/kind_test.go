package aerospike_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/dovetail-crdt/dovetail/aerospike"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/store"
)

// TestAnotherKind opens a set under the key of a counter, which is an error and not an
// empty set, whether the counter is in the queue or folded.
func TestAnotherKind(t *testing.T) {
	c := cluster(t)
	set := newSet(t, c)
	e := open(t, c, aerospike.Config{Set: set})
	if _, err := store.NewObjects(e, "", crdt.CounterKind()).Update(t.Context(), "k", add(1)); err != nil {
		t.Fatal(err)
	}
	for _, folded := range []bool{false, true} {
		if folded {
			if err := e.Fold(t.Context(), "k"); err != nil {
				t.Fatal(err)
			}
		}
		members := store.NewObjects(open(t, c, aerospike.Config{Set: set}), "", crdt.AWSetKind(crdt.String))
		_, _, viewed := members.View(t.Context(), "k")
		_, batched := members.Views(t.Context(), []string{"k", "other"})
		_, updated := members.Update(t.Context(), "k", insert("a"))
		for what, err := range map[string]error{"View": viewed, "Views": batched, "Update": updated} {
			if !errors.Is(err, crdt.ErrKind) || errors.Is(err, store.ErrInDoubt) {
				t.Errorf("folded %v: %s of a set under the key of a counter: %v", folded, what, err)
			}
		}
	}
	if v, _, err := store.NewObjects(e, "", crdt.CounterKind()).View(t.Context(), "k"); err != nil || v.Value() != 1 {
		t.Errorf("the counter: %v, %v", v, err)
	}
}

// TestNamesOfSets refuses names that the server refuses, and says why.
func TestNamesOfSets(t *testing.T) {
	c := cluster(t)
	for _, name := range []string{"a:b", "a;b", "a\n", strings.Repeat("s", 60), ""} {
		_, err := aerospike.Open(t.Context(), c, aerospike.Config{Namespace: namespace, Set: name, AuditEvery: -1})
		if err == nil || !strings.Contains(err.Error(), "Config.Set") || len(err.Error()) > 400 {
			t.Errorf("set %q: %v", name, err)
		}
	}
}
