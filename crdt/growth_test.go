package crdt_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/internal/kernel"
)

// growthCase is a change of a value of n things: elements, siblings, replicas, keys
// or fields.
type growthCase struct {
	name string
	of   func(t testing.TB, n int) growthRun
}

// growthRun is a case at one size; each step has a copy of the value to work on.
type growthRun struct{ mutate, rollback, merge, decode growthStep }

type growthStep struct {
	name string
	run  func() *kernel.State // returns what it worked on: nil for a lattice without a context
}

// work runs the step and returns what the kernel has counted.
func (s growthStep) work() int {
	if on := s.run(); on != nil {
		return on.Work()
	}
	return 0
}

// steps returns the steps in the order in which they are to run.
func (r growthRun) steps() []growthStep {
	return []growthStep{r.rollback, r.mutate, r.merge, r.decode}
}

var errUndo = errors.New("undo")

// growth is the case of a change of what build returns, by a writer that wrote no
// part of it.
func growth[S crdt.Lattice[S]](name string, k crdt.Kind[S], build func(n int) S, change func(tx *crdt.Tx, s S, n int), opts ...func(s S) crdt.Option) growthCase {
	return growthCase{name, func(t testing.TB, n int) growthRun {
		t.Helper()
		base := build(n)
		var with []crdt.Option
		for _, o := range opts {
			with = append(with, o(base))
		}
		run := func(s S, end error) S {
			d, err := crdt.Mutate(s, writer(1<<40), func(tx *crdt.Tx, s S) error { change(tx, s, n); return end }, with...)
			if !errors.Is(err, end) {
				t.Errorf("%s: Mutate = %v, want %v", name, err, end)
			}
			return d
		}
		after, undone, merged := base.Clone(), base.Clone(), base.Clone()
		delta := k.New()
		return growthRun{
			rollback: growthStep{"rollback", func() *kernel.State { run(undone, errUndo); return crdt.KernelOf(undone) }},
			mutate:   growthStep{"mutate", func() *kernel.State { delta = run(after, nil); return crdt.KernelOf(after) }},
			merge:    growthStep{"merge", func() *kernel.State { merged.Merge(delta); return crdt.KernelOf(merged) }},
			decode:   growthStep{"decode", func() *kernel.State { return crdt.KernelOf(reread(t, k, after)) }},
		}
	}}
}

// reread returns s as it comes out of its frame.
func reread[S crdt.Lattice[S]](t testing.TB, k crdt.Kind[S], s S) S {
	t.Helper()
	back, err := crdt.DecodeFrame(k, frame(t, k, s))
	if err != nil {
		t.Errorf("DecodeFrame = %v", err)
	}
	return back
}

// times calls f for each of the n things of a value.
func times[S any](n int, s S, f func(s S, i int)) S {
	for i := range n {
		f(s, i)
	}
	return s
}

// by returns a value that n replicas changed without seeing each other.
func by[S crdt.Lattice[S]](k crdt.Kind[S], change func(tx *crdt.Tx, s S, i int)) func(n int) S {
	return func(n int) S {
		return times(n, k.New(), func(s S, i int) {
			d, err := crdt.Mutate(k.New(), writer(clock.ReplicaID(2*i+1)), func(tx *crdt.Tx, s S) error { change(tx, s, i); return nil })
			if err != nil {
				panic(err)
			}
			s.Merge(d)
		})
	}
}

// byOne returns a value that one replica changed in one transaction.
func byOne[S crdt.Lattice[S]](k crdt.Kind[S], change func(tx *crdt.Tx, s S, i int)) func(n int) S {
	return func(n int) S {
		s := k.New()
		_, err := crdt.Mutate(s, writer(1), func(tx *crdt.Tx, s S) error {
			times(n, s, func(s S, i int) { change(tx, s, i) })
			return nil
		})
		if err != nil {
			panic(err)
		}
		return s
	}
}

// each makes a change of each of the n things.
func each[S any](change func(tx *crdt.Tx, s S, i int)) func(tx *crdt.Tx, s S, n int) {
	return func(tx *crdt.Tx, s S, n int) { times(n, s, func(s S, i int) { change(tx, s, i) }) }
}

// once makes one change.
func once[S any](change func(tx *crdt.Tx, s S)) func(tx *crdt.Tx, s S, n int) {
	return func(tx *crdt.Tx, s S, _ int) { change(tx, s) }
}

func snapshotOf[S crdt.Lattice[S]](s S) crdt.Option { return crdt.SeenSnapshot(crdt.SnapshotOf(s)) }

func contextOf[S crdt.Lattice[S]](s S) crdt.Option { return crdt.Seen(crdt.ContextOf(s)) }

// TestWorkGrowsAsTheValueDoes makes each change at two sizes, of which the larger is
// eight times the smaller, and compares what the kernel counts. No clock is asked.
func TestWorkGrowsAsTheValueDoes(t *testing.T) {
	t.Parallel()
	const times = 8
	for _, c := range growthCases() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			n := 400
			if c.name == "awset/clear/elements" {
				n = 4_000 // tables have to be large before they are too uneven
			}
			small, large := c.of(t, n), c.of(t, times*n)
			for i, step := range large.steps() {
				if few, many := small.steps()[i].work(), step.work(); many > 2*times*few+times*n {
					t.Errorf("%s of %d goes through %d, of %d through %d", step.name, n, few, times*n, many)
				}
			}
		})
	}
}

// BenchmarkGrowth reports what each change costs for each of the n things.
func BenchmarkGrowth(b *testing.B) {
	for _, c := range growthCases() {
		for _, n := range []int{10, 1_000, 4_000, 20_000, 100_000} {
			b.Run(fmt.Sprintf("%s/n=%d", c.name, n), func(b *testing.B) {
				for _, step := range c.of(b, n).steps() {
					from := time.Now()
					step.run()
					b.ReportMetric(float64(time.Since(from).Nanoseconds())/float64(n), step.name+"-ns/n")
				}
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}
