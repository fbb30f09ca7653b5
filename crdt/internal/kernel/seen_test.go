package kernel_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt/internal/kernel"
)

// What a rolled back transaction had ended stands once among the entries of its
// place, also if there are several.
func TestRollbackInACrowd(t *testing.T) {
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
