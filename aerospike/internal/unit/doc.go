// Package unit is what one record of Aerospike holds of an object, and how
// processes that know nothing of each other change it without losing anything.
// It knows no client: Cluster is all that it asks of one, so that tests
// run this very code over a modelled cluster. The simulator, which is about stores with
// a vector, does not.
//
// A unit is a snapshot of the object under a stamp, and beside it a queue of
// frames that wait to be folded in. Writers append to the queue, blindly. Now and
// then one of them folds the queue into the snapshot: it replaces the snapshot if
// the stamp is still the one that it read, and in the same operation removes
// exactly the entries that it folded. What was appended meanwhile stays.
//
// The rules, each with a history that breaks without it in the tests:
//
//   - An entry's key is the hash of its bytes. So a key names one byte string for
//     ever, and whatever was joined, stripped or sent on has a key of its own: a
//     compactor can never remove what it has not read.
//   - A stamp names one snapshot for ever. It is drawn at random for each, since
//     a generation wraps, and repeats on the two sides of a split.
//   - "Is this frame here already?" is asked in the order of the lattice
//     (State.Contains), never of a context: after a rollback a frame's dots can all
//     be covered while what it killed is alive.
//   - An append carries the size up to which the record may have grown; a record
//     beyond it refuses the append, and the writer compacts first. A compaction
//     adds nothing but what it folds, so it passes at the limit too.
//   - What cannot be joined here, because its kind or format is newer, is neither
//     folded nor removed.
//   - A doubt about one attempt is a doubt about them all.
package unit
