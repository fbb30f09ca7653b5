package sim_test

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/crdttest/spec"
	"github.com/dovetail-crdt/dovetail/sim"
)

func threeRegions(seed uint64) sim.Scenario {
	return sim.Scenario{
		Seed: seed, Replicas: []sim.Region{sim.Dallas, sim.Frankfurt, sim.Tokyo}, Objects: sim.Mixed(),
		Duration: 3 * time.Second, Rate: 20, Loss: 0.1, Duplicate: 0.1, Reorder: 0.2,
		Jitter: 10 * time.Millisecond, Sync: 2 * time.Millisecond, Record: true,
		Cuts:    []sim.Cut{{From: time.Second, To: 2 * time.Second, Groups: [][]int{{0, 1}, {2}}}},
		Crashes: []sim.Crash{{Replica: 1, At: 1500 * time.Millisecond, For: time.Second}},
	}
}

func TestSameSeedSameRun(t *testing.T) {
	a, err := sim.Run(t.Context(), threeRegions(5))
	if err != nil {
		t.Fatal(err)
	}
	b, err := sim.Run(t.Context(), threeRegions(5))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(a, b) {
		t.Errorf("two runs of one seed differ: trace %x and %x", a.Trace, b.Trace)
	}
	c, err := sim.Run(t.Context(), threeRegions(6))
	if err != nil {
		t.Fatal(err)
	}
	if a.Trace == c.Trace {
		t.Error("two seeds gave one run")
	}
}

// TestFaultsHappen checks that a scenario with faults has them, and that nothing
// that was written is missing.
func TestFaultsHappen(t *testing.T) {
	r, err := sim.Run(t.Context(), threeRegions(1))
	if err != nil {
		t.Fatal(err)
	}
	for _, fate := range []string{"lost", "cut", "down"} {
		if r.Dropped[fate] == 0 {
			t.Errorf("no message was dropped as %q: %v", fate, r.Dropped)
		}
	}
	if !r.Converged || r.Transactions == 0 || r.LWWLost == 0 || r.Refused == 0 {
		t.Errorf("converged %t, %d transactions, %d refused, last-writer-wins would have lost %d", r.Converged, r.Transactions, r.Refused, r.LWWLost)
	}
	if len(r.History.Ops) < r.Transactions {
		t.Errorf("%d of %d transactions recorded", len(r.History.Ops), r.Transactions)
	}
}

func TestScriptAndRead(t *testing.T) {
	add := func(at time.Duration, replica int, code string) sim.Step {
		return sim.Step{At: at, Replica: replica, Txs: []sim.Tx{{Key: "cart/x", Ops: []spec.Op{{Verb: spec.Put, Path: code}}}}}
	}
	remove := add(2*time.Second, 0, "milk")
	remove.Txs[0].Ops[0].Verb = spec.Kill
	sc := sim.Scenario{
		Replicas: []sim.Region{sim.London, sim.Tokyo}, Objects: []sim.Object{sim.Carts()},
		Script: []sim.Step{add(time.Second, 0, "milk"), remove, add(2*time.Second+1, 1, "milk"), add(2*time.Second+2, 1, "eggs")},
	}
	r, err := sim.Run(t.Context(), sc)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]map[string]string{"cart/x": {"milk": "+", "eggs": "+"}}
	if !reflect.DeepEqual(r.Objects, want) {
		t.Errorf("an add concurrent with a remove: %v, want %v", r.Objects, want)
	}
	if r.LastWriter["cart/x"]["milk"] != "+" || r.Lost["cart/x"] != 1 {
		t.Errorf("last-writer-wins shows %v and loses %d", r.LastWriter["cart/x"], r.Lost["cart/x"])
	}
}

// removeAll is a set whose remove ends elements that it did not see: the mistake
// of a context that is wider than what was observed.
func removeAll() sim.Object {
	t := sim.Carts()
	t.Do = func(tx *crdt.Tx, s *crdt.AWSet[string], op spec.Op) {
		if op.Verb == spec.Put {
			s.Add(tx, op.Path)
			return
		}
		s.Clear(tx)
	}
	return t
}

func TestViolationIsFound(t *testing.T) {
	sc := threeRegions(1)
	sc.Objects = []sim.Object{removeAll()}
	_, err := sim.Run(t.Context(), sc)
	var v *sim.ViolationError
	if !errors.As(err, &v) {
		t.Fatalf("Run = %v, want a *ViolationError", err)
	}
	if v.Seed != 1 || v.Replica == "" || !strings.HasPrefix(v.Key, "cart/") || !strings.Contains(v.What, "lacks") {
		t.Errorf("violation %+v does not say where and what", v)
	}
}

func TestBadScenarios(t *testing.T) {
	good := threeRegions(1)
	tests := []struct {
		name, want string
		change     func(*sim.Scenario)
	}{
		{"no replicas", "no replicas", func(s *sim.Scenario) { s.Replicas = nil }},
		{"region", `unknown region "Atlantis"`, func(s *sim.Scenario) { s.Replicas = []sim.Region{"Atlantis"} }},
		{"objects", "no objects", func(s *sim.Scenario) { s.Objects = nil }},
		{"loss", "Loss is 1", func(s *sim.Scenario) { s.Loss = 1 }},
		{"rate", "Rate is -1", func(s *sim.Scenario) { s.Rate = -1 }},
		{"cut", "cut 0 from 2s to 1s", func(s *sim.Scenario) { s.Cuts[0] = sim.Cut{From: 2 * time.Second, To: time.Second} }},
		{"cut of whom", "cut 0: replica 7 of 3", func(s *sim.Scenario) { s.Cuts[0].Groups = [][]int{{7}} }},
		{"crash", "crash 0: replica -1 of 3", func(s *sim.Scenario) { s.Crashes[0].Replica = -1 }},
		{"script", "before the one ahead", func(s *sim.Scenario) { s.Script = []sim.Step{{At: 2}, {At: 1}} }},
		{"link", "link: replica 3 of 3", func(s *sim.Scenario) { s.Links = [][2]int{{0, 3}} }},
	}
	for _, tt := range tests {
		sc := good
		sc.Cuts = append([]sim.Cut(nil), good.Cuts...)
		sc.Crashes = append([]sim.Crash(nil), good.Crashes...)
		tt.change(&sc)
		if _, err := sim.Run(t.Context(), sc); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: Run = %v, want %q", tt.name, err, tt.want)
		}
	}
}

func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := sim.Run(ctx, threeRegions(1)); !errors.Is(err, context.Canceled) {
		t.Errorf("Run = %v, want %v", err, context.Canceled)
	}
}
