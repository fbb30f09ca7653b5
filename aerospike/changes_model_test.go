package aerospike_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestChangesModel runs what may become of a change, in any order, against a model. What
// the model claims of a change depends on what was told of it, and on nothing else:
//
//   - acknowledged (by the Update, by Retry = nil or by Abandon = ErrApplied): it is there
//     at once, and in all processes that come. If the cluster loses the record, Remerge
//     brings it back from the journal, also in the next process.
//   - refused: it is there never, in no process, whatever arrives late or is merged again.
//   - in doubt: it may be there or not, until it is decided. The next process owes it: it
//     is there in the end, also if the process after that has no proof (Journal.Proven).
//   - in doubt, and Abandon was asked for and did not answer: either, until it is decided.
//   - abandoned (Abandon = nil): it is there never again, whatever arrives late, and after
//     a restart. Retry = ErrAbandoned says that it is not there in the end.
//   - whatever was told first is told by every later call, by a closed engine too.
//
// Two things weaken that, both losses of the journal. If a write to it failed after a
// change was issued and before it says that the change is in doubt, the next process has no
// proof and cannot tell the change from one that was refused: it may be there or not. And
// what the journal never got, because of such a failure or because it was an older copy, is
// not brought back when the cluster loses the record too.
//
// DOVETAIL_SOAK=1h has it run for so long; it prints the seeds and the steps. A step that
// takes longer than hangsAfter ends the test with the step, the seed and all stacks. Which
// bugs it was seen to find is in testdata/changes_model.md.
func TestChangesModel(t *testing.T) {
	c := cluster(t)
	set := newSet(t, c)
	var runs, steps atomic.Int64
	seed, err := strconv.ParseUint(flag.Lookup("rapid.seed").Value.String(), 10, 64)
	if err != nil || seed == 0 {
		seed = rand.Uint64()
	}
	t.Cleanup(func() {
		t.Logf("%d histories, %d steps, with those that made a failure smaller", runs.Load(), steps.Load())
	})
	check := func(t *testing.T) {
		t.Helper()
		if err := flag.Set("rapid.seed", strconv.FormatUint(seed, 10)); err != nil {
			t.Fatal(err)
		}
		rapid.Check(t, func(rt *rapid.T) {
			w := newWorld(rt, c, set, seed, runs.Add(1))
			defer w.leave()
			rt.Repeat(w.actions(&steps))
			w.timed("settle", w.settle)
		})
	}
	soak, err := time.ParseDuration(os.Getenv("DOVETAIL_SOAK"))
	if err != nil {
		check(t)
		return
	}
	for begun := time.Now(); time.Since(begun) < soak && !t.Failed(); seed++ {
		check(t)
		fmt.Printf("%v: seed %d: %d histories, %d steps\n", time.Since(begun).Round(time.Second), seed, runs.Load(), steps.Load())
	}
}
