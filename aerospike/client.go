package aerospike

import "github.com/dovetail-crdt/dovetail/aerospike/internal/cluster"

// Client is what the engine uses of a client; *as.Client is one. The engine
// calls it with policies of its own and never closes it.
type Client = cluster.Client
