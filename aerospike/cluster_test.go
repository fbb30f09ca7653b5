package aerospike_test

import "github.com/dovetail-crdt/dovetail/aerospike/internal/astest"

const namespace = astest.Namespace

// What nearly every test here begins with goes without the package's name.
var (
	cluster = astest.Cluster
	connect = astest.Connect
	newSet  = astest.NewSet
	empty   = astest.Empty
	scanned = astest.Scanned
	open    = astest.Open
)
