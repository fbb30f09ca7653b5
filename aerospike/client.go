package aerospike

import as "github.com/aerospike/aerospike-client-go/v7"

// Client is what the engine uses of a client; *as.Client is one. The engine
// calls it with policies of its own and never closes it.
type Client interface {
	Get(policy *as.BasePolicy, key *as.Key, binNames ...string) (*as.Record, as.Error)
	Operate(policy *as.WritePolicy, key *as.Key, operations ...*as.Operation) (*as.Record, as.Error)
	BatchOperate(policy *as.BatchPolicy, records []as.BatchRecordIfc) as.Error
	ScanPartitions(policy *as.ScanPolicy, filter *as.PartitionFilter, namespace, set string, binNames ...string) (*as.Recordset, as.Error)
	GetNodes() []*as.Node
}

var _ Client = (*as.Client)(nil)
