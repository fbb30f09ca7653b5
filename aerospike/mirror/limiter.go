package mirror

import (
	"context"
	"errors"
	"sync"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/layout"
)

// limiter lets only so many operations at a time through to a cluster, fewer when it
// says that it is overloaded: half as many for each time that it says so, and one
// more for as many that went well as there are let through. What has to wait
// waits; nothing is dropped.
type limiter struct {
	most float64

	mu      sync.Mutex
	limit   float64 // from 1 to most
	inside  int
	changed chan struct{} // closed when somebody may come in, and then another
}

func newLimiter(most int) *limiter {
	return &limiter{most: float64(most), limit: float64(most), changed: make(chan struct{})}
}

// enter waits for room.
func (l *limiter) enter(ctx context.Context) error {
	for {
		l.mu.Lock()
		if l.inside < int(l.limit) {
			l.inside++
			l.mu.Unlock()
			return nil
		}
		changed := l.changed
		l.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return &layout.Error{Class: layout.Permanent, Err: ctx.Err()} // nothing was sent
		}
	}
}

// leave makes room, and learns from how the operation ended.
func (l *limiter) leave(err error) {
	e, failed := errors.AsType[*layout.Error](err)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.inside--
	switch {
	case failed && e.Class == layout.Overloaded:
		l.limit = max(1, l.limit/2)
	case !failed:
		l.limit = min(l.most, l.limit+1/l.limit)
	}
	close(l.changed)
	l.changed = make(chan struct{})
}

// open returns how many operations it lets through at a time.
func (l *limiter) open() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return int(l.limit)
}

// limitedCluster is a cluster behind a limiter.
type limitedCluster struct {
	layout.Cluster
	limiter *limiter
}

// Read implements layout.Cluster.
func (c *limitedCluster) Read(ctx context.Context, key string, newest bool) (u *layout.Record, err error) {
	if err := c.limiter.enter(ctx); err != nil {
		return nil, err
	}
	defer func() { c.limiter.leave(err) }()
	return c.Cluster.Read(ctx, key, newest)
}

// Append implements layout.Cluster.
func (c *limitedCluster) Append(ctx context.Context, key string, es []layout.Entry, g layout.Guard) (queued int, err error) {
	if err := c.limiter.enter(ctx); err != nil {
		return 0, err
	}
	defer func() { c.limiter.leave(err) }()
	return c.Cluster.Append(ctx, key, es, g)
}

// Compact implements layout.Cluster.
func (c *limitedCluster) Compact(ctx context.Context, key string, what *layout.Compaction) (err error) {
	if err := c.limiter.enter(ctx); err != nil {
		return err
	}
	defer func() { c.limiter.leave(err) }()
	return c.Cluster.Compact(ctx, key, what)
}
