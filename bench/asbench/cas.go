package asbench

import (
	"fmt"
	"sync/atomic"

	as "github.com/aerospike/aerospike-client-go/v7"
	"github.com/aerospike/aerospike-client-go/v7/types"

	"github.com/dovetail-crdt/dovetail/bench"
)

// binCount is changed beside the state, to see at the end that nothing was lost.
const binCount = "n"

func casCases(s *session, n int) []bench.Case {
	const goroutines = 16
	return []bench.Case{
		{Name: "as/cas-baseline", N: n, Run: s.casObjects(n, goroutines), Baseline: s.rawUpdate(n, goroutines)},
		{Name: "as/cas-baseline-hot", N: writers, Run: s.casHot, Baseline: s.hotPut(queueLength, rawValue)},
	}
}

// casObjects changes one record after the other of those that hold a snapshot.
func (s *session) casObjects(n, goroutines int) func(*bench.B) error {
	return func(b *bench.B) error {
		var failures atomic.Int64
		err := s.inWorld(s.engine, "set", n, goroutines, func(*world) func(*spot, int) error {
			return func(p *spot, _ int) error { return s.cas(p.state, &failures) }
		})(b)
		b.ReportMetric(float64(failures.Load())/float64(b.N), "failures/success")
		return err
	}
}

// casHot changes one record from all writers.
func (s *session) casHot(b *bench.B) error {
	key, err := s.key(rawSet, fmt.Sprintf("hot-%d", len(s.keys)))
	if err != nil {
		return err
	}
	if err := s.put(key, as.BinMap{binState: make([]byte, 8), binCount: 0}); err != nil {
		return err
	}
	var failures atomic.Int64
	err = parallel(b, writers, func(int) error { return s.cas(key, &failures) })
	if err != nil {
		return err
	}
	b.ReportMetric(float64(failures.Load())/float64(b.N), "failures/success")
	r, aerr := s.client.Get(readPolicy(), key)
	if aerr == nil && r.Bins[binCount] != b.N {
		return fmt.Errorf("the record counts %v after %d changes", r.Bins[binCount], b.N)
	}
	return plain(aerr)
}

// cas reads a record, changes it, and writes it unless it has been written since,
// until that succeeds. It counts the failures.
func (s *session) cas(k *as.Key, failures *atomic.Int64) error {
	for read, p := readPolicy(), writePolicy(); ; failures.Add(1) {
		r, err := s.client.Get(read, k)
		if err != nil {
			return err
		}
		state, ok := r.Bins[binState].([]byte)
		count, ok2 := r.Bins[binCount].(int)
		if !ok || !ok2 {
			return fmt.Errorf("%v holds %v", k, r.Bins)
		}
		state[0]++
		p.GenerationPolicy, p.Generation = as.EXPECT_GEN_EQUAL, r.Generation
		err = s.client.PutBins(p, k, as.NewBin(binState, state), as.NewBin(binCount, count+1))
		if err == nil || !err.Matches(types.GENERATION_ERROR, types.KEY_BUSY) {
			return plain(err)
		}
	}
}
