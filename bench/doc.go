// Package bench measures Dovetail: what a merge, a mutation and a frame cost, by
// type and size, beside a plain Go map that does the same work without
// replication, and beside the figures that the design sets as its goal.
//
// Cases is the table of all benchmarks. Two drivers run it:
//
//	go run ./bench/cmd/crdtbench        a table to read, and JSON to keep
//	go test -bench . ./bench            for benchstat (-count 10) and profiles
//
// # What is measured
//
// Every case builds its state before the measured loop, from fixed seeds, with
// elements written by three replicas. Merges are "cold": the keys that a delta
// adds and removes are drawn uniformly from the whole set, and the next delta is
// another one, so nothing that it needs is in cache because of the one before.
// Each merge must change the receiver; a case in which one does not fails.
// Deltas are made on another copy of the state, a batch at a time, with the
// timer stopped, and sizes stay as they are: a case of n elements has about n
// from the first iteration to the last.
//
// Nothing here asserts a time. A case with a Target only prints it.
package bench
