package mirror

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/cluster"
	"github.com/dovetail-crdt/dovetail/aerospike/internal/record"
	"github.com/dovetail-crdt/dovetail/aerospike/internal/system"
)

// link is two directions, and the audit of what either cluster holds. The audit walks
// through the keys of both for ever and makes them equal where they differ. It is what
// makes the mirror complete: whatever a scan has missed, because a record went back,
// clocks were wrong or a mirror stopped halfway, it finds within its period.
type link struct {
	cfg    *Config
	ab, ba *direction

	turn     system.Turn           // of audits
	timeouts [2]record.ScanTimeout // of the audit's scans

	mu        sync.Mutex // nothing is asked of a cluster while it is held
	set, next int        // where the audit is: the set's number and the partition
	tries     int        // there
	began     time.Time
	missed    int // partitions of this pass that were given up
	AuditStats
}

func newLink(cfg *Config, a, b *peer) *link {
	return &link{
		cfg: cfg, ab: newDirection(cfg, a, b), ba: newDirection(cfg, b, a), turn: system.NewTurn(),
		AuditStats: AuditStats{A: a.cluster.Name, B: b.cluster.Name},
	}
}

// auditSteps is how many steps an audit takes in a second, at most: where the
// period is short, a step takes more partitions.
const auditSteps = 10

// step returns how many partitions an audit compares at a time, and how long it
// then waits, so that a pass takes the period.
func (l *link) step() (count int, every time.Duration) {
	all := time.Duration(l.partitions())
	count = int(max(1, all*time.Second/auditSteps/l.cfg.AuditPeriod))
	count = min(count, l.cfg.Partitions)
	return count, l.cfg.AuditPeriod * time.Duration(count) / all
}

// partitions returns how many partitions a pass has: those of all sets.
func (l *link) partitions() int { return cluster.Partitions * len(l.cfg.Sets) }

// auditTries is how often an audit tries partitions in which something fails, before it
// goes on and leaves that to the next pass.
const auditTries = 3

// advance audits the next partitions, at most count, and moves on. Where something fails
// it stays, until that was tried often enough, or without end if a cluster cannot be
// reached: then the rest would fail too.
func (l *link) advance(ctx context.Context, count int) error {
	if err := l.turn.Take(ctx); err != nil {
		return fmt.Errorf("mirror: wait for another audit: %w", err)
	}
	defer l.turn.Done()
	set, first, count := l.position(count)
	var lost error
	if first == 0 {
		lost = l.blocks(ctx, set)
	}
	if _, err := l.ab.check(ctx); err != nil { // nothing is written to a cluster that was never asked
		return l.failure(set, first, count, err)
	}
	c, err := l.compare(ctx, set, first, count)
	err = errors.Join(lost, err)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.tries++; err == nil || l.tries == auditTries {
		l.move(count, count-c.Partitions)
	}
	return err
}

// position returns the set and the partitions that are next.
func (l *link) position(most int) (set string, first, count int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.began.IsZero() {
		l.began = l.cfg.Now()
	}
	return l.cfg.Sets[l.set], l.next, min(most, cluster.Partitions-l.next)
}

// move moves the audit on. Some partitions were not compared. The caller holds l.mu.
func (l *link) move(count, missed int) {
	l.tries = 0
	l.missed += missed
	if l.next += count; l.next < cluster.Partitions {
		return
	}
	l.next = 0
	if l.set++; l.set < len(l.cfg.Sets) {
		return
	}
	l.passed(l.began, l.missed)
	l.set, l.missed, l.began = 0, 0, time.Time{}
}

// passed takes note that all partitions were tried. The caller holds l.mu.
func (l *link) passed(began time.Time, missed int) {
	l.Ended = l.cfg.Now()
	l.Last, l.Missed = l.Ended.Sub(began), missed
	if missed == 0 {
		l.Passes++
	}
}

// all audits all partitions once. It goes on where something fails.
func (l *link) all(ctx context.Context) (total Compared, err error) {
	total = Compared{A: l.A, B: l.B, Of: l.partitions()}
	if err := l.turn.Take(ctx); err != nil {
		return total, fmt.Errorf("mirror: wait for another audit: %w", err)
	}
	defer l.turn.Done()
	began := l.cfg.Now()
	var errs []error
	for _, set := range l.cfg.Sets {
		errs = append(errs, l.blocks(ctx, set))
		for first := 0; first < cluster.Partitions && ctx.Err() == nil; first += l.cfg.Partitions {
			count := min(l.cfg.Partitions, cluster.Partitions-first)
			if _, err := l.ab.check(ctx); err != nil {
				errs = append(errs, l.failure(set, first, count, err))
				continue
			}
			c, err := l.compare(ctx, set, first, count)
			total.add(c)
			errs = append(errs, err)
		}
	}
	if ctx.Err() == nil {
		l.mu.Lock()
		l.passed(began, total.Of-total.Partitions)
		l.mu.Unlock()
	}
	return total, errors.Join(append(errs, ctx.Err())...)
}

// blocks makes sure in both clusters of the blocks of a set that are remembered.
func (l *link) blocks(ctx context.Context, set string) error {
	if _, err := l.ab.check(ctx); err != nil {
		return fmt.Errorf("mirror: audit of clusters %q and %q: %w", l.A, l.B, err)
	}
	var errs []error
	for _, p := range []*peer{l.ab.from, l.ab.to} {
		if err := p.blocks[set].again(ctx); err != nil {
			errs = append(errs, fmt.Errorf("mirror: blocks of set %q in cluster %q: %w", set, p.cluster.Name, err))
		}
	}
	return errors.Join(errs...)
}

// failure says of which partitions an error is.
func (l *link) failure(set string, first, count int, err error) error {
	if err == nil {
		return nil
	}
	which := fmt.Sprintf("partitions %d to %d", first, first+count-1)
	if count == 1 {
		which = fmt.Sprintf("partition %d", first)
	}
	return fmt.Errorf("mirror: audit of clusters %q and %q, %s of set %q: %w", l.A, l.B, which, set, err)
}
