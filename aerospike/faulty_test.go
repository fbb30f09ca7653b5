package aerospike_test

import (
	"math/rand/v2"
	"sync"

	as "github.com/aerospike/aerospike-client-go/v7"
	"github.com/aerospike/aerospike-client-go/v7/types"

	"github.com/dovetail-crdt/dovetail/aerospike"
)

// faulty is a client some of whose writes fail, before they reach the cluster or
// after, or come again later.
type faulty struct {
	aerospike.Client

	mu   sync.Mutex
	rand *rand.Rand
	odds odds
	late []func() // writes to be done again
}

// odds say of how many of 100 writes the request is lost, or the answer, how many
// find the key busy, and how many come again later; those without an answer do too.
type odds struct{ lost, unanswered, busy, twice int }

func (f *faulty) set(o odds) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.odds = o
}

func (f *faulty) Operate(p *as.WritePolicy, k *as.Key, ops ...*as.Operation) (*as.Record, as.Error) {
	f.mu.Lock()
	n, o := f.rand.IntN(100), f.odds
	f.mu.Unlock()
	switch {
	case n < o.lost:
		return nil, &as.AerospikeError{ResultCode: types.TIMEOUT, InDoubt: true}
	case n < o.lost+o.unanswered:
		f.again(p, k, ops)
		_, _ = f.Client.Operate(p, k, ops...)
		return nil, &as.AerospikeError{ResultCode: types.NETWORK_ERROR, InDoubt: true}
	case n < o.lost+o.unanswered+o.busy:
		return nil, &as.AerospikeError{ResultCode: types.KEY_BUSY}
	case n < o.lost+o.unanswered+o.busy+o.twice:
		f.again(p, k, ops)
	}
	return f.Client.Operate(p, k, ops...)
}

// again lets a write come again at some later time.
func (f *faulty) again(p *as.WritePolicy, k *as.Key, ops []*as.Operation) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.late = append(f.late, func() { _, _ = f.Client.Operate(p, k, ops...) })
	if len(f.late) > 4 {
		i := f.rand.IntN(len(f.late))
		go f.late[i]()
		f.late = append(f.late[:i], f.late[i+1:]...)
	}
}

// repeating is a client that hands each write over twice and returns the second
// answer.
type repeating struct{ aerospike.Client }

func (r *repeating) Operate(p *as.WritePolicy, k *as.Key, ops ...*as.Operation) (*as.Record, as.Error) {
	_, _ = r.Client.Operate(p, k, ops...)
	return r.Client.Operate(p, k, ops...)
}
