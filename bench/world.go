package bench

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
)

// builders is how many replicas wrote the state that a case starts from.
const builders = 3

// buildBatch is how many elements one transaction of a builder adds.
const buildBatch = 4096

// random returns the random numbers of a case, the same ones in every run.
func random() *rand.Rand { return rand.New(rand.NewPCG(1, 2)) }

// replicas returns n replica ids, the same ones in every run.
func replicas(n int) []clock.ReplicaID {
	r := random()
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

// keys is a type of element: its codec and how to draw one.
type keys[E comparable] struct {
	codec crdt.Codec[E]
	fresh func(*rand.Rand) E
}

// intKeys are keys of eight bytes.
func intKeys() keys[uint64] { return keys[uint64]{crdt.Uint64, (*rand.Rand).Uint64} }

// textKeys are keys of sixteen bytes.
func textKeys() keys[string] {
	return keys[string]{crdt.String, func(r *rand.Rand) string { return fmt.Sprintf("%016x", r.Uint64()) }}
}

// ring is the n keys that are in a set, in no order.
type ring[E comparable] struct {
	r    *rand.Rand
	kind keys[E]
	in   []E
}

func newRing[E comparable](kind keys[E], n int) *ring[E] {
	k := &ring[E]{r: random(), kind: kind, in: make([]E, n)}
	for i := range k.in {
		k.in[i] = kind.fresh(k.r)
	}
	return k
}

// pick moves k keys, drawn uniformly, to the front and returns them. The slice
// belongs to the ring.
func (k *ring[E]) pick(n int) []E {
	for i := range n {
		j := i + k.r.IntN(len(k.in)-i)
		k.in[i], k.in[j] = k.in[j], k.in[i]
	}
	return k.in[:n]
}

// draw returns n fresh keys, which are not part of the ring.
func (k *ring[E]) draw(n int) []E {
	out := make([]E, n)
	for i := range out {
		out[i] = k.kind.fresh(k.r)
	}
	return out
}

// change is keys that come and keys that go.
type change[E comparable] struct{ add, remove []E }

// replace draws n keys to remove and n fresh ones for their places.
func (k *ring[E]) replace(n int) change[E] {
	front := k.pick(n)
	c := change[E]{add: k.draw(n), remove: append([]E(nil), front...)}
	copy(front, c.add)
	return c
}
