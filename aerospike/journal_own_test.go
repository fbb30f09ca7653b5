package aerospike_test

import (
	"errors"
	"math"
	"testing"

	"github.com/dovetail-crdt/dovetail/aerospike"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/store"
)

// TestJournalBudget spends from a budget in one life of a process after the other.
// Rights are the replica's own: the next process goes on with what is left, but one
// that cannot prove whose files it has does not spend them again.
func TestJournalBudget(t *testing.T) {
	c := cluster(t)
	set := newSet(t, c)
	j := newRows()
	budgets := crdt.BoundedCounterKind(0, math.MaxInt64)
	var backup *rows
	for life := range 4 {
		e := start(t, c, set, j)
		o := store.NewObjects(e, "", budgets)
		for range 100 {
			_, err := o.Update(t.Context(), "k", func(tx *crdt.Tx, b *crdt.BoundedCounter) error {
				if life == 0 {
					return b.Grant(tx, 10)
				}
				return b.Spend(tx, 3)
			})
			if err != nil {
				t.Fatalf("life %d: %v", life, err)
			}
		}
		shut(t, e)
		parts := 0
		for row := range j.rows {
			if row[0] == 'o' {
				parts++
			}
		}
		if parts == 0 || parts > 100 {
			t.Errorf("life %d: the budget is in %d parts", life, parts)
		}
		if life == 1 {
			backup = j.next(errors.New("a backup"))
		}
		j = j.next(nil)
	}
	spend := func(n uint64) func(tx *crdt.Tx, b *crdt.BoundedCounter) error {
		return func(tx *crdt.Tx, b *crdt.BoundedCounter) error { return b.Spend(tx, n) }
	}

	// 100 are left. The backup knows of 700.
	e := start(t, c, set, backup)
	defer shut(t, e)
	o := store.NewObjects(e, "", budgets)
	var over *crdt.OverdraftError
	_, err := o.Update(t.Context(), "k", spend(1))
	if !errors.As(err, &over) || over.Here != 0 || over.Elsewhere != 100 {
		t.Errorf("a restored copy spends: %v", err)
	}
	if b, _, err := o.View(t.Context(), "k"); err != nil || b.Value() != 100 {
		t.Errorf("%v, %v, want 100", b, err)
	}

	// What the replica did is on its own disk, whatever the cluster has, whatever of the
	// journal is too old, and though the object is not in use for a while.
	lose(t, c, set, "k")
	for row := range j.rows {
		if row[0] == 'c' {
			delete(j.rows, row)
		}
	}
	e = open(t, c, aerospike.Config{Set: set, Journal: j, Watch: -1, CacheObjects: -1})
	o = store.NewObjects(e, "", budgets)
	for _, n := range []uint64{0, 60, 40} {
		if _, err := o.Update(t.Context(), "k", spend(n), store.Blind()); err != nil {
			t.Fatalf("spend %d: %v", n, err)
		}
	}
	if _, err := o.Update(t.Context(), "k", spend(1), store.Blind()); !errors.As(err, &over) {
		t.Errorf("spent more than there is: %v", err)
	}
}

// TestJournalFailsInARow fails the disk for two changes of which the second builds on
// the first, so that the first cannot be refused any more. It is in doubt until the
// disk is well, and not sent before.
func TestJournalFailsInARow(t *testing.T) {
	c := cluster(t)
	set := newSet(t, c)
	j := newRows()
	f := &counting{Client: c}
	e := start(t, f, set, j)
	sums := store.NewObjects(e, "", crdt.PNCounterKind())
	begun, turn := make(chan struct{}, 100), make(chan struct{})
	j.begin = func() {
		begun <- struct{}{} // there are not so many
		<-turn
	}
	full := errors.New("disk full")
	j.fails = full
	results := make(chan error, 2)
	update := func() {
		_, err := sums.Update(t.Context(), "k", one, store.Blind())
		results <- err
	}
	go update()
	<-begun
	go update()
	until(t, func() bool { return e.Stats().KeptChanges == 2 })
	turn <- struct{}{} // the second change waits for its own
	if err := <-results; !errors.Is(err, full) || !errors.Is(err, store.ErrInDoubt) {
		t.Errorf("the first: %v", err)
	}
	<-begun
	turn <- struct{}{}
	if err := <-results; !errors.Is(err, full) || errors.Is(err, store.ErrInDoubt) {
		t.Errorf("the second: %v", err)
	}
	if n := f.writes.Load(); n != 0 {
		t.Errorf("%d writes to the cluster", n)
	}
	j.mu.Lock()
	j.fails = nil
	j.mu.Unlock()
	close(turn)
	until(t, func() bool { return e.Stats().InDoubt == 0 })
	shut(t, e)

	lose(t, c, set, "k")
	next := start(t, c, set, j.next(nil))
	defer shut(t, next)
	sums = store.NewObjects(next, "", crdt.PNCounterKind())
	if _, err := sums.Update(t.Context(), "k", one, store.Blind()); err != nil {
		t.Fatal(err)
	}
	if _, err := next.Remerge(t.Context()); err != nil {
		t.Fatal(err)
	}
	if v, _, err := sums.View(t.Context(), "k"); err != nil || v.Value() != 2 {
		t.Errorf("%v, %v, want 2", v, err)
	}
}
