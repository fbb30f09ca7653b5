// Package store keeps replicated objects and exchanges their changes with other stores,
// each of which accepts writes at any time.
//
// # Parts
//
//   - Objects is typed access to objects, wherever they are kept: in a DB, or in the
//     Aerospike clusters of package aerospike. Options, tokens and errors are the same.
//   - DB is the embedded store: it keeps objects in an Engine and replicates them.
//   - Engine is durable storage with one verb, merge; package memory has one, package
//     storetest checks one.
//   - Transport carries messages; Hub connects stores in one process.
//
// The protocol stands in package replication.
//
// # Words
//
// A replica is one incarnation of a writer; the PeerID names the place. An event
// is one change, named by its dot. The vector of a store (Applied) is the set of
// events that it has applied.
package store
