// Package record is a unit in Aerospike: the bins of a record, the filters and policies
// of what reads and writes it, what becomes of the server's result codes, and the scans
// that find records.
package record
