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
// After limit writes over is called, if it is set.
type odds struct {
	lost, unanswered, busy, twice int

	limit int
	over  func()
}

func (f *faulty) set(o odds) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.odds = o
}

func (f *faulty) Operate(p *as.WritePolicy, k *as.Key, ops ...*as.Operation) (*as.Record, as.Error) {
	f.mu.Lock()
	n, o := f.rand.IntN(100), f.odds
	f.odds.limit--
	f.mu.Unlock()
	if o.over != nil && o.limit == 1 {
		o.over()
	}
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

// script is a client whose writes are answered from a list, without reaching the
// cluster; the last answer stays until stop.
type script struct {
	aerospike.Client

	mu      sync.Mutex
	answers []as.AerospikeError
}

func (s *script) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers = nil
}

func (s *script) Operate(p *as.WritePolicy, k *as.Key, ops ...*as.Operation) (*as.Record, as.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.answers) == 0 {
		return s.Client.Operate(p, k, ops...)
	}
	e := s.answers[0]
	if len(s.answers) > 1 {
		s.answers = s.answers[1:]
	}
	return nil, &e
}
