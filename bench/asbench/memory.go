package asbench

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"maps"
	"reflect"
	"runtime"
	"slices"
	"sync"

	as "github.com/aerospike/aerospike-client-go/v7"
	"github.com/aerospike/aerospike-client-go/v7/types"

	"github.com/dovetail-crdt/dovetail/aerospike"
)

// memory is a client without a cluster: it keeps records in memory, and knows the
// few operations that the engine uses. It reads them from fields that the client
// does not export, and panics if it does not find them. Of filters it looks at one thing:
// what names another stamp than the record's is refused.
type memory struct {
	aerospike.Client // nil: what is not here is not called

	binName, binValue int // fields of as.Operation

	mu      sync.Mutex
	records map[string]*stored // by digest
}

// stored is a record.
type stored struct {
	bins   as.BinMap    // without the queue
	queue  []as.MapPair // in order of keys
	shared bool         // somebody was given the queue as it is
}

func newMemory() *memory {
	m := &memory{records: make(map[string]*stored)}
	op := reflect.TypeFor[as.Operation]()
	for name, at := range map[string]*int{"binName": &m.binName, "binValue": &m.binValue} {
		f, ok := op.FieldByName(name)
		if !ok {
			panic(fmt.Sprintf("asbench: %v has no field %s", op, name))
		}
		*at = f.Index[0]
	}
	return m
}

// GetNodes implements aerospike.Client: there are none.
func (m *memory) GetNodes() []*as.Node { return nil }

// Get implements aerospike.Client.
func (m *memory) Get(_ *as.BasePolicy, k *as.Key, _ ...string) (*as.Record, as.Error) {
	runtime.Gosched() // as it would, waiting for an answer: a fold goes on meanwhile
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.records[string(k.Digest())]
	if r == nil {
		return nil, &as.AerospikeError{ResultCode: types.KEY_NOT_FOUND_ERROR}
	}
	r.shared = true
	bins := maps.Clone(r.bins)
	bins[binQueue] = r.queue
	return &as.Record{Key: k, Bins: bins}, nil
}

// Operate implements aerospike.Client.
func (m *memory) Operate(p *as.WritePolicy, k *as.Key, ops ...*as.Operation) (*as.Record, as.Error) {
	runtime.Gosched()
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.records[string(k.Digest())]
	fold := p.RecordExistsAction == as.UPDATE_ONLY
	switch {
	case r == nil && fold:
		return nil, &as.AerospikeError{ResultCode: types.KEY_NOT_FOUND_ERROR}
	case r == nil:
		r = &stored{bins: as.BinMap{}}
		m.records[string(k.Digest())] = r
	case r.refuses(p.FilterExpression):
		return nil, &as.AerospikeError{ResultCode: types.FILTERED_OUT}
	}
	for _, op := range ops {
		m.apply(r, op)
	}
	return &as.Record{Key: k, Bins: as.BinMap{binQueue: len(r.queue)}}, nil
}

// refuses reports whether a filter compares the stamp with something else. It looks
// for the name of the bin and for the stamp's bytes in it. A filter that names the snapshot
// asks whether the record is an object's, as all are here.
func (r *stored) refuses(filter *as.Expression) bool {
	stamp, ok := r.bins[binStamp].([]byte)
	if !ok || filter == nil {
		return false
	}
	text, err := filter.Base64()
	if err != nil {
		panic(err)
	}
	packed, _ := base64.StdEncoding.DecodeString(text)
	names := func(bin string) bool { return bytes.Contains(packed, append([]byte{0xa0 | byte(len(bin))}, bin...)) }
	return names(binStamp) && !names(binState) && !bytes.Contains(packed, stamp)
}

// apply does one operation: it puts a bin, or one entry into the queue, or removes
// a list of entries.
func (m *memory) apply(r *stored, op *as.Operation) {
	fields := reflect.ValueOf(op).Elem()
	name, value := fields.Field(m.binName).String(), fields.Field(m.binValue).Elem()
	if name != binQueue {
		r.set(name, value)
		return
	}
	if r.shared {
		r.queue, r.shared = slices.Clone(r.queue), false
	}
	if first := value.Index(0).Elem(); first.Kind() == reflect.Slice { // key, value, order
		r.insert([16]byte(first.Bytes()), value.Index(1).Elem().Bytes())
		return
	}
	keys := value.Index(1).Elem() // kind of answer, keys
	for i := range keys.Len() {
		if at, ok := r.find([16]byte(keys.Index(i).Elem().Bytes())); ok {
			r.queue = slices.Delete(r.queue, at, at+1)
		}
	}
}

// set puts a bin as a Get gives it, or takes it away.
func (r *stored) set(name string, v reflect.Value) {
	switch {
	case v.CanInt():
		r.bins[name] = int(v.Int())
	case v.Kind() == reflect.Slice:
		r.bins[name] = v.Bytes()
	default: // the client's null
		delete(r.bins, name)
	}
}

func (r *stored) find(key [16]byte) (at int, ok bool) {
	return slices.BinarySearchFunc(r.queue, key, func(p as.MapPair, key [16]byte) int {
		k := p.Key.([16]byte)
		return bytes.Compare(k[:], key[:])
	})
}

func (r *stored) insert(key [16]byte, value []byte) {
	at, ok := r.find(key)
	if !ok {
		r.queue = slices.Insert(r.queue, at, as.MapPair{Key: key})
	}
	r.queue[at].Value = value
}

// bins returns the bins of the record of a key.
func (m *memory) bins(key string) (as.BinMap, error) {
	k, err := as.NewKey(namespace, set, key)
	if err != nil {
		return nil, err
	}
	r, err := m.Get(nil, k)
	if err != nil {
		return nil, err
	}
	return r.Bins, nil
}
