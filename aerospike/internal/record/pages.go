package record

import (
	"context"
	"time"

	as "github.com/aerospike/aerospike-client-go/v7"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/cluster"
	"github.com/dovetail-crdt/dovetail/aerospike/internal/layout"
)

// Found is a record that a scan came upon.
type Found struct {
	Key        string
	Digest     [20]byte
	Generation uint32 // another one after each write
	Bad        error  // why it is no record of ours, or nil
}

// Pages reads through some partitions of a set, a page at a time, so that what is
// held of it is bounded and the server does not wait while a page is worked on.
// Records that are written meanwhile may come twice, or not at all.
type Pages struct {
	client         cluster.Client
	namespace, set string
	filter         *as.PartitionFilter
	timeout        *ScanTimeout
}

// NewPages returns the pages of the partitions from first on, count of them. Timeout is
// that of earlier scans of the same partitions, and learns from this one.
func NewPages(c cluster.Client, namespace, set string, first, count int, timeout *ScanTimeout) *Pages {
	return &Pages{c, namespace, set, as.NewPartitionFilterByRange(first, count), timeout}
}

// pageSize is how many records a page has, about.
const pageSize = 2048

// scanRetries is how often the client asks again for the partitions that failed.
const scanRetries = 5

func scanPolicy(filter *as.Expression) *as.ScanPolicy {
	p := as.NewScanPolicy()
	p.MaxRetries = scanRetries
	p.FilterExpression = filter
	return p
}

// Next returns the next page of records that were written less than age ago, or
// of all if age is 0, and whether there are more.
func (g *Pages) Next(ctx context.Context, age time.Duration) (page []Found, more bool, err error) {
	var filter *as.Expression
	if age > 0 {
		filter = as.ExpLess(as.ExpSinceUpdate(), as.ExpIntVal(age.Milliseconds()))
	}
	p := scanPolicy(filter)
	p.MaxRecords = pageSize
	p.IncludeBinData = false // the index knows it all, but for the key
	err = g.scan(ctx, p, func(r *as.Record) { page = append(page, found(r)) })
	return page, !g.filter.IsDone(), err
}

// Fingerprints calls f with each record and its fingerprint. Known says whether there is
// one. There is none of a record that cannot be read, and none of one that names blocks:
// whether those are there, only who reads it finds out.
func (g *Pages) Fingerprints(ctx context.Context, f func(r Found, fp layout.Fingerprint, known bool)) error {
	return g.scan(ctx, scanPolicy(nil), func(r *as.Record) {
		fp, known := fingerprint(r)
		f(found(r), fp, known)
	}, BinStamp, BinHash, BinExcept, BinBlocks, BinQueue)
}

// scan calls f with each record.
func (g *Pages) scan(ctx context.Context, p *as.ScanPolicy, f func(*as.Record), bins ...string) (err error) {
	p.SocketTimeout = g.timeout.get()
	began := time.Now()
	defer func() { g.timeout.learn(time.Since(began), err) }()
	if err := ctx.Err(); err != nil {
		return err
	}
	rs, aerr := g.client.ScanPartitions(p, g.filter, g.namespace, g.set, bins...)
	if aerr != nil {
		return Failure(aerr, false)
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
				return Failure(res.Err, false)
			}
			f(res.Record)
		}
	}
}

func found(r *as.Record) Found {
	m := Found{Digest: [20]byte(r.Key.Digest()), Generation: r.Generation}
	m.Key, m.Bad = keyOf(r, r.Key.SetName())
	return m
}

// fingerprint returns the fingerprint of a record read with its stamp, hash and
// queue. Of one that cannot be read so it is not known.
func fingerprint(r *as.Record) (f layout.Fingerprint, known bool) {
	_, snapshot := r.Bins[BinStamp]
	hash, hashed := r.Bins[BinHash].(int)
	except, isBlob := r.Bins[BinExcept].([]byte)
	if r.Bins[BinBlocks] != nil || snapshot != hashed || !isBlob && r.Bins[BinExcept] != nil {
		return f, false
	}
	u := &layout.Record{}
	q, queue := r.Bins[BinQueue]
	if !snapshot && !queue {
		return f, false // no record of ours holds nothing
	}
	if queue {
		if err := readQueue(u, q); err != nil {
			return f, false // whoever loads the record will see, and report it
		}
	}
	keys := make([]layout.EntryKey, len(u.Queue))
	for i := range u.Queue {
		keys[i] = u.Queue[i].Key
	}
	return layout.FingerprintOf(int64(hash), snapshot, except, keys), true
}
