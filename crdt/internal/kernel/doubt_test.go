package kernel_test

import (
	"testing"

	"github.com/dovetail-crdt/dovetail/crdt/internal/kernel"
)

// A writer whose record rolled back does not know what others have of its run.
// It neither continues the run nor closes it: the amounts that only others have
// come back in full.
func TestDoubtStartsARunAndClosesNone(t *testing.T) {
	t.Parallel()
	a := newSite(t, 1)
	two := a.inc(2)
	rolledBack := a.s.Clone()
	nine := a.inc(7)
	a.s, a.doubt = rolledBack, a.seq
	one := a.inc(1)
	a.shows("after the rollback", 3, 2, 0)
	a.see(nine)
	a.shows("when the lost total comes back", 10, 2, 0)
	orders(func(order []int) {
		c := newSite(t, 2)
		for _, i := range order {
			c.see([]*kernel.State{two, nine, one}[i])
		}
		c.shows("at a reader", 10, 2, 0)
	})
	a.inc(5)
	a.shows("the new run is continued", 15, 2, 0)
}

// A reset seen by a doubtful writer keeps its base: the run is not closed.
func TestDoubtKeepsBases(t *testing.T) {
	t.Parallel()
	a, r := newSite(t, 1), newSite(t, 2)
	two := a.inc(2)
	reset := r.see(two).reset()
	rolledBack := a.s.Clone()
	nine := a.inc(7)
	a.s, a.doubt = rolledBack, a.seq
	a.see(reset)
	a.inc(3)
	a.shows("new run beside the base of the doubtful one", 3, 1, 1)
	a.see(nine)
	a.shows("when the lost total comes back", 3+9-2, 2, 1)
	a.reset()
	a.shows("a reset of both", 0, 0, 2)
	a.inc(4)
	a.shows("a third run closes back to the doubt only", 4, 1, 1)
}

// Once doubt is over, a new run closes everything before it.
func TestRunWithoutDoubtClosesAll(t *testing.T) {
	t.Parallel()
	a := newSite(t, 1)
	a.inc(2)
	a.doubt = a.seq
	a.inc(3)
	a.shows("two runs", 5, 2, 0)
	a.doubt = 0
	a.reset()
	a.shows("reset", 0, 0, 2)
	a.inc(1)
	a.shows("a run from certain knowledge", 1, 1, 0)
}

// Doubt is about runs that began at or before it, to the number.
func TestDoubtIsExact(t *testing.T) {
	t.Parallel()
	tests := []struct {
		doubt uint64
		live  int
	}{{0, 1}, {1, 1}, {2, 2}, {3, 2}}
	for _, tt := range tests {
		a := newSite(t, 1)
		a.do(func(tx *kernel.Tx) { tx.Put(at("other"), []byte("x")) }) // takes number 1
		a.inc(2)                                                       // number 2
		a.inc(2)                                                       // number 3
		a.doubt = tt.doubt
		a.inc(1)
		if n := a.s.At(at("c")); n.Below() != tt.live || n.Sum() != 5 {
			t.Errorf("doubt %d about run 2: %d totals with sum %d, want %d with 5", tt.doubt, n.Below(), n.Sum(), tt.live)
		}
	}
}

// A record that rolled back gets the writer's totals again, the third before the
// first. The next increment ends both by name.
func TestIncEndsOlderTotalsThatCameLate(t *testing.T) {
	t.Parallel()
	a := newSite(t, 1)
	first := a.inc(3)
	a.inc(4)
	third := a.inc(2)
	a.s = kernel.New()
	a.see(third, first)
	a.shows("read back", 9, 2, 0)
	d := a.inc(1)
	a.shows("after the next increment", 10, 1, 0)
	for _, seq := range []uint64{1, 3} {
		if !d.Context().Contains(a.dot(seq)) {
			t.Errorf("the increment's delta names %v, want also number %d", d.Context(), seq)
		}
	}
	b := newSite(t, 2).see(first, d)
	b.shows("at a reader that has the first", 10, 1, 0)
}
