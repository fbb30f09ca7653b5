// Package record reads and writes the records of package layout in Aerospike. It knows the
// bins of a record, the filters and policies of each call, the meaning of the server's
// result codes, and how a scan finds records.
package record
