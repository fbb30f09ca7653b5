package main

import (
	"sync/atomic"

	as "github.com/aerospike/aerospike-client-go/v7"
	"github.com/aerospike/aerospike-client-go/v7/types"

	"github.com/dovetail-crdt/dovetail/aerospike"
)

// link is how the mirror reaches a cluster: not at all while it is cut. Who writes
// there goes past it.
type link struct {
	aerospike.Client
	cut atomic.Bool
}

// Get implements aerospike.Client.
func (l *link) Get(p *as.BasePolicy, k *as.Key, bins ...string) (*as.Record, as.Error) {
	if l.cut.Load() {
		return nil, &as.AerospikeError{ResultCode: types.TIMEOUT}
	}
	return l.Client.Get(p, k, bins...)
}

// Operate implements aerospike.Client.
func (l *link) Operate(p *as.WritePolicy, k *as.Key, ops ...*as.Operation) (*as.Record, as.Error) {
	if l.cut.Load() {
		return nil, &as.AerospikeError{ResultCode: types.TIMEOUT, InDoubt: true}
	}
	return l.Client.Operate(p, k, ops...)
}

// BatchOperate implements aerospike.Client.
func (l *link) BatchOperate(p *as.BatchPolicy, recs []as.BatchRecordIfc) as.Error {
	if l.cut.Load() {
		return &as.AerospikeError{ResultCode: types.TIMEOUT}
	}
	return l.Client.BatchOperate(p, recs)
}

// ScanPartitions implements aerospike.Client.
func (l *link) ScanPartitions(
	p *as.ScanPolicy, f *as.PartitionFilter, ns, set string, bins ...string,
) (*as.Recordset, as.Error) {
	if l.cut.Load() {
		return nil, &as.AerospikeError{ResultCode: types.TIMEOUT}
	}
	return l.Client.ScanPartitions(p, f, ns, set, bins...)
}
