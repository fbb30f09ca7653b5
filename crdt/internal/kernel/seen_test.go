package kernel_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt/internal/kernel"
)

// A reset on behalf of a reader ends by name the total that the reader saw, also
// before it has come: nothing of it stays live. One that was followed by another
// total of its run, which is not ended, is live no more either.
func TestResetBySnapshotLeavesNoTotal(t *testing.T) {
	t.Parallel()
	resets := func(w *site, rows []kernel.Row, seen *clock.Context) {
		w.do(func(tx *kernel.Tx) {
			lacks := seen.Minus(w.s.Context())
			tx.See(&kernel.ReadContext{Context: seen, Missing: lacks, Rows: rows, HasRows: true})
			tx.Kill(at("c"))
		})
	}
	a, b, c := newSite(t, 1), newSite(t, 2), newSite(t, 3)
	first := a.inc(5)
	rows, seen := a.s.Rows(nil), a.s.Context().Clone()
	resets(b, rows, seen)
	b.shows("before the total has come", 0, 0, 1)
	b.see(first)
	b.shows("when it has come", 0, 0, 1)

	a.inc(2)
	c.see(a.inc(3)).see(first) // the second, which ended the first, has not come
	c.shows("with the first and the third total", 10, 2, 0)
	resets(c, rows, seen)
	c.shows("after a reset of the first", 5, 1, 1)
}

// A run that is closed has no row, also if a total of it came late.
func TestRowsOfClosedRuns(t *testing.T) {
	t.Parallel()
	a, b := newSite(t, 1), newSite(t, 2)
	first := a.inc(5)
	a.reset()
	b.see(a.inc(2)).see(first)
	b.shows("with a total of a closed run", 2, 2, 0)
	want := kernel.Row{Path: at("c"), Replica: 1, Run: 3, Lo: 1, Seq: 3, Sum: 2}
	if rows := b.s.Rows(nil); len(rows) != 1 || rows[0].Compare(&want) != 0 || rows[0].Sum != 2 || rows[0].Seq != 3 || rows[0].Lo != 1 {
		t.Errorf("rows are %+v, want %+v", rows, want)
	}
}

// What a rolled back transaction had ended stands once among the entries of its
// place, also if there are several.
func TestRollbackInASharedSlot(t *testing.T) {
	t.Parallel()
	for end := range 4 {
		a := newSite(t, 1)
		for id := range clock.ReplicaID(4) {
			a.see(newSite(t, id+2).inc(1 << id))
		}
		a.do(func(tx *kernel.Tx) {
			for k := range 2 * kernel.ScanMost { // so many that it is indexed
				tx.Put(at("s", fmt.Sprint(k)), nil)
			}
		})
		was := encode(a.s)
		for range 3 {
			tx := a.s.Begin(clock.ReplicaID(end+2), 0)
			tx.Inc(at("c"), 100) // ends one of the four
			tx.Rollback()
			a.valid(a.s)
		}
		if n := a.s.At(at("c")); n.Sum() != 15 || n.Below() != 4 || !bytes.Equal(encode(a.s), was) {
			t.Errorf("after a rollback the counter is %d of %d totals, want 15 of 4", n.Sum(), n.Below())
		}
	}
}
