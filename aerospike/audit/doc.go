// Package audit asks the servers of Aerospike clusters for their settings and tells which
// of them take something away from what packages aerospike and mirror promise.
package audit
