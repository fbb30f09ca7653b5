package mirror

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/cluster"
	"github.com/dovetail-crdt/dovetail/aerospike/internal/record"
	"github.com/dovetail-crdt/dovetail/aerospike/internal/system"
)

// direction copies from one cluster to another.
type direction struct {
	cfg         *Config
	from, to    *peer
	rate        rate
	undelivered undelivered
	figures     figures

	turn   system.Turn // of scans
	groups []*group
}

// figures count what a direction did since it was made.
type figures struct {
	scans, failed, examined, copied, bytes atomic.Int64
}

func newDirection(cfg *Config, from, to *peer) *direction {
	d := &direction{cfg: cfg, from: from, to: to, rate: rate{per: cfg.Rate}, turn: system.NewTurn()}
	for _, set := range cfg.Sets {
		for first := 0; first < cluster.Partitions; first += cfg.Partitions {
			d.groups = append(d.groups, newGroup(set, first, min(cfg.Partitions, cluster.Partitions-first)))
		}
	}
	return d
}

// copy makes the target hold what the source holds of an object. It looks before
// it writes, and writes what is not there: reading costs a round trip less load
// than an append that a filter refuses, which takes the record's lock; it tells
// what is news, so that only that travels; and where nothing is, nothing is
// written, so that clusters that copy from each other fall silent.
func (d *direction) copy(ctx context.Context, set string, r *record.Found) error {
	if err := d.rate.wait(ctx, d.cfg.Now); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, d.cfg.Timeout)
	defer cancel()
	there, here, err := d.load(ctx, set, r)
	if there == nil || here == nil {
		return err
	}
	return errors.Join(err, d.send(ctx, set, r.Key, there, here))
}

// load reads an object from the source, there, and from the target, here. Blocks that
// either lacks it makes again of what the other has, if it can. An error beside both
// results says what is damaged or missing: what was read is below the object in the
// lattice, and may be copied.
func (d *direction) load(ctx context.Context, set string, r *record.Found) (there, here *loaded, err error) {
	there, errThere := d.from.load(ctx, set, r.Key)
	if there == nil {
		return nil, nil, errThere
	}
	here, errHere := d.to.load(ctx, set, r.Key)
	if here == nil {
		return nil, nil, errors.Join(errThere, errHere)
	}
	if len(there.rec.Missing) > 0 {
		there, errThere = d.from.rebuild(ctx, set, r.Key, there, here)
	}
	if len(here.rec.Missing) > 0 {
		here, errHere = d.to.rebuild(ctx, set, r.Key, here, there)
	}
	return there, here, errors.Join(errThere, errHere, d.from.complete(set, r, there), d.to.complete(set, r, here))
}

// send writes what there has above here, which is what the target holds: blocks
// first.
func (d *direction) send(ctx context.Context, set, key string, there, here *loaded) error {
	d.figures.examined.Add(1)
	if err := d.to.blocks[set].have(ctx, there.rec.Blocks, there.rec.Parts); err != nil {
		return fmt.Errorf("write to cluster %q: %w", d.to.cluster.Name, err)
	}
	news, err := here.state.News(there.state)
	if err != nil {
		return record.Corrupt("%w", err)
	}
	if len(news) == 0 {
		return nil
	}
	size, err := d.to.write(ctx, set, key, here.snapshot, news)
	if err != nil {
		return err
	}
	d.figures.copied.Add(1)
	d.figures.bytes.Add(int64(size))
	return nil
}

// conclude takes note of how a copy ended and reports whether the scan that asked
// for it may count it as done: it was copied, or cannot be, and is left to the
// audit, and told.
func (d *direction) conclude(set string, r *record.Found, err error) (done bool) {
	if err == nil {
		d.undelivered.remove(set, r.Digest)
		return true
	}
	why := reasonOf(r, err)
	if why == failing {
		return false
	}
	if d.undelivered.add(set, r, why, d.cfg.Now()) {
		d.cfg.Logger.Error("mirror: object cannot be copied", slog.String("from", d.from.cluster.Name),
			slog.String("to", d.to.cluster.Name), slog.String("set", set), slog.String("key", r.Key), slog.Any("error", err))
	}
	return true
}

// scan copies what has changed since the scans before, group by group. It goes on
// where a group fails, and returns why it failed.
func (d *direction) scan(ctx context.Context) error {
	if err := d.turn.Take(ctx); err != nil {
		return fmt.Errorf("mirror: wait for another scan: %w", err)
	}
	defer d.turn.Done()
	d.figures.scans.Add(1)
	var errs []error
	at, err := d.check(ctx)
	for _, g := range d.groups {
		if err != nil || ctx.Err() != nil {
			break
		}
		failed := g.scan(ctx, d, at)
		before := at
		if at, err = d.check(ctx); err != nil {
			break
		}
		g.end(before, at, failed)
		if failed != nil {
			errs = append(errs, fmt.Errorf("partitions %d to %d of set %q: %w", g.first, g.first+g.count-1, g.set, failed))
		}
	}
	if err = errors.Join(append(errs, err, ctx.Err())...); err != nil {
		d.figures.failed.Add(1)
		return fmt.Errorf("mirror: from cluster %q to %q: %w", d.from.cluster.Name, d.to.cluster.Name, err)
	}
	return nil
}

// clusterStates are what was seen of both clusters.
type clusterStates struct{ from, to cluster.State }

func (d *direction) check(ctx context.Context) (at clusterStates, err error) {
	if at.from, err = d.from.check(ctx); err == nil {
		at.to, err = d.to.check(ctx)
	}
	return at, err
}

// rate lets so many through in a second, evenly.
type rate struct {
	per int // 0: all

	mu   sync.Mutex
	next time.Time
}

func (r *rate) wait(ctx context.Context, now func() time.Time) error {
	if r.per == 0 {
		return ctx.Err()
	}
	r.mu.Lock()
	at := now()
	turn := r.next
	if turn.Before(at) {
		turn = at
	}
	r.next = turn.Add(time.Second / time.Duration(r.per))
	r.mu.Unlock()
	if d := turn.Sub(at); d > 0 {
		return system.Sleep(ctx, d)
	}
	return ctx.Err()
}
