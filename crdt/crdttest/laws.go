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

// triesLeast is how many transactions must have changed nothing for Laws to find
// fault with that: with few histories, those of a type that is hard to change may.
const triesLeast = 200

// Laws runs random histories of three replicas that mutate a value of kind k and
// exchange deltas, groups of deltas and whole states, also old ones, over a network
// that loses, duplicates, reorders and repeats them, and fails t with a shrunk
// history if one of these does not hold:
//
//   - Merge is idempotent, commutative and associative, never takes anything back,
//     and its result tells whether it changed the value;
//   - Merge neither changes its argument nor keeps a part of it that either may
//     change, and Clone shares nothing;
//   - the state before a transaction, merged with its delta, is the state after,
//     and no part of the delta can be left out (see untyped.Decomposer);
//   - a failed transaction changes nothing and burns no event, whether a mutator
//     failed or the function returned an error or panicked;
//   - replicas that have merged the same deltas, in whatever order and grouping, by
//     way of frames or not, have equal bytes, and only those are Equal;
//   - what one replica extracts or strips for another does what merging the whole
//     does;
//   - encoding is canonical, round-trips, and no damaged input makes a decoder
//     panic, or come out with something that does not encode to itself, or keep
//     its input;
//   - a history done again from the same draws has the same bytes, so nothing in it
//     depends on the order of a map, a clock or chance;
//   - some transaction changes something;
//   - of a causal type, every state is what the textbook join makes of the same
//     deltas, also when a replica's record was rolled back.
//
// Mutate draws and does one or more mutations of s. It must be able to reach
// states in which something is removed, or the laws are checked on less than the
// type can do. What it draws must depend on its draws and on s alone. The flags of
// rapid set the number of histories (-rapid.checks) and the seed.
//
// Laws does not check what a type means, nor bounds of memory.
func Laws[S crdt.Lattice[S]](t *testing.T, k crdt.Kind[S], mutate func(*rapid.T, *crdt.Tx, S)) {
	t.Helper()
	t.Run("history", func(t *testing.T) {
		tries, deltas := 0, 0
		rapid.Check(t, func(rt *rapid.T) {
			w := newWorld(rt, k, mutate)
			for range rapid.IntRange(1, 40).Draw(rt, "steps") {
				w.step()
				w.checkApart()
			}
			tries, deltas = tries+w.tries, deltas+len(w.deltas)
			w.checkAlgebra()
			w.checkConvergence()
			w.checkExtraction()
			w.checkDecomposition()
		})
		if tries >= triesLeast && deltas == 0 {
			t.Errorf("none of %d transactions changed anything, so nothing was checked", tries)
		}
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
	t.Run("again", func(t *testing.T) {
		rapid.Check(t, func(rt *rapid.T) { checkAgain(rt, k, mutate) })
	})
}
