// Package layout says how an object is laid out in a record of Aerospike, and how
// processes that know nothing of each other change that record without losing
// anything. It knows no client: the interface Cluster is all that it needs of one. The
// tests run this very code over a modelled cluster.
//
// A record holds a snapshot of the object under a stamp, and a queue of frames that
// are not in the snapshot yet. Writers append to the queue without reading it. Now and
// then one of them folds the queue into the snapshot: if the stamp is still the one
// that it read, it replaces the snapshot, and in the same operation it removes exactly
// the entries that it folded. What was appended meanwhile stays in the queue.
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
package layout
