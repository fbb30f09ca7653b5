package mirror

import (
	"context"
	"errors"
	"sync"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/unit"
)

// gate lets only so many operations at a time through to a cluster, fewer when it
// says that it is overloaded: half as many for each time that it says so, and one
// more for as many that went well as there are let through. What has to wait
// waits; nothing is dropped.
type gate struct {
	most float64

	mu      sync.Mutex
	limit   float64 // from 1 to most
	inside  int
	changed chan struct{} // closed when somebody may come in, and then another
}

func newGate(most int) *gate {
	return &gate{most: float64(most), limit: float64(most), changed: make(chan struct{})}
}

// enter waits for room.
func (g *gate) enter(ctx context.Context) error {
	for {
		g.mu.Lock()
		if g.inside < int(g.limit) {
			g.inside++
			g.mu.Unlock()
			return nil
		}
		changed := g.changed
		g.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return &unit.Error{Class: unit.Permanent, Err: ctx.Err()} // nothing was sent
		}
	}
}

// leave makes room, and learns from how the operation ended.
func (g *gate) leave(err error) {
	e, failed := errors.AsType[*unit.Error](err)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.inside--
	switch {
	case failed && e.Class == unit.Overloaded:
		g.limit = max(1, g.limit/2)
	case !failed:
		g.limit = min(g.most, g.limit+1/g.limit)
	}
	close(g.changed)
	g.changed = make(chan struct{})
}

// open returns how many operations it lets through at a time.
func (g *gate) open() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return int(g.limit)
}

// gated is a cluster behind a gate.
type gated struct {
	unit.Cluster
	gate *gate
}

// Read implements unit.Cluster.
func (c *gated) Read(ctx context.Context, key string, newest bool) (u *unit.Unit, err error) {
	if err := c.gate.enter(ctx); err != nil {
		return nil, err
	}
	defer func() { c.gate.leave(err) }()
	return c.Cluster.Read(ctx, key, newest)
}

// Append implements unit.Cluster.
func (c *gated) Append(ctx context.Context, key string, es []unit.Entry, g unit.Guard) (queued int, err error) {
	if err := c.gate.enter(ctx); err != nil {
		return 0, err
	}
	defer func() { c.gate.leave(err) }()
	return c.Cluster.Append(ctx, key, es, g)
}

// Compact implements unit.Cluster.
func (c *gated) Compact(ctx context.Context, key string, what *unit.Compaction) (err error) {
	if err := c.gate.enter(ctx); err != nil {
		return err
	}
	defer func() { c.gate.leave(err) }()
	return c.Cluster.Compact(ctx, key, what)
}
