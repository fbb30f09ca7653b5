package aerospike_test

import (
	"testing"

	"github.com/dovetail-crdt/dovetail/aerospike"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/store"
)

// TestPlainBesideBlind: a plain update knows what the process's own blind updates have
// appended. It is not refused as stale, and reads nothing.
func TestPlainBesideBlind(t *testing.T) {
	t.Parallel()
	e := open(t, cluster(t), aerospike.Config{Namespace: namespace, Set: newSet(t, cluster(t)), QueueLength: 1000})
	o := store.NewObjects(e, "", crdt.AWSetKind(crdt.Int64))
	add := func(i int64, opts ...store.Option) {
		t.Helper()
		if _, err := o.Update(t.Context(), "k", func(tx *crdt.Tx, s *crdt.AWSet[int64]) error { s.Add(tx, i); return nil }, opts...); err != nil {
			t.Fatal(err)
		}
	}
	add(0)
	was := e.Stats()
	const rounds = 100
	for i := range int64(rounds) {
		add(2*i+1, store.Blind())
		add(2*i + 2)
	}
	if now := e.Stats(); now.Stale > was.Stale {
		t.Errorf("%d of %d plain updates were refused as stale", now.Stale-was.Stale, rounds)
	}
	if s, _, err := o.View(t.Context(), "k"); err != nil || s.Len() != 2*rounds+1 {
		t.Errorf("View: %v, %v; want %d elements", s.Len(), err, 2*rounds+1)
	}
}
