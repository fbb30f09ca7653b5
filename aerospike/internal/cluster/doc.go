// Package cluster is an Aerospike cluster as a whole: the client that leads to it, what
// its nodes say of themselves, and whether it is still the cluster that it was.
package cluster
