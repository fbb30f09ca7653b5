// Package asdtest is a server in the process that speaks the wire protocol of
// Aerospike, for tests. The Go client connects to it as it is:
//
//	c := asdtest.Start(t)
//	client, err := as.NewClient(c.Host(), c.Port()) // github.com/aerospike/aerospike-client-go/v7
//
// It behaves like one node of Community Edition 8.1 with a namespace "test" in memory,
// and fails on demand in the ways that are hard to provoke with a real one: replies
// are lost, writes land late and twice, keys are busy, replicas are behind, clusters
// fall apart and heal, deleted records come back (Fault, Split, Restart, Rollback),
// and clusters ship records to each other as XDR does (Link). What goes wrong is
// decided by the test, never by chance.
//
// # What is there
//
// Single records: Get, Exists, Put, Add, Append, Prepend, Touch, Delete and Operate,
// with the policies for existence and generation, expiry, stored keys and filter
// expressions. Batches of reads, writes and deletions. Scans and queries without an
// index, by partition, resumed at a digest, with filters, bins and a limit. Maps: create,
// put, add, replace, increment, clear, size; get and remove by key, list or range of
// keys, index or range of indexes, and value. Lists: create, append, insert, pop,
// remove, trim, clear, size, get, by index or range. Expressions: comparison, logic,
// arithmetic and bits of numbers, metadata, bins, cond, let, and the operations on
// maps and lists. Info commands: what clients and auditors ask.
//
// The settings that the server acts on, when they are changed by Set or by set-config,
// are max-record-size, default-ttl, nsup-period, allow-ttl-without-nsup,
// apply-ttl-reductions, transaction-pending-limit, conflict-resolution-policy,
// reject-non-xdr-writes, reject-xdr-writes, disallow-null-setname, storage-engine (for
// the sizes that expressions see), and the statistics stop_writes and
// clock_skew_stop_writes. The others are only told.
//
// # What is not
//
//   - A cluster has one node, two while it is split, and a client of a side sees that
//     side only: there is no migration, no proxying, no rack and no replica but the
//     stale one of Fault.Stale.
//   - No strong consistency, transactions, security, TLS or compression.
//   - No secondary indexes, background queries, UDFs, HyperLogLog, bit operations, geo or
//     regular expressions. Operations and expressions do not reach into nested maps and
//     lists (CDT contexts), and neither go by rank nor return one; lists cannot require unique
//     items.
//   - Settings of a set (default-ttl, stop-writes-count) and eviction do nothing. Expired
//     records vanish at once and are not counted.
//   - One batch is worked off in the order of its records; a real server has no order.
//     A scan goes by the bytes of the digest; a real server has another order.
//   - The index that a map or list may store with itself takes no space here.
//   - An operation on one entry of a map with the INVERTED flag always fails; a real
//     server lets some pass when the entry is not there.
//   - A name of a set is forgotten with its last record; a real server keeps at most
//     4095 of them until it is started again.
//   - A Link ships what Enterprise Edition documents of XDR; it was not compared with one.
//
// # Cost
//
// Every operation is O(size of the record), as on the real server, which writes whole
// records. A record keeps Config.History earlier versions; they share what did not
// change. Tens of thousands of operations a second go over a loopback connection pool.
package asdtest
