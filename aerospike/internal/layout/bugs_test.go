package layout_test

import "testing"

// bug is a mistake that is planted into a history. The code under test is the
// right one in all of them: what is wrong is the cluster's use of it, or the
// process around it.
type bug int

const (
	noBug                  bug = iota
	keyKeptWhenJoined          // a change in doubt, joined with a newer one, stands under its old key
	keyKeptWhenStripped        // a change written again without what was read keeps its key
	afterAcknowledged          // a claim starts after the last event that was acknowledged
	coverageForContainment     // the sweep of the journal asks whether dots are covered
	generationForStamp         // a compaction asks for the generation, which wraps
	stampKept                  // a new snapshot gets the stamp of the old one
	queueEmptied               // a compaction removes all of the queue
	contextWithoutState        // a reader joins what it reads with the context of its cache
	doubtForgotten             // what ended without doubt is taken to have been without doubt
	totalReadBack              // a total goes on from what the record says
	mutationRepeated           // a retry runs the transaction again
	dotsReadBack               // who forgot an object numbers on from what its record says
	deleteToRemove             // what becomes empty is deleted
	sharedRecord               // clusters that XDR joins write one record
	ownerIdle                  // an old copy that comes home is left as it is
)

// sweeping is the kind of history that sweeps of journals are for.
func sweeping(t *tuning) {
	t.steps, t.nature, t.fields = 120, 8, []string{"tags"}
	t.rollback, t.stale, t.split, t.evict, t.crash = true, true, false, false, false
	t.begin = [...]int{update: 10, retry: 1, compact: 1, sweep: 8, look: 1}
	t.fates = [...]int{done: 10, late: 2, repeated: 2, twice: 0}
}

// counting is the kind of history in which totals are forgotten.
func counting(t *tuning) {
	t.steps, t.nature, t.fields, t.evict, t.stale = 120, 15, []string{"balance"}, true, true
}

// forgetting is the kind of history in which objects are forgotten, but no totals.
func forgetting(t *tuning) {
	t.steps, t.nature, t.fields, t.evict, t.stale = 120, 15, []string{"tags", "memo"}, true, true
}

// TestPlantedBugs counts the histories until a planted bug is found by the checks
// that find nothing in the right code.
func TestPlantedBugs(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		bug  bug
		most int // histories
		bias func(*tuning)
	}{
		{"key kept when joined", keyKeptWhenJoined, 200, nil},
		{"key kept when stripped", keyKeptWhenStripped, 400, sweeping},
		{"after acknowledged", afterAcknowledged, 50, nil},
		{"coverage for containment", coverageForContainment, 1000, sweeping},
		{"generation for stamp", generationForStamp, 500, nil},
		{"stamp kept", stampKept, 200, nil},
		{"queue emptied", queueEmptied, 50, nil},
		{"context without state", contextWithoutState, 50, nil},
		{"doubt forgotten", doubtForgotten, 500, nil},
		{"total read back", totalReadBack, 300, counting},
		{"mutation repeated", mutationRepeated, 100, nil},
		{"dots read back", dotsReadBack, 200, forgetting},
		{"delete to remove", deleteToRemove, 100, nil},
		{"shared record", sharedRecord, 50, joined},
		{"owner idle", ownerIdle, 100, looping},
		{"coverage for containment, looping", coverageForContainment, 1000, looping},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for seed := range tt.most {
				if _, err := playSeed(t.Context(), seed, tt.bug, tt.bias, false); err != nil {
					t.Logf("%d histories: %v", seed+1, err)
					return
				}
			}
			t.Errorf("not found in %d histories", tt.most)
		})
	}
}
