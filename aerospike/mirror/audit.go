package mirror

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/cluster"
	"github.com/dovetail-crdt/dovetail/aerospike/internal/record"
	"github.com/dovetail-crdt/dovetail/aerospike/internal/system"
	"github.com/dovetail-crdt/dovetail/aerospike/internal/unit"
)

// pair is a link: two directions, and the audit of what either cluster holds. The
// audit walks through the keys of both for ever and makes them equal where they
// differ. It is what makes the mirror complete: whatever a scan has missed, because
// a record went back, clocks were wrong or a mirror stopped halfway, it finds
// within its period.
type pair struct {
	cfg    *Config
	ab, ba *direction

	turn     system.Turn           // of audits
	timeouts [2]record.ScanTimeout // of its scans

	mu        sync.Mutex
	set, next int // where the audit is: the set's number and the partition
	tries     int // there
	began     time.Time
	passes    int64
	last      time.Duration // what the last pass took
	ended     time.Time     // and when it ended
	differed  int64         // records that were not known to be equal, and loaded
}

// auditSteps is how many steps an audit takes in a second, at most: where the
// period is short, a step takes more partitions.
const auditSteps = 10

// step returns how many partitions an audit compares at a time, and how long it
// then waits, so that a pass takes the period.
func (p *pair) step() (count int, every time.Duration) {
	all := time.Duration(cluster.Partitions * len(p.cfg.Sets))
	count = int(max(1, all*time.Second/auditSteps/p.cfg.AuditPeriod))
	count = min(count, p.cfg.Partitions)
	return count, p.cfg.AuditPeriod * time.Duration(count) / all
}

// auditTries is how often partitions are tried in which some object fails, before
// the audit goes on and leaves it to the next pass.
const auditTries = 3

// advance audits the next partitions, at most so many, and returns how many it has
// done with.
func (p *pair) advance(ctx context.Context, count int) (done int, err error) {
	if err := p.turn.Take(ctx); err != nil {
		return 0, fmt.Errorf("mirror: wait for another audit: %w", err)
	}
	defer p.turn.Done()
	p.mu.Lock()
	if p.began.IsZero() {
		p.began = p.cfg.Now()
	}
	set, first := p.set, p.next
	p.mu.Unlock()
	count = min(count, cluster.Partitions-first)
	failed, err := p.audit(ctx, p.cfg.Sets[set], first, count)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.tries++; err == nil && (failed == nil || p.tries == auditTries) {
		done = count
		p.move(count)
	}
	if err = errors.Join(failed, err); err != nil {
		err = fmt.Errorf("mirror: audit of clusters %q and %q, partitions %d to %d of set %q: %w",
			p.ab.from.cluster.Name, p.ab.to.cluster.Name, first, first+count-1, p.cfg.Sets[set], err)
	}
	return done, err
}

// move moves the audit on. The caller holds p.mu.
func (p *pair) move(count int) {
	p.tries = 0
	if p.next += count; p.next < cluster.Partitions {
		return
	}
	p.next = 0
	if p.set++; p.set < len(p.cfg.Sets) {
		return
	}
	p.ended = p.cfg.Now()
	p.set, p.passes, p.last, p.began = 0, p.passes+1, p.ended.Sub(p.began), time.Time{}
}

// audit compares the records of some partitions in both clusters and makes them
// equal. Only those whose fingerprints differ are loaded. It returns what failed of
// objects apart from what kept it from comparing them all.
func (p *pair) audit(ctx context.Context, set string, first, count int) (failed, err error) {
	if _, err := p.ab.look(ctx); err != nil { // nothing is written to a cluster that was never asked
		return nil, err
	}
	seen := make(map[[20]byte]*compared)
	for i, d := range []*direction{p.ab, p.ba} {
		c := &d.from.cluster
		g := record.NewPages(c.Client, c.Namespace, set, first, count, &p.timeouts[i])
		err := g.Fingerprints(ctx, func(r record.Found, fp unit.Fingerprint, known bool) { take(seen, i, r, fp, known) })
		if err != nil {
			return nil, fmt.Errorf("scan cluster %q: %w", d.from.cluster.Name, err)
		}
		p.timeouts[i].Ended()
	}
	for _, d := range []*direction{p.ab, p.ba} {
		for _, r := range d.late.among(set, first, count) {
			if c := seen[r.Digest]; c != nil {
				c.unknown = true
			} else if r.Key != "" {
				seen[r.Digest] = &compared{Found: r, unknown: true}
			} else {
				d.late.arrived(set, r.Digest) // it is gone
			}
		}
	}
	maps.DeleteFunc(seen, func(_ [20]byte, c *compared) bool { return !c.differ() })
	p.mu.Lock()
	p.differed += int64(len(seen))
	p.mu.Unlock()
	return p.even(ctx, set, seen), ctx.Err()
}

// compared is what an audit knows of a key, in the one cluster and the other.
type compared struct {
	record.Found
	prints  [2]unit.Fingerprint // zero: there is none
	unknown bool
}

func take(seen map[[20]byte]*compared, side int, r record.Found, fp unit.Fingerprint, known bool) {
	c := seen[r.Digest]
	if c == nil {
		c = &compared{Found: r}
		seen[r.Digest] = c
	}
	c.prints[side] = fp
	c.unknown = c.unknown || !known || r.Bad != nil
}

func (c *compared) differ() bool { return c.unknown || c.prints[0] != c.prints[1] }

// even makes the clusters equal in the objects that differ.
func (p *pair) even(ctx context.Context, set string, differ map[[20]byte]*compared) error {
	var wg sync.WaitGroup
	var mu sync.Mutex
	var failed error
	room := make(chan struct{}, p.cfg.Concurrency)
	for _, c := range differ {
		room <- struct{}{}
		if ctx.Err() != nil {
			break
		}
		wg.Go(func() {
			if err := p.object(ctx, set, &c.Found); err != nil {
				mu.Lock()
				failed = err
				mu.Unlock()
			}
			<-room
		})
	}
	wg.Wait()
	return failed
}

// object makes one object equal on both sides: each gets what only the other has.
func (p *pair) object(ctx context.Context, set string, r *record.Found) error {
	if r.Bad != nil {
		p.ab.settle(set, r, r.Bad)
		p.ba.settle(set, r, r.Bad)
		return nil
	}
	if err := p.ab.rate.wait(ctx, p.cfg.Now); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, p.cfg.Timeout)
	defer cancel()
	a, errA := p.ab.from.load(ctx, set, r.Key)
	b, errB := p.ab.to.load(ctx, set, r.Key)
	errAB, errBA := errors.Join(errA, errB), errors.Join(errA, errB)
	if a != nil && b != nil {
		errAB = errors.Join(errAB, p.ab.send(ctx, set, r.Key, a, b))
		errBA = errors.Join(errBA, p.ba.send(ctx, set, r.Key, b, a))
	}
	var failed error
	for _, way := range []struct {
		d   *direction
		err error
	}{{p.ab, errAB}, {p.ba, errBA}} {
		if !way.d.settle(set, r, way.err) {
			way.d.late.missing(set, r, p.cfg.Now())
			failed = fmt.Errorf("object %q: %w", r.Key, way.err)
		}
	}
	return failed
}
