// Package store keeps replicated objects in an engine and exchanges their changes
// with other stores, each of which accepts writes at any time.
//
// # Parts
//
//   - Engine is durable storage with one verb, merge; package memory has one.
//   - Core is the replication protocol as a deterministic state machine.
//   - DB drives a Core: goroutines, clock, transport. Objects is typed access.
//   - Transport carries messages; Hub connects stores in one process.
//
// # Words
//
// A replica is one incarnation of a writer; the PeerID names the place. An event
// is one change, named by its dot. The vector of a store (Applied) is the set of
// events that it has applied; it is not the context of an object, and never takes
// one in.
package store
