package storetest

import (
	"slices"
	"testing"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/store"
	"github.com/dovetail-crdt/dovetail/store/memory"
)

// TestFaults: each faulty engine fails the check that is there for it.
func TestFaults(t *testing.T) {
	t.Parallel()
	for _, tt := range slices.Concat(engineFaults, batcherFaults) {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			spoiled := func() *faulty {
				f := &faulty{Engine: memory.New()}
				tt.spoil(f)
				return f
			}
			ran := 0
			for _, c := range engineChecks {
				if c.name == tt.check {
					ran++
					mustFail(t, run(t, c, func() store.Engine { return spoiled() }), c.name)
				}
			}
			for _, c := range batcherChecks {
				if c.name == tt.check {
					ran++
					mustFail(t, run(t, c, func() store.Batcher { return spoiled() }), c.name)
				}
			}
			if ran != 1 {
				t.Fatalf("%d checks have the name %q", ran, tt.check)
			}
		})
	}
}

func mustFail(t *testing.T, r *recorder, check string) {
	t.Helper()
	if !r.Failed() {
		t.Errorf("check %q passes an engine that breaks its promise; it said %q", check, r.said)
	}
}

// TestSound: the wrapper and the recorder by themselves fail nothing.
func TestSound(t *testing.T) {
	t.Parallel()
	sound := func() *faulty { return &faulty{Engine: memory.New()} }
	for _, c := range engineChecks {
		if r := run(t, c, func() store.Engine { return sound() }); r.Failed() {
			t.Errorf("check %q fails a sound engine: %q", c.name, r.said)
		}
	}
	for _, c := range batcherChecks {
		if r := run(t, c, func() store.Batcher { return sound() }); r.Failed() {
			t.Errorf("check %q fails a sound engine: %q", c.name, r.said)
		}
	}
	RunEngine(t, func(*testing.T) store.Engine { return sound() })
}

// TestDeltasDiffer guards the tests above: what they merge is not all the same.
func TestDeltasDiffer(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for name, f := range strangers() {
		if joins(f) {
			t.Errorf("the frame %s can be joined", name)
		}
		if was := seen[string(f)]; was != "" {
			t.Errorf("the frames %s and %s are the same", name, was)
		}
		seen[string(f)] = name
	}
	if a, b := amount(1, 5), amount(clock.ReplicaID(2), 5); string(a) == string(b) {
		t.Errorf("amounts of two replicas have one frame %x", a)
	}
}
