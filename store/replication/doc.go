// Package replication is the protocol by which stores exchange their changes, as a
// deterministic state machine (Core), with its messages, its books, and the transaction
// that a driver runs on it. Package store drives a Core with goroutines, a clock and a
// transport; package sim drives the very same code through faults. Whoever uses a store
// does not need it.
//
// A replica is one incarnation of a writer; the PeerID names the place. An event is one
// change, named by its dot. The vector of a store (Applied) is the set of events that it
// has applied; it is not the context of an object, and never takes one in.
package replication
