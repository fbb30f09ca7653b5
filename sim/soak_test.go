package sim_test

import (
	"testing"

	"github.com/dovetail-crdt/dovetail/sim"
)

// TestSoak runs the scenarios of a fixed range of seeds.
func TestSoak(t *testing.T) {
	seeds := uint64(400)
	if testing.Short() {
		seeds = 50
	}
	for seed := range seeds {
		if _, err := sim.Run(t.Context(), sim.Random(seed)); err != nil {
			t.Errorf("%v\nreplay: go run ./sim/cmd/crdtsim soak -seeds %d", err, seed)
		}
	}
}
