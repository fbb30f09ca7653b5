package asbench

import (
	"encoding/binary"
	"fmt"

	as "github.com/aerospike/aerospike-client-go/v7"
	"github.com/aerospike/aerospike-client-go/v7/types"
)

// What the raw client does, for the baselines. Its records have bins of the same
// names as the engine's: a blob, and a map ordered by keys of 16 bytes.
const (
	binState = "s"
	binStamp = "w"
	binQueue = "q"

	rawValue = 60 // bytes of an entry: as much as the delta of an add
)

// plain makes a Go error of one of the client, which may be nil.
func plain(err as.Error) error {
	if err == nil {
		return nil
	}
	return err
}

func readPolicy() *as.BasePolicy {
	p := as.NewPolicy()
	p.TotalTimeout, p.SocketTimeout, p.MaxRetries = patience, patience, 0
	return p
}

func writePolicy() *as.WritePolicy {
	p := as.NewWritePolicy(0, as.TTLDontExpire)
	p.TotalTimeout, p.SocketTimeout, p.MaxRetries = patience, patience, 0
	return p
}

func mapPolicy() *as.MapPolicy {
	return as.NewMapPolicyWithFlags(as.MapOrder.KEY_ORDERED, as.MapWriteFlagsDefault)
}

// entryKey returns the key of the i-th entry of a raw record.
func entryKey(i int) (k [16]byte) {
	binary.BigEndian.PutUint64(k[8:], uint64(i))
	return k
}

// mapPut returns a call that puts a value into the map of a record, again while the
// key is busy.
func (s *session) mapPut(value []byte) func(k *as.Key, entry int) error {
	policy, order := writePolicy(), mapPolicy()
	return func(k *as.Key, entry int) error {
		name := entryKey(entry)
		for {
			_, err := s.client.Operate(policy, k, as.MapPutOp(order, binQueue, name[:], value))
			if err == nil || !err.Matches(types.KEY_BUSY) {
				return plain(err)
			}
		}
	}
}

// rawRecord makes a record with a blob and a map of so many entries.
func (s *session) rawRecord(k *as.Key, blob, entries, value int) error {
	pairs := make([]as.MapPair, entries)
	for i := range pairs {
		pairs[i] = as.MapPair{Key: entryKey(i), Value: make([]byte, value)}
	}
	return s.put(k, as.BinMap{binState: make([]byte, blob), binQueue: pairs})
}

// put makes a record of bins as the client returns them.
func (s *session) put(k *as.Key, bins as.BinMap) error {
	var ops []*as.Operation
	for name, v := range bins {
		pairs, ordered := v.([]as.MapPair)
		if !ordered {
			ops = append(ops, as.PutOp(as.NewBin(name, v)))
			continue
		}
		items := make(map[any]any, len(pairs))
		for _, p := range pairs {
			items[p.Key] = p.Value
		}
		if len(items) > 0 {
			ops = append(ops, as.MapPutItemsOp(mapPolicy(), name, items))
		}
	}
	if _, err := s.client.Operate(writePolicy(), k, ops...); err != nil {
		return fmt.Errorf("make a record: %w", err)
	}
	return nil
}
