package sim_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/crdttest/spec"
	"github.com/dovetail-crdt/dovetail/sim"
)

// likes tells a simulation about a type: its kind, how to perform the operations
// of the specification on it, how to read it, and what to draw for a workload.
func likes() sim.Type[*crdt.Counter] {
	return sim.Type[*crdt.Counter]{
		Name: "likes", Kind: crdt.CounterKind(), Keys: []string{"home"},
		Do: func(tx *crdt.Tx, c *crdt.Counter, op spec.Op) {
			if op.Verb == spec.Kill {
				c.Reset(tx)
				return
			}
			c.Add(tx, op.N)
		},
		Show: func(c *crdt.Counter) map[string]string {
			if c.IsEmpty() {
				return nil
			}
			return map[string]string{"": fmt.Sprintf("#%d", c.Value())}
		},
		Draw: func(d *sim.Stream) spec.Op {
			if d.Chance(0.1) {
				return spec.Op{Verb: spec.Kill}
			}
			return spec.Op{Verb: spec.Inc, N: int64(1 + d.Choose(5))}
		},
	}
}

// A counter is written in three regions while one of them is cut off and another
// crashes. Run checks after every event what each replica shows.
func Example() {
	r, err := sim.Run(context.Background(), sim.Scenario{
		Seed: 1, Replicas: []sim.Region{sim.Dallas, sim.Frankfurt, sim.Tokyo}, Objects: []sim.Object{likes()},
		Duration: 10 * time.Second, Rate: 20, Loss: 0.2, Sync: time.Millisecond,
		Cuts:    []sim.Cut{{From: 3 * time.Second, To: 6 * time.Second, Groups: [][]int{{0, 1}, {2}}}},
		Crashes: []sim.Crash{{Replica: 1, At: 7 * time.Second, For: time.Second}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("converged:", r.Converged, "and last-writer-wins would have lost some:", r.LWWLost > 0)
	// Output: converged: true and last-writer-wins would have lost some: true
}

// A type that shows anything else than its operations require is found out. This
// one forgets to reset.
func ExampleViolationError() {
	broken := likes()
	broken.Do = func(tx *crdt.Tx, c *crdt.Counter, op spec.Op) { c.Add(tx, op.N) }
	_, err := sim.Run(context.Background(), sim.Scenario{
		Seed: 1, Replicas: []sim.Region{sim.Dallas, sim.Tokyo}, Objects: []sim.Object{broken}, Duration: 10 * time.Second, Rate: 5,
	})
	if v, ok := errors.AsType[*sim.ViolationError](err); ok {
		fmt.Println("seed", v.Seed, "replica", v.Replica, "object", v.Key)
	}
	// Output: seed 1 replica Dallas object likes/home
}

// Every decision of a run comes from its seed; streams with different names do not
// disturb each other.
func ExampleSource() {
	s := sim.NewSource(1)
	fmt.Println(s.Stream("net").Choose(1000), s.Stream("disk").Choose(1000), s.Stream("net").Choose(1000))
	// Output: 787 51 787
}

// Round-trip times are those between real regions.
func ExampleRoundTrip() {
	rtt, err := sim.RoundTrip(sim.Frankfurt, sim.Tokyo)
	fmt.Println(rtt, err)
	// Output: 233ms <nil>
}

// A scenario can be a script instead of a drawn workload: here two customers of
// one cart, an ocean apart.
func ExampleScenario() {
	add := func(at time.Duration, replica int, item string) sim.Step {
		return sim.Step{At: at, Replica: replica, Txs: []sim.Tx{{Key: "cart/ann", Ops: []spec.Op{{Verb: spec.Put, Path: item}}}}}
	}
	r, err := sim.Run(context.Background(), sim.Scenario{
		Replicas: []sim.Region{sim.London, sim.Washington}, Objects: []sim.Object{sim.Carts()},
		Script: []sim.Step{add(0, 0, "milk"), add(time.Millisecond, 1, "eggs")},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(r.Objects["cart/ann"], "took", r.Settled > 37*time.Millisecond)
	// Output: map[eggs:+ milk:+] took true
}
