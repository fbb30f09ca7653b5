package aerospike

import (
	"context"
	crand "crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dovetail-crdt/dovetail/aerospike/audit"
	"github.com/dovetail-crdt/dovetail/aerospike/internal/cluster"
	"github.com/dovetail-crdt/dovetail/aerospike/internal/layout"
	"github.com/dovetail-crdt/dovetail/aerospike/internal/record"
	"github.com/dovetail-crdt/dovetail/aerospike/internal/system"
	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/store"
)

// Engine is a store.Engine over one cluster, and the replica that this process is
// there. It is safe for concurrent use. Open makes one.
type Engine struct {
	cfg      Config
	client   Client
	records  *record.Set
	writer   atomic.Pointer[layout.Writer] // with the kinds that are known
	blocks   *record.Blocks
	noticed  noticed
	objects  objectCache
	replica  *replica
	facts    audit.Facts
	ledger   *ledger
	monitor  *cluster.Monitor
	resolver resolver
	sealer   *clock.Sealer
	counts   counters

	mu     sync.Mutex
	closed bool
	calls  sync.WaitGroup // that have begun
	busy   sync.WaitGroup // what runs in the background

	cut     chan struct{} // closed when calls are cut short
	cutOnce sync.Once

	ctx    context.Context //nolint:containedctx // ends the background work that Close waits for
	cancel context.CancelFunc
}

var _ store.Engine = (*Engine)(nil)

// Open returns the engine of a set in the cluster that client is connected to. It
// watches the cluster until Close, which does not close the client. The error
// matches ErrUnsafe if the cluster would lose what it acknowledges.
func Open(ctx context.Context, client Client, cfg Config) (*Engine, error) {
	cfg, err := cfg.complete()
	if err != nil {
		return nil, err
	}
	if client == nil {
		return nil, errors.New("aerospike: Open without a client")
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("aerospike: Open: %w", err)
	}
	var drawn [40]byte
	if _, err := crand.Read(drawn[:]); err != nil {
		return nil, fmt.Errorf("aerospike: draw a replica id: %w", err)
	}
	if cfg.TokenKey == nil {
		cfg.TokenKey = drawn[8:]
	}
	e := &Engine{
		cfg:     cfg,
		cut:     make(chan struct{}),
		client:  client,
		records: record.NewSet(client, cfg.Namespace, setOf(cfg.Set, cfg.DC), cfg.others(), cfg.Attempt),
		monitor: cluster.NewMonitor(client, cfg.Attempt, ""),
		replica: newReplica(clock.ReplicaID(binary.BigEndian.Uint64(drawn[:8])|1), clock.NewHLC(cfg.Now, cfg.ClockBound)),
	}
	e.ledger = newLedger(&cfg, e.cut)
	e.facts = cfg.facts()
	if e.sealer, err = clock.NewSealer(cfg.TokenKey); err != nil {
		return nil, err
	}
	e.objects.limit, e.objects.maxBytes = max(cfg.CacheObjects, 0), int64(cfg.CacheBytes)
	e.blocks = record.NewBlocks(e.records, cfg.Set)
	e.writer.Store(&layout.Writer{
		Cluster: e.records, Blocks: e.blocks, Kinds: cfg.Kinds,
		QueueSize: cfg.QueueSize, RecordSize: cfg.RecordSize,
		Draw: system.Random, Pause: e.pause, Count: e.counts.happened, Noticed: e.notice, Recall: e.recall,
	})
	if cfg.DC != "" {
		if err := e.records.Identify(ctx, cfg.Set, cfg.DC); err != nil {
			return nil, err
		}
	}
	e.ctx, e.cancel = context.WithCancel(context.WithoutCancel(ctx))
	if cfg.AuditEvery > 0 {
		if err := e.startGuard(ctx); err != nil {
			e.cancel()
			return nil, err
		}
	}
	if cfg.Journal != nil {
		if err := e.resume(e.replica.id); err != nil {
			e.cancel()
			e.busy.Wait()
			return nil, fmt.Errorf("aerospike: Open: %w", err)
		}
		e.start((*Engine).catchUp)
	}
	if cfg.Watch > 0 {
		e.start((*Engine).watch)
	}
	if cfg.Scrub > 0 {
		e.start((*Engine).scrub)
	}
	return e, nil
}

// begin starts a call, which ends with the function returned: it fails on a closed
// engine, and bounds a context that has no deadline.
func (e *Engine) begin(ctx context.Context) (context.Context, context.CancelFunc, error) {
	e.mu.Lock()
	closed := e.closed
	if !closed {
		e.calls.Add(1)
	}
	e.mu.Unlock()
	if closed {
		return nil, nil, store.ErrClosed
	}
	if err := ctx.Err(); err != nil {
		e.calls.Done()
		return nil, nil, fmt.Errorf("%w: %w", store.ErrContention, err)
	}
	if _, ok := ctx.Deadline(); ok {
		return ctx, e.calls.Done, nil
	}
	ctx, cancel := context.WithTimeout(ctx, e.cfg.Timeout)
	return ctx, func() { cancel(); e.calls.Done() }, nil
}

// start runs f in the background, unless the engine is closed, which waits for it.
// F ends when e.ctx does.
func (e *Engine) start(f func(e *Engine)) (started bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.closed {
		e.busy.Go(func() { f(e) })
	}
	return !e.closed
}

// Replica returns the id under which this process writes.
func (e *Engine) Replica() clock.ReplicaID { return e.replica.id }

// Close is CloseContext with Config.Timeout.
func (e *Engine) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), e.cfg.Timeout)
	defer cancel()
	return e.CloseContext(ctx)
}

// CloseContext ends the background work, has calls that begin from now on fail with
// store.ErrClosed, and waits for those that have begun until ctx ends. Then it cuts them
// short: what was sent and not answered is in doubt, and all else refused, as the
// journal has it when CloseContext returns. It waits for a function of an Update, which
// nobody can cut short, and at most Config.Attempt for the cluster. It closes neither the
// client nor the Journal. Closing twice does nothing.
func (e *Engine) CloseContext(ctx context.Context) error {
	e.mu.Lock()
	e.closed = true
	e.mu.Unlock()
	e.cancel()
	ended := make(chan struct{})
	go func() { e.calls.Wait(); close(ended) }()
	select {
	case <-ended:
	case <-ctx.Done():
		e.cutOnce.Do(func() { close(e.cut) })
		<-ended
	}
	e.busy.Wait()
	return e.ledger.flush()
}

// errCut ends what waits when CloseContext does not wait any more.
var errCut = fmt.Errorf("%w: %w", layout.ErrContention, store.ErrClosed)

// pause waits for between a half of d and d, or until the context ends or the engine is
// closed.
func (e *Engine) pause(ctx context.Context, d time.Duration) error {
	select {
	case <-e.cut:
		return errCut
	default:
	}
	t := time.NewTimer(system.Spread(d))
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-e.cut:
		return errCut
	}
}

// Load implements store.Engine.
func (e *Engine) Load(ctx context.Context, key string) (store.Record, error) {
	ctx, cancel, err := e.begin(ctx)
	if err != nil {
		return store.Record{}, err
	}
	defer cancel()
	u, err := e.writer.Load().Read(ctx, key, false)
	switch {
	case err != nil:
		return store.Record{}, &store.KeyError{Key: key, Err: err}
	case len(u.AllFrames()) == 0:
		return store.Record{}, store.ErrNotFound
	}
	return store.Record{Key: key, Frames: u.AllFrames()}, nil
}
