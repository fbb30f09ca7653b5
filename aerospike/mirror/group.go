package mirror

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/record"
)

// group is some partitions of a set that are scanned together, in one direction,
// and their cursor. A cursor is a time of the mirror's own clock, and what is asked
// of the servers is an age: each node measures that by its own clock, so it does
// not matter what time the nodes have it to be.
type group struct {
	set          string
	first, count int

	// slack is what a page may take. The server measures ages when it comes by a
	// record, so a record grows out of a filter while the scan is on its way.
	slack   time.Duration
	timeout record.ScanTimeout
	// known are the records that the last scan saw, by generation: until they are
	// written again they need not be looked at again.
	known, next map[[20]byte]uint32

	mu      sync.Mutex
	at      time.Time // when the last scan that ended well began; zero: there was none
	epochs  [2]uint64 // in which that was, of source and target
	failed  bool      // something is known to have changed since then that was not copied
	started time.Time // of the scan that runs
}

const (
	firstSlack = time.Second
	maxKnown   = 1 << 16 // records
)

func newGroup(set string, first, count int) *group {
	return &group{set: set, first: first, count: count, slack: firstSlack}
}

// scan copies what changed since the cursor.
func (g *group) scan(ctx context.Context, d *direction, at clusterStates) error {
	since := g.begin(at, d.cfg.Now())
	p := record.NewPages(d.from.cluster.Client, d.from.cluster.Namespace, g.set, g.first, g.count, &g.timeout)
	for more := true; more; {
		var age time.Duration
		asked := d.cfg.Now()
		if !since.IsZero() {
			age = asked.Sub(since) + d.cfg.Margin + g.slack
		}
		var page []record.Found
		var err error
		if page, more, err = p.Next(ctx, age); err != nil {
			return fmt.Errorf("scan cluster %q: %w", d.from.cluster.Name, err)
		}
		if took := d.cfg.Now().Sub(asked); age > 0 && took > g.slack {
			g.slack = 2 * took
			return fmt.Errorf("scan cluster %q: a page took %v", d.from.cluster.Name, took)
		}
		if err := g.copy(ctx, d, page, !since.IsZero()); err != nil {
			g.mu.Lock()
			g.failed = true
			g.mu.Unlock()
			return err
		}
	}
	g.timeout.Ended()
	return nil
}

// begin returns the cursor, which a change of either cluster has put back to the
// beginning. As long as it lasts the cursor stays, but does not move: what is
// copied meanwhile is, and what was missed comes after.
func (g *group) begin(at clusterStates, now time.Time) (since time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	epochs := [2]uint64{at.from.Epoch, at.to.Epoch}
	if g.epochs != epochs {
		g.at, g.epochs, g.known = time.Time{}, epochs, nil
	}
	g.started = now
	g.next = make(map[[20]byte]uint32)
	return g.at
}

// end moves the cursor, if nothing was missed: all was read and the target has
// acknowledged all of it, and both clusters were settled and the same before and
// after.
func (g *group) end(before, after clusterStates, failed error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if failed == nil && before == after && after.from.Settled && after.to.Settled {
		g.at, g.known, g.failed = g.started, g.next, false
	}
	g.next = nil
}

// copy copies a page. It goes on after a failure, since what fails for one object
// may not for the next, but not when nothing at all goes through.
func (g *group) copy(ctx context.Context, d *direction, page []record.Found, remember bool) error {
	var wg sync.WaitGroup
	var mu sync.Mutex
	var failed error
	var row atomic.Int64 // of failures without a success between them
	room := make(chan struct{}, d.cfg.Concurrency)
	give := func(r *record.Found, err error) {
		done := d.conclude(g.set, r, err)
		mu.Lock()
		defer mu.Unlock()
		switch {
		case !done:
			row.Add(1)
			if failed == nil {
				failed = fmt.Errorf("object %q: %w", r.Key, err)
			}
		default:
			row.Store(0)
			if err == nil && remember && len(g.next) < maxKnown {
				g.next[r.Digest] = r.Generation
			}
		}
	}
	for i := range page {
		r := &page[i]
		if old, ok := g.known[r.Digest]; ok && old == r.Generation {
			mu.Lock()
			g.next[r.Digest] = old
			mu.Unlock()
			continue
		}
		if r.Bad != nil {
			give(r, r.Bad)
			continue
		}
		room <- struct{}{}
		if row.Load() >= int64(d.cfg.Concurrency) || ctx.Err() != nil {
			<-room
			break
		}
		wg.Go(func() {
			give(r, d.copy(ctx, g.set, r))
			<-room
		})
	}
	wg.Wait()
	return errors.Join(failed, ctx.Err())
}
