package sim_test

import (
	"testing"
	"time"

	"github.com/dovetail-crdt/dovetail/sim"
)

func TestQuick(t *testing.T) {
	for seed := range uint64(30) {
		res, err := sim.Run(t.Context(), sim.Scenario{
			Seed: seed, Replicas: []sim.Region{sim.Dallas, sim.Frankfurt, sim.Tokyo}, Objects: sim.Mixed(),
			Duration: 10 * time.Second, Rate: 20, Loss: 0.1, Duplicate: 0.05, Reorder: 0.1, Jitter: 10 * time.Millisecond, Sync: time.Millisecond,
			Cuts:    []sim.Cut{{From: 3 * time.Second, To: 6 * time.Second, Groups: [][]int{{0, 1}, {2}}}},
			Crashes: []sim.Crash{{Replica: 1, At: 7 * time.Second, For: time.Second}},
		})
		if err != nil {
			t.Error(err)
			continue
		}
		t.Logf("%+v", struct {
			S              time.Duration
			Tx, M, B, Lost int
			D              map[string]int
		}{res.Settled, res.Transactions, res.Messages, res.Bytes, res.LWWLost, res.Dropped})
	}
}
