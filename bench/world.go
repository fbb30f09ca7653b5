package bench

import (
	"math/rand/v2"
	"time"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
)

// builders is how many replicas wrote the state that a case starts from.
const builders = 3

// random returns a stream of random numbers, the same ones in every run.
func random(stream uint64) *rand.Rand { return rand.New(rand.NewPCG(1, 2+stream)) }

// replicas returns n replica ids, the same ones in every run.
func replicas(n int) []clock.ReplicaID {
	r := random(0)
	ids := make([]clock.ReplicaID, n)
	for i := range ids {
		ids[i] = clock.ReplicaID(r.Uint64() | 1)
	}
	return ids
}

// sources returns the sources of n replicas, all of whose events are on one
// object.
func sources(n int) []crdt.Source {
	out := make([]crdt.Source, n)
	for i, id := range replicas(n) {
		out[i] = crdt.NewWriter(id, wall).On()
	}
	return out
}

// wall is a clock that stands still: time must not decide what a run does.
func wall() time.Time { return time.UnixMilli(1_700_000_000_000) }
