package crdt_test

import (
	"testing"

	"github.com/dovetail-crdt/dovetail/crdt"
)

// TestPNCounterDeltaOneTotal: a delta carries the total that changed and not the other.
// TestLawsPNCounter found that a decrement carried the increments too.
func TestPNCounterDeltaOneTotal(t *testing.T) {
	t.Parallel()
	w, c := writer(1), new(crdt.PNCounter)
	do(t, c, w, func(tx *crdt.Tx, c *crdt.PNCounter) { c.Add(tx, 5) })
	d := do(t, c, w, func(tx *crdt.Tx, c *crdt.PNCounter) { c.Add(tx, -2) })
	if inc, dec := d.Totals(); inc != 0 || dec != 2 {
		t.Errorf("the delta of a decrement by 2 has the totals %d and %d, want 0 and 2", inc, dec)
	}
	d = do(t, c, w, func(tx *crdt.Tx, c *crdt.PNCounter) { c.Add(tx, 1) })
	if inc, dec := d.Totals(); inc != 6 || dec != 0 {
		t.Errorf("the delta of an increment has the totals %d and %d, want 6 and 0", inc, dec)
	}
}
