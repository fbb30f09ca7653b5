package aerospike

import (
	"context"
	"time"

	as "github.com/aerospike/aerospike-client-go/v7"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/unit"
)

// met is a record that a scan came upon. Its generation changes with each write.
type met struct {
	key        string
	digest     [20]byte
	generation uint32
	bad        error // it is none of ours
}

// mirrorPages reads through some partitions of a set, a page at a time, so that what is
// held of it is bounded and the server does not wait while a page is worked on.
// Records that are written meanwhile may come twice, or not at all.
type mirrorPages struct {
	client         Client
	namespace, set string
	filter         *as.PartitionFilter
	patience       *patience
}

func newPages(c *MirrorCluster, set string, first, count int, p *patience) *mirrorPages {
	return &mirrorPages{c.Client, c.Namespace, set, as.NewPartitionFilterByRange(first, count), p}
}

// pageSize is how many records a page has, about.
const pageSize = 2048

func scanPolicy(filter *as.Expression) *as.ScanPolicy {
	p := as.NewScanPolicy()
	p.MaxRetries = scanRetries
	p.FilterExpression = filter
	return p
}

// next returns the next page of records that were written less than age ago, or
// of all if age is 0, and whether there are more.
func (g *mirrorPages) next(ctx context.Context, age time.Duration) (page []met, more bool, err error) {
	var filter *as.Expression
	if age > 0 {
		filter = as.ExpLess(as.ExpSinceUpdate(), as.ExpIntVal(age.Milliseconds()))
	}
	p := scanPolicy(filter)
	p.MaxRecords = pageSize
	p.IncludeBinData = false // the index knows it all, but for the key
	err = g.scan(ctx, p, func(r *as.Record) { page = append(page, meet(r)) })
	return page, !g.filter.IsDone(), err
}

// scan calls f with each record.
func (g *mirrorPages) scan(ctx context.Context, p *as.ScanPolicy, f func(*as.Record), bins ...string) (err error) {
	p.SocketTimeout = g.patience.get()
	began := time.Now()
	defer func() { g.patience.learn(time.Since(began), err) }()
	if err := ctx.Err(); err != nil {
		return err
	}
	rs, aerr := g.client.ScanPartitions(p, g.filter, g.namespace, g.set, bins...)
	if aerr != nil {
		return failure(aerr, false)
	}
	defer leave(rs)
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case res, ok := <-rs.Results():
			switch {
			case !ok:
				return nil
			case res.Err != nil:
				return failure(res.Err, false)
			}
			f(res.Record)
		}
	}
}

func meet(r *as.Record) met {
	m := met{digest: [20]byte(r.Key.Digest()), generation: r.Generation}
	if v := r.Key.Value(); v != nil {
		if key, ok := v.GetObject().(string); ok {
			m.key = key
			return m
		}
	}
	m.bad = corrupt("record %x has no key of ours: somebody else writes to set %q", m.digest, r.Key.SetName())
	return m
}

// fingerprint returns the fingerprint of a record read with its stamp, hash and
// queue. Of one that cannot be read so it is not known.
func fingerprint(r *as.Record) (f unit.Fingerprint, known bool) {
	_, snapshot := r.Bins[binStamp]
	hash, hashed := r.Bins[binHash].(int)
	except, isBlob := r.Bins[binExcept].([]byte)
	if snapshot != hashed || !isBlob && r.Bins[binExcept] != nil {
		return f, false
	}
	u := &unit.Unit{}
	q, queue := r.Bins[binQueue]
	if !snapshot && !queue {
		return f, false // no record of ours holds nothing
	}
	if queue {
		if err := readQueue(u, q); err != nil {
			return f, false // whoever loads the record will see, and report it
		}
	}
	keys := make([]unit.EntryKey, len(u.Queue))
	for i := range u.Queue {
		keys[i] = u.Queue[i].Key
	}
	return unit.FingerprintOf(int64(hash), snapshot, except, keys), true
}
