package record

import (
	"context"
	"time"

	as "github.com/aerospike/aerospike-client-go/v7"
	"github.com/aerospike/aerospike-client-go/v7/types"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/cluster"
	"github.com/dovetail-crdt/dovetail/aerospike/internal/layout"
	"github.com/dovetail-crdt/dovetail/clock"
)

// Set is a layout.Cluster: the records of one set, or of one set for each datacenter.
// Each call is one attempt, bound by the context's deadline, or else by timeout.
type Set struct {
	client         cluster.Client
	namespace, set string
	others         []string      // sets of other datacenters
	timeout        time.Duration // of one attempt
	recent         keyCache
	owner          uint64 // identity of the cluster, in each record, unless 0
}

// Overhead is what a record takes beside its snapshot, and a few entries, in bytes.
const Overhead = 16 << 10

// NewSet returns the records of a set, which this process writes, and of others that
// it only reads: those of other datacenters. Attempt bounds one attempt.
func NewSet(client cluster.Client, namespace, set string, others []string, attempt time.Duration) *Set {
	return &Set{client: client, namespace: namespace, set: set, others: others, timeout: attempt}
}

// Others reports whether other datacenters have records of their own.
func (r *Set) Others() bool { return r.others != nil }

// Key returns the key of an object. To make one costs as much as the rest of an
// operation here, so those used last are remembered.
func (r *Set) Key(name string) (*Key, error) {
	if k := r.recent.get(name); k != nil {
		return k, nil
	}
	k, err := as.NewKey(r.namespace, r.set, name)
	if err != nil {
		return nil, &layout.Error{Class: layout.Permanent, Err: err}
	}
	made := &Key{name, k}
	r.recent.put(made)
	return made, nil
}

// Remember puts a key among those used last.
func (r *Set) Remember(k *Key) { r.recent.put(k) }

// Read implements layout.Cluster.
func (r *Set) Read(ctx context.Context, key string, newest bool) (*layout.Record, error) {
	if r.others != nil {
		return r.readAll(ctx, key, newest)
	}
	rec, err := r.get(ctx, key, newest)
	switch {
	case err != nil:
		return nil, err
	case rec == nil:
		return &layout.Record{}, nil
	}
	return ReadBins(rec)
}

// readAll reads the record of this datacenter and those of the others, in one round
// trip to each node that has some. As each is read for itself, it is no snapshot,
// which joins do not need.
func (r *Set) readAll(ctx context.Context, key string, newest bool) (*layout.Record, error) {
	units, errs := r.ReadBatch(ctx, []string{key}, newest)
	return units[0], errs[0]
}

// get returns a record, or nil if there is none: the newest of all copies, or one.
func (r *Set) get(ctx context.Context, key string, newest bool) (*as.Record, error) {
	k, err := r.Key(key)
	if err != nil {
		return nil, err
	}
	p, err := r.readPolicy(ctx, newest)
	if err != nil {
		return nil, err
	}
	rec, aerr := r.client.Get(p, k.client)
	switch {
	case aerr == nil:
		return rec, nil
	case outermostCode(aerr) == types.KEY_NOT_FOUND_ERROR:
		return nil, nil
	}
	return nil, Failure(aerr, false)
}

// Append implements layout.Cluster.
func (r *Set) Append(ctx context.Context, key string, entries []layout.Entry, g layout.Guard) (int, error) {
	k, err := r.Key(key)
	if err != nil {
		return 0, err
	}
	p, err := r.writePolicy(ctx)
	if err != nil {
		return 0, err
	}
	p.FilterExpression = r.owned(packedAppendFilter(&g))
	p.Expiration = as.TTLDontUpdate // of what another program may have beside ours; a new record has none
	rec, aerr := r.client.Operate(p, k.client, r.appendOps(entries)...)
	if aerr != nil {
		return 0, Failure(aerr, true)
	}
	n, ok := sizeOf(rec)
	if !ok {
		return 0, &layout.Error{Class: layout.Permanent, Err: Corrupt("append answered with %v", rec.Bins)}
	}
	return n, nil
}

// Compact implements layout.Cluster.
func (r *Set) Compact(ctx context.Context, key string, c *layout.Compaction) error {
	k, err := r.Key(key)
	if err != nil {
		return err
	}
	p, err := r.writePolicy(ctx)
	if err != nil {
		return err
	}
	p.RecordExistsAction = as.UPDATE_ONLY
	p.FilterExpression = r.owned(compactFilter(c.Seen))
	except, err := exceptOf(c.Unapplied)
	if err != nil {
		return err
	}
	ops := []*as.Operation{
		as.PutOp(as.NewBin(BinSnapshot, c.Snapshot)),
		as.PutOp(as.NewBin(BinStamp, c.Next[:])),
		as.PutOp(as.NewBin(BinHash, c.Hash)),
		as.PutOp(as.NewBin(BinBlocks, namesOf(c.Blocks))),
		as.PutOp(as.NewBin(BinGone, namesOf(c.Gone))),
		as.PutOp(as.NewBin(BinExcept, except)),
	}
	if len(c.Folded) > 0 {
		keys := make([]any, len(c.Folded))
		for i := range c.Folded {
			keys[i] = c.Folded[i][:]
		}
		ops = append(ops, as.MapRemoveByKeyListOp(BinQueue, keys, as.MapReturnType.NONE))
	}
	if _, aerr := r.client.Operate(p, k.client, ops...); aerr != nil {
		return Failure(aerr, true)
	}
	return nil
}

// namesOf returns the names of blocks as the bin has them: nil, which takes the bin
// away, if there are none.
func namesOf(blocks []layout.EntryKey) any {
	if len(blocks) == 0 {
		return nil
	}
	var b []byte
	for i := range blocks {
		b = append(b, blocks[i][:]...)
	}
	return b
}

// exceptOf returns what a snapshot leaves unapplied as the bin has it.
func exceptOf(c *clock.Context) (any, error) {
	if c == nil {
		return nil, nil //nolint:nilnil // which takes the bin away
	}
	return c.MarshalBinary()
}

// byKey is the order of a queue, so that the server finds an entry by bisection.
var byKey = as.NewMapPolicyWithFlags(as.MapOrder.KEY_ORDERED, as.MapWriteFlagsDefault) //nolint:gochecknoglobals // constant

func (r *Set) appendOps(entries []layout.Entry) []*as.Operation {
	ops := make([]*as.Operation, 0, 2)
	if len(entries) == 1 {
		ops = append(ops, as.MapPutOp(byKey, BinQueue, entries[0].Key[:], entries[0].Bytes()))
	} else {
		m := make(map[any]any, len(entries))
		for i := range entries {
			m[entries[i].Key] = entries[i].Bytes()
		}
		ops = append(ops, as.MapPutItemsOp(byKey, BinQueue, m))
	}
	if r.owner != 0 {
		ops = append(ops, as.PutOp(as.NewBin(BinOwner, int64(r.owner))))
	}
	return ops
}

// sizeOf returns the size of the queue from the answer to an append.
func sizeOf(rec *as.Record) (int, bool) {
	n, ok := rec.Bins[BinQueue].(int)
	return n, ok
}

func outermostCode(err error) types.ResultCode {
	if ae := outermost(err); ae != nil {
		return ae.ResultCode
	}
	return types.OK
}

// attempt returns the time that an attempt may take: what is left of the
// context's, and at most timeout.
func (r *Set) attempt(ctx context.Context) (time.Duration, error) {
	if err := ctx.Err(); err != nil {
		return 0, &layout.Error{Class: layout.Permanent, Err: err}
	}
	deadline, ok := ctx.Deadline()
	if !ok {
		return r.timeout, nil
	}
	left := time.Until(deadline)
	if left <= 0 {
		return 0, &layout.Error{Class: layout.Permanent, Err: context.DeadlineExceeded}
	}
	return min(left, r.timeout), nil
}

func (r *Set) base(ctx context.Context) (as.BasePolicy, error) {
	d, err := r.attempt(ctx)
	return as.BasePolicy{
		TotalTimeout: d, SocketTimeout: d,
		MaxRetries:    0, // the engine repeats what failed: it knows what may be repeated
		ReadModeAP:    as.ReadModeAPOne,
		ReadModeSC:    as.ReadModeSCSession,
		ReplicaPolicy: as.MASTER,
		SendKey:       true, // a scan must tell the keys
	}, err
}

func (r *Set) readPolicy(ctx context.Context, newest bool) (*as.BasePolicy, error) {
	p, err := r.base(ctx)
	if newest {
		p.ReadModeAP = as.ReadModeAPAll
	}
	return &p, err
}

func (r *Set) writePolicy(ctx context.Context) (*as.WritePolicy, error) {
	base, err := r.base(ctx)
	return &as.WritePolicy{
		BasePolicy:         base,
		RecordExistsAction: as.UPDATE,
		GenerationPolicy:   as.NONE,
		CommitLevel:        as.COMMIT_ALL,
		Expiration:         as.TTLDontExpire,
	}, err
}
