package aerospike

import (
	"testing"
	"time"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/unit"
)

// TestForgetOfWhatIsSettled forgets a change that was settled meanwhile: it is abandoned
// while the engine merges it again. It is let go of once.
func TestForgetOfWhatIsSettled(t *testing.T) {
	j := newKeeper(time.Minute, 1<<20)
	now := time.Unix(1000, 0)
	first := j.add("k", unit.NewEntry([]byte("first")), author{})
	second := j.add("k", unit.NewEntry([]byte("second")), author{})
	j.settled(first, now)
	j.forget(first)
	if j.size != 0 || len(j.entries) != 1 {
		t.Errorf("%d bytes in %d entries", j.size, len(j.entries))
	}
	j.settled(second, now.Add(time.Hour))
	j.acknowledged("k", unit.NewEntry([]byte("third")), now.Add(2*time.Hour))
	if len(j.entries) != 1 || len(j.acked) != 1 || j.size != len("third")+len("k") {
		t.Errorf("%d entries, %d acknowledged, %d bytes", len(j.entries), len(j.acked), j.size)
	}
}
