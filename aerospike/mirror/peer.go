package mirror

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/cluster"
	"github.com/dovetail-crdt/dovetail/aerospike/internal/layout"
	"github.com/dovetail-crdt/dovetail/aerospike/internal/record"
	"github.com/dovetail-crdt/dovetail/aerospike/internal/system"
	"github.com/dovetail-crdt/dovetail/crdt"
)

// peer is a cluster as the mirror knows it.
type peer struct {
	monitor *cluster.Monitor
	timeout time.Duration // of one question to one node

	cluster   Cluster
	sizeLimit *sizeLimit
	limited   atomic.Bool // its limit is in sizeLimit

	kinds   []crdt.AnyKind
	limiter *limiter
	sets    map[string]*layout.Writer

	blocks map[string]*blocks // by set

	mu         sync.Mutex
	incomplete map[objectID]bool // objects that lack a block here
}

// newPeer returns a cluster of the mirror. Resumed is its key in the checkpoint.
func newPeer(c *Config, of Cluster, limit *sizeLimit, resumed string) *peer {
	p := &peer{
		monitor: cluster.NewMonitor(of.Client, c.Attempt, resumed), timeout: max(c.Attempt, cluster.InfoTime),
		cluster: of, sizeLimit: limit, kinds: c.Kinds, limiter: newLimiter(c.Concurrency),
		sets: make(map[string]*layout.Writer), blocks: make(map[string]*blocks),
	}
	for _, set := range c.Sets {
		r := record.NewSet(of.Client, of.Namespace, set, nil, c.Attempt)
		p.blocks[set] = &blocks{Blocks: record.NewBlocks(r, set)}
		p.sets[set] = &layout.Writer{
			Cluster: &limitedCluster{r, p.limiter}, Blocks: p.blocks[set], Kinds: c.Kinds,
			QueueSize: c.QueueSize, Draw: system.Random, Pause: system.Pause,
		}
	}
	return p
}

// check asks the cluster how it is, and until it has said so, how large a record may
// be there.
func (p *peer) check(ctx context.Context) (cluster.State, error) {
	at, err := p.monitor.Check(ctx)
	if err == nil && !p.limited.Load() {
		var limit int
		limit, err = p.recordLimit(ctx)
		p.sizeLimit.lower(limit)
		p.limited.Store(err == nil)
	}
	if err != nil {
		return cluster.State{}, fmt.Errorf("mirror: ask cluster %q how it is: %w", p.cluster.Name, err)
	}
	return at, nil
}

// loaded is a record as it was read, with its blocks.
type loaded struct {
	state    *layout.State
	snapshot int // its size in bytes
	rec      *layout.Record
}

// load reads a record; without one the state is bottom. An error beside a result
// says what of the record is damaged. A block that cannot be had is left out.
func (p *peer) load(ctx context.Context, set, key string) (*loaded, error) {
	u, err := p.sets[set].ReadPart(ctx, key, false)
	if err != nil {
		return nil, fmt.Errorf("read from cluster %q: %w", p.cluster.Name, err)
	}
	for _, gone := range u.Gone { // another cluster may have what was given up here
		if _, err := p.blocks[set].Get(ctx, gone); err != nil && !errors.Is(err, layout.ErrIncomplete) {
			return nil, fmt.Errorf("read from cluster %q: block %x: %w", p.cluster.Name, gone, err)
		}
	}
	l := &loaded{rec: u}
	for _, f := range u.Snapshot {
		l.snapshot += len(f)
	}
	l.state, err = layout.Join(p.kinds, u)
	if err != nil {
		err = record.Corrupt("in cluster %q: %w", p.cluster.Name, err)
	}
	return l, err
}

// rebuild makes the blocks that are missing of a record out of what another cluster has of
// the object, and writes them. It returns the record as it is then.
func (p *peer) rebuild(ctx context.Context, set, key string, l, other *loaded) (*loaded, error) {
	w := *p.sets[set]
	w.RecordSize = p.sizeLimit.get()
	n, err := w.Rebuild(ctx, l.rec, other.state)
	p.blocks[set].written.Add(int64(n))
	if n == 0 || err != nil {
		return l, err
	}
	again, err := p.load(ctx, set, key)
	if again == nil {
		again = l
	}
	return again, err
}

// complete takes note of whether an object lacks a block, and returns the error that says
// which.
func (p *peer) complete(set string, r *record.Found, l *loaded) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	id := objectID{set, r.Digest}
	if len(l.rec.Missing) == 0 {
		delete(p.incomplete, id)
		return nil
	}
	if p.incomplete == nil {
		p.incomplete = make(map[objectID]bool)
	}
	if len(p.incomplete) < maxUndelivered {
		p.incomplete[id] = true
	}
	return fmt.Errorf("in cluster %q: %w", p.cluster.Name, &layout.IncompleteError{Missing: l.rec.Missing})
}

// missing returns how many objects lack a block here.
func (p *peer) missing() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.incomplete)
}

// blocksWritten returns how many blocks were written here.
func (p *peer) blocksWritten() (n int64) {
	for _, b := range p.blocks {
		n += b.written.Load()
	}
	return n
}

// write appends to a record with a snapshot of that size, and returns how many
// bytes. Each entry goes under the hash of its own bytes, so that writing it twice is
// writing it once.
func (p *peer) write(ctx context.Context, set, key string, snapshot int, es []layout.Entry) (size int, err error) {
	w := *p.sets[set]
	w.RecordSize = p.sizeLimit.get()
	w.QueueSize = min(w.QueueSize, w.RecordSize)
	for i := range es {
		size += len(es[i].Bytes()) + len(es[i].Key)
	}
	if size > w.RecordSize { // where there is no record, no filter refuses it
		return 0, fmt.Errorf("%w: %d bytes for cluster %q, at most %d", layout.ErrTooLarge, size, p.cluster.Name, w.RecordSize)
	}
	room := max(1, min(snapshot+w.QueueSize, w.RecordSize-size))
	if _, err := w.Append(ctx, key, es, layout.Guard{MaxSize: room}); err != nil {
		return 0, fmt.Errorf("write to cluster %q: %w", p.cluster.Name, err)
	}
	return size, nil
}
