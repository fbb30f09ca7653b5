package cluster

import as "github.com/aerospike/aerospike-client-go/v7"

// Client is what is used of a client of a cluster; *as.Client is one. It is called
// with policies of the caller's own, and never closed.
type Client interface {
	Get(policy *as.BasePolicy, key *as.Key, binNames ...string) (*as.Record, as.Error)
	Operate(policy *as.WritePolicy, key *as.Key, operations ...*as.Operation) (*as.Record, as.Error)
	BatchOperate(policy *as.BatchPolicy, records []as.BatchRecordIfc) as.Error
	ScanPartitions(policy *as.ScanPolicy, filter *as.PartitionFilter, namespace, set string, binNames ...string) (*as.Recordset, as.Error)
	GetNodes() []*as.Node
}

var _ Client = (*as.Client)(nil)

// Limits of a cluster, in every version of the server.
const (
	MaxNamespace = 31   // bytes of a namespace's name
	MaxSet       = 63   // bytes of a set's name
	Partitions   = 4096 // of a namespace
)
