package store_test

import (
	"errors"
	"testing"

	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/store"
)

// TestBurnOfARefusedNumber: a transaction that fails after its event was numbered, here
// since the object holds a later event of this replica, retires the number: the next
// change is pushed with no hole below it.
func TestBurnOfARefusedNumber(t *testing.T) {
	t.Parallel()
	w, a, b := pair(t)
	ahead := crdt.NewWriter(a.core.Replica(), wall).On()
	s := words.New()
	var frame []byte
	for _, item := range []string{"1", "2", "3"} {
		d, err := crdt.Mutate(s, ahead, addTo(item))
		if err == nil {
			frame, err = crdt.AppendFrame(nil, words, d)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := a.engine.Merge(t.Context(), store.Delta{Key: "k", Frame: frame}); err != nil {
		t.Fatal(err)
	}
	err := perform(a, words, "k", func(tx *crdt.Tx, s *crdt.AWSet[string]) { s.Add(tx, "x") })
	if !errors.Is(err, crdt.ErrReused) {
		t.Fatalf("update of an object that has event 3 of the replica = %v, want ErrReused", err)
	}
	if !a.core.Applied().Contains(span(a.core.Replica(), 1, 1)) {
		t.Errorf("vector is %v, without number 1, which nothing will ever have", a.vector())
	}
	a.carryOut()
	a.put("other", "x")
	w.run(300)
	if last := b.core.Applied().Max(a.core.Replica()); !b.core.Applied().Contains(span(a.core.Replica(), 1, last)) || last != 2 {
		t.Errorf("vector of b is %v, want numbers 1 and 2 of a", b.vector())
	}
}
