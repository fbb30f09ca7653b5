// Package crdttest checks that a replicated type keeps the laws that convergence
// rests on. It is for the types of package crdt and for your own:
//
//	func TestCart(t *testing.T) {
//		crdttest.Laws(t, cartKind, func(t *rapid.T, tx *crdt.Tx, c *Cart) {
//			c.Put(tx, rapid.SampledFrom(items).Draw(t, "item"))
//		})
//	}
package crdttest

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/dovetail-crdt/dovetail/crdt"
)

// Laws runs random histories of three replicas that mutate a value of kind k and
// exchange deltas, groups of deltas and whole states over a network that loses,
// duplicates and reorders them, and fails t with a shrunk history if one of these
// does not hold:
//
//   - Merge is idempotent, commutative and associative;
//   - the state before a transaction, merged with its delta, is the state after,
//     and no part of the delta can be left out;
//   - Merge tells whether it changed anything, and neither changes its argument
//     nor keeps a part of it that later changes reach;
//   - a failed transaction changes nothing and burns no event;
//   - replicas that have merged the same deltas, in whatever order and grouping,
//     have equal bytes;
//   - encoding is canonical, round-trips, and no damaged input makes a decoder
//     panic or come out with something that does not encode to itself;
//   - of a causal type, every state is what the textbook join makes of the same
//     deltas.
//
// Mutate draws and does one or more mutations of s. It must be able to reach
// states in which something is removed, or the laws are checked on less than the
// type can do. The flags of rapid set the number of histories (-rapid.checks) and
// the seed.
func Laws[S crdt.Lattice[S]](t *testing.T, k crdt.Kind[S], mutate func(*rapid.T, *crdt.Tx, S)) {
	t.Helper()
	t.Run("history", func(t *testing.T) {
		rapid.Check(t, func(rt *rapid.T) {
			w := newWorld(rt, k, mutate)
			for range rapid.IntRange(1, 40).Draw(rt, "steps") {
				w.step()
				w.checkArguments()
			}
			w.checkAlgebra()
			w.checkConvergence()
		})
	})
	t.Run("damage", func(t *testing.T) {
		rapid.Check(t, func(rt *rapid.T) {
			w := newWorld(rt, k, mutate)
			for range rapid.IntRange(1, 10).Draw(rt, "steps") {
				w.step()
			}
			w.checkDamage()
		})
	})
}
