// Package crdt has replicated values: sets, maps, registers and counters that
// several writers change at once, and that come out equal everywhere, with
// nothing lost, in whatever order and however often their changes arrive.
//
// # Values, deltas, transactions
//
// A value is a join-semilattice (Lattice): Merge joins two states. A mutation
// runs in a transaction and yields one delta, a small state of the same type
// (Almeida, Shoker, Baquero, "Delta State Replicated Data Types", JPDC 111,
// 2018); merging the delta anywhere brings exactly that change:
//
//	delta, err := crdt.Mutate(cart, source, func(tx *crdt.Tx, c *crdt.AWSet[string]) error {
//		c.Add(tx, "milk")
//		return nil
//	})
//
// # Types
//
//	type                    concurrent updates                                      in a map or Doc
//	Counter                 sum; a reset removes exactly what it saw                yes
//	LWWRegister             causality first, then the later time; losers are kept   yes
//	MVRegister              all concurrent values are kept                          yes
//	EWFlag, DWFlag          enable wins; disable wins                               yes
//	AWSet                   add wins over a concurrent remove; no tombstones        yes
//	RWSet                   remove wins; removes stay until pruned                  yes
//	AWMap                   a remove resets what it saw; unseen updates survive     yes
//	LWWMap, MVMap, MultiMap an AWMap of LWWRegister, MVRegister, AWSet              yes
//	Doc                     named fields of different types under one context       yes
//	GCounter, PNCounter     sum; no reset                                           in a GMap
//	GSet                    union                                                   in a GMap
//	MaxRegister, MinRegister the largest, the smallest                              in a GMap
//	GMap                    keys are never removed; values of the types above       in a GMap
//	BoundedCounter          never leaves its bounds, in any partition               in a GMap
//
// All types that have "yes" share one kernel: live dots at paths, counter bases
// and one context. The join is written once, there. They can be merged, encoded
// and forwarded by a program that does not know their kind (package untyped).
//
// A type is named by its kind, and a value is made by the New of that: XKind makes the
// kind of X, such as AWSetKind(String).New().
//
// # Packages
//
//	crdt            types, kinds, codecs, transactions, frames of values: what a user needs
//	crdt/untyped    objects without their Go type, sets and batches of frames, heals: for
//	                those who write stores and protocols
//	crdt/crdttest   the laws, for types of your own
//	clock           dots, contexts, tokens, times
//
// # Conventions
//
// Values are not safe for concurrent use. Mutators return nothing: what cannot be
// done fails the whole transaction, which is then undone. Nothing here reads a
// clock, draws a random number or starts a goroutine; a Source brings time and
// event numbers. Frames (AppendFrame, DecodeFrame) are canonical, checked and
// bounded.
//
// What is passed in is not kept and what is returned is the caller's, unless a
// comment says otherwise. Views (AWMap.At, Field.In) are the exception: they read
// and write through.
//
// What a program declares (names, kinds, codecs, bounds, fields) panics where it is wrong.
// What comes from outside is an error: bytes, tokens, limits that are met at run time, and
// replica ids, where they are read (clock.ParseReplicaID).
//
// Nil and the zero value of a type are its bottom: they can be read, compared, cloned,
// encoded and merged into others. A nil value cannot change, and neither can the zero
// value of a type that needs a codec, bounds or a kind of values; both panic and say
// so. What changes is made by the New of a Kind. While a transaction changes a value,
// mutators and reads see what it did so far; what needs the value whole (Merge, Clone,
// Contains, frames) refuses until it has ended.
//
// # Costs
//
// Where a comment says nothing else, of a value of n elements and c replicas in
// its context:
//
//   - Merge of a delta costs the delta, whatever n is; of a whole state, comparing
//     bitmaps where the two agree, and what differs.
//   - A mutator costs what it changes, Mutate besides that O(1), and a transaction
//     that fails as much again. Both allocate: the delta is a value of its own.
//   - Contains, Get and At take O(1), and O(values) of a register; the first lookup
//     in a value that was decoded or copied builds a table in O(n).
//   - Len takes O(1) of an AWSet and O(n log n) of a map; All takes O(n log n); Clone, Equal, AppendFrame and DecodeFrame O(n + c);
//     ContextOf O(c). IsBottom takes O(1).
package crdt
