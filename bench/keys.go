package bench

import (
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"slices"

	"github.com/dovetail-crdt/dovetail/crdt"
)

// keys is a type of element: its codec, how to make one of a random number, and
// how many bytes it has.
type keys[E comparable] struct {
	codec crdt.Codec[E]
	of    func(seed uint64) E
	size  int
}

// intKeys are keys of eight bytes.
func intKeys() keys[uint64] {
	return keys[uint64]{crdt.Uint64, func(seed uint64) uint64 { return seed }, 8}
}

// textKeys are keys of sixteen bytes.
func textKeys() keys[string] {
	return keys[string]{crdt.String, func(seed uint64) string {
		return hex.EncodeToString(binary.BigEndian.AppendUint64(nil, seed))
	}, 16}
}

// ring is the keys that are in a set, in no order. It holds what they are made
// of, which gives the garbage collector nothing to do.
type ring[E comparable] struct {
	r    *rand.Rand
	kind keys[E]
	in   []uint64
}

// newRing returns a ring of n keys, the same ones in every run.
func newRing[E comparable](kind keys[E], n int) *ring[E] {
	r := random(0)
	in := make([]uint64, n)
	for i := range in {
		in[i] = r.Uint64()
	}
	return ringOf(kind, in)
}

// ringOf returns a ring of these keys, of which it keeps a copy.
func ringOf[E comparable](kind keys[E], in []uint64) *ring[E] {
	return &ring[E]{r: random(1), kind: kind, in: slices.Clone(in)}
}

func (k *ring[E]) make(seeds []uint64) []E {
	out := make([]E, len(seeds))
	for i, seed := range seeds {
		out[i] = k.kind.of(seed)
	}
	return out
}

// front moves n keys, drawn uniformly, to the front.
func (k *ring[E]) front(n int) []uint64 {
	for i := range n {
		j := i + k.r.IntN(len(k.in)-i)
		k.in[i], k.in[j] = k.in[j], k.in[i]
	}
	return k.in[:n]
}

// pick returns n keys, drawn uniformly.
func (k *ring[E]) pick(n int) []E { return k.make(k.front(n)) }

// draw returns n fresh keys, which are not part of the ring.
func (k *ring[E]) draw(n int) []E { return k.make(k.seeds(n)) }

func (k *ring[E]) seeds(n int) []uint64 {
	out := make([]uint64, n)
	for i := range out {
		out[i] = k.r.Uint64()
	}
	return out
}

// change is keys that come and keys that go.
type change[E comparable] struct{ add, remove []E }

// replace draws n keys to remove and n fresh ones for their places.
func (k *ring[E]) replace(n int) change[E] {
	front, fresh := k.front(n), k.seeds(n)
	c := change[E]{add: k.make(fresh), remove: k.make(front)}
	copy(front, fresh)
	return c
}

// halves splits a change.
func (c change[E]) halves() (a, b change[E]) {
	i, j := len(c.add)/2, len(c.remove)/2
	return change[E]{c.add[:i], c.remove[:j]}, change[E]{c.add[i:], c.remove[j:]}
}
