// Package asbench measures package aerospike on a cluster: what an update, a view,
// a batch and a hot key cost beside the raw client, which does the plain operation
// on records of about the same size in the same run. Command crdtbench runs it with the
// flag -aerospike.
//
// # What is measured
//
// Times are of the wall clock, over all operations of all goroutines of one
// process: with 16 goroutines an operation takes 16 times what the table says. A
// server in this process (Cases with no address) shares the processors with what is
// measured; then only the ratio to the baseline says something. Errors that reach a
// caller fail a case, as does a value that is not what the updates come to.
//
//   - as/hot-append: blind increments of one Counter, by n goroutines; baseline: put
//     60 bytes into one record's map of 256 entries, again and again while the key is
//     busy. The engine joins what waits, so its appends are fewer than the updates.
//   - as/hot-append-4k: the same with writes of 4 KB to 20 keys of an MVMap, and a map
//     of 20 entries of 4 KB. What a later write ends is dropped where they are joined.
//     The engine's record grows by up to 256 entries or 256 KiB before it is folded; the
//     raw one stays as it is.
//   - as/update-1, as/update-16: an add to one of n sets of 100 elements, by 1 and 16
//     goroutines, in an engine that remembers all n and is their only writer; baseline:
//     put 60 bytes into the map of a raw record. Folds in the background are included.
//   - as/view-1, as/view-16: a View of one of them; baseline: get the same record.
//   - as/cas-baseline: what one would do without any of this: read a record as large
//     as the snapshot alone, change it, and write it if its generation is what was read,
//     else again at once; by 16 goroutines. as/cas-baseline-hot: n goroutines on one
//     record. The baselines are those of as/update-16 and as/hot-append.
//   - as/batch100: a Merge of 100 deltas to 100 sets; baseline: a batch of 100 puts as
//     above. An operation is a whole batch.
//   - as/restarts-awset, as/restarts-counter: a View, by a process that remembers
//     nothing but blocks, of an object that n incarnations have changed once each, and
//     that was folded after each hundred of them; baseline: get the same record.
//     B/record is the record's size on the server, B/context that of the context in
//     its snapshot, B/blocks that of the frames of the blocks beside it.
//   - as/context-read: a View, by a process that remembers nothing, of a set of one element
//     whose context takes n KiB; baseline: get the same record. as/context-fold: a Merge
//     of one change to such a set, and the Fold of it; baseline: put a blob of the size of
//     the record.
//   - as/cpu-update, as/cpu-view: an update and a view of one set of 100 elements on a
//     client in memory, on one processor. Time is that of the processor, which other
//     processes hardly disturb: our own, with folds and collecting garbage, without
//     the client's; about a tenth of as/cpu-update is the client in memory.
//     as/cpu-view-cold: the view by a process that remembers nothing. What has no
//     baseline has nothing to be compared with.
//
// # What is in the records
//
// A set's record is a snapshot, and a queue of adds whose length is spread evenly
// over the sets from none to one less than makes a writer fold it: 0 to 255, in the
// records as in the raw ones. So each update appends to a queue of 127 on average,
// and one in 256 folds one. The sets of as/cpu-view have a queue of 128. The three
// replicas that wrote the sets are other ones than the engine that is measured.
package asbench
