package store

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/dovetail-crdt/dovetail/clock"
)

// Config configures a DB.
type Config struct {
	// Engine keeps objects and books. The DB does not close it.
	Engine Batcher
	// Self names this store, Peers the stores that it exchanges messages with; see
	// CoreConfig.
	Self  PeerID
	Peers []PeerID
	// Transport carries the messages; nil for a store by itself. The DB does not
	// close it.
	Transport Transport
	// Now tells the time of day; nil is time.Now.
	Now func() time.Time
	// ClockBound is how far the store's clock follows those of others; 0 is
	// clock.DefaultBound.
	ClockBound time.Duration
	// Tick is the length of a tick of the core; 0 is 20 ms.
	Tick time.Duration
	// TokenKey authenticates tokens: at least 16 bytes, the same for all stores
	// that accept each other's. Nil draws a key that only this DB knows.
	TokenKey []byte
	// Logger gets what nobody waits for: damaged messages, full queues. Nil
	// discards it.
	Logger *slog.Logger

	_ struct{}
}

// DB is a store: objects in an engine, replicated to its peers. It owns the
// goroutines, the clock and the transport's use; the protocol is Core's. It is
// safe for concurrent use.
type DB struct {
	cfg    Config
	hlc    *clock.HLC
	sealer *clock.Sealer
	keys   keyLocks

	mu     sync.Mutex
	core   *Core
	failed error // why nothing more is done

	ctx    context.Context //nolint:containedctx // ends the background work that Close waits for
	cancel context.CancelFunc
	done   sync.WaitGroup
}

// Open returns the store that the engine holds, and starts to replicate it. The
// store gets a replica id of its own at each opening: nothing proves that these
// books are not a copy.
func Open(ctx context.Context, cfg Config) (*DB, error) {
	if cfg.Engine == nil {
		return nil, errors.New("store: Open without an engine")
	}
	if len(cfg.Peers) > 0 && cfg.Transport == nil {
		return nil, errors.New("store: Open with peers and without a transport")
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Tick == 0 {
		cfg.Tick = 20 * time.Millisecond
	}
	if cfg.Tick < 0 || cfg.ClockBound < 0 {
		return nil, fmt.Errorf("store: Open with tick %v and clock bound %v", cfg.Tick, cfg.ClockBound)
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	var drawn [40]byte
	if _, err := rand.Read(drawn[:]); err != nil {
		return nil, fmt.Errorf("store: draw a replica id: %w", err)
	}
	if cfg.TokenKey == nil {
		cfg.TokenKey = drawn[8:]
	}
	sealer, err := clock.NewSealer(cfg.TokenKey)
	if err != nil {
		return nil, fmt.Errorf("store: Open: %w", err)
	}
	db := &DB{cfg: cfg, sealer: sealer, hlc: clock.NewHLC(cfg.Now, cfg.ClockBound)}
	db.ctx, db.cancel = context.WithCancel(context.WithoutCancel(ctx))
	if err := db.open(ctx, clock.ReplicaID(binary.BigEndian.Uint64(drawn[:8])|1)); err != nil {
		db.cancel()
		return nil, err
	}
	if cfg.Transport != nil {
		db.done.Go(db.receive)
		db.done.Go(db.tick)
	}
	return db, nil
}

func (db *DB) open(ctx context.Context, fresh clock.ReplicaID) error {
	var books []Book
	for b, err := range db.cfg.Engine.Books(ctx) {
		if err != nil {
			return fmt.Errorf("store: read books: %w", err)
		}
		books = append(books, b)
	}
	core, err := NewCore(CoreConfig{Self: db.cfg.Self, Peers: db.cfg.Peers, Fresh: fresh, Load: db.load}, books)
	if err != nil {
		return err
	}
	db.core = core
	return db.step(ctx, func() error { return nil })
}

// load reads an object for a heal. It runs inside a step of the core.
func (db *DB) load(key string) ([][]byte, error) {
	r, err := db.cfg.Engine.Load(db.ctx, key)
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	return r.Frames, err
}

// step gives the core one input and does what comes of it: the batch is durable
// before a message leaves, and before step returns.
func (db *DB) step(ctx context.Context, input func() error) error {
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.failed != nil {
		return db.failed
	}
	err := input()
	if werr := db.carryOut(ctx); werr != nil {
		return werr
	}
	return err
}

// carryOut writes and sends what the core has ready. Db.mu is held. A failed
// write ends the store, since the core is ahead of what is durable; that it was
// cancelled halfway is no excuse, so the write does not heed ctx's end.
func (db *DB) carryOut(ctx context.Context) error {
	if db.failed != nil {
		return db.failed
	}
	r, ok := db.core.Ready()
	if !ok {
		return nil
	}
	if !r.Batch.IsEmpty() {
		if err := db.cfg.Engine.Batch(context.WithoutCancel(ctx), &r.Batch); err != nil {
			db.failed = fmt.Errorf("%w: %w", ErrFailed, err)
			return db.failed
		}
	}
	for _, err := range r.Errors {
		db.cfg.Logger.Error("store: object not readable for a peer", slog.Any("error", err))
	}
	if db.cfg.Transport == nil {
		return nil
	}
	for _, e := range r.Messages {
		if err := db.cfg.Transport.Send(db.ctx, e.To, AppendMessage(nil, e.Message)); err != nil { //nolint:contextcheck // what is to be sent outlives the call that caused it
			db.cfg.Logger.Debug("store: message not sent", slog.String("to", string(e.To)), slog.Any("error", err))
		}
	}
	return nil
}

// Replica returns the id under which this DB writes.
func (db *DB) Replica() clock.ReplicaID {
	db.mu.Lock()
	defer db.mu.Unlock()
	return db.core.Replica()
}

// Applied returns the events that the store has applied.
func (db *DB) Applied() *Applied {
	db.mu.Lock()
	defer db.mu.Unlock()
	return db.core.Applied().Clone()
}

// Close ends replication, waits for it, and makes later calls fail with
// ErrClosed. Closing twice does nothing.
func (db *DB) Close() error {
	db.mu.Lock()
	if db.failed == nil {
		db.failed = ErrClosed
	}
	db.mu.Unlock()
	db.cancel()
	db.done.Wait()
	return nil
}
