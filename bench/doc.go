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
// elements written by three replicas. Sets come out of a frame and have been read
// once, so an index that is built when it is needed is there. Merges are "cold":
// the keys that a delta adds and removes are drawn uniformly from the whole set,
// and the next delta is another one, so nothing that it needs is in cache because
// of the one before. Each merge must change the receiver; a case in which one
// does not fails. Deltas are made on another copy of the state that shares no
// memory with it, a batch at a time, with the timer stopped, and sizes stay as
// they are: a case of n elements has about n from the first iteration to the last.
//
// Merges of a few rows (vectors, contexts, counters) are of states that are in
// cache and hold the same replicas. They are measured a batch at a time; in what
// go test prints, allocations are of the batch.
//
// Sets of ten million take gigabytes. Where there is not enough memory, by the
// weight of a small set, such a case is skipped and says so (ErrMemory).
//
// Nothing here asserts a time. A case with a Target only prints it.
package bench
