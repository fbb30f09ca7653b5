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
	"github.com/dovetail-crdt/dovetail/store/replication"
)

// Config configures a DB.
type Config struct {
	// Engine keeps objects and books. The DB does not close it.
	Engine Batcher
	// Self names this store, Peers the stores that it exchanges messages with; see
	// replication.CoreConfig.
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
// goroutines, the clock and the transport's use; the protocol is replication.Core's. It is
// safe for concurrent use.
//
// Locks, in the order in which they are taken: the turn of a key (keys), which an
// update holds from before it loads the object until its change is durable; mu; the
// lock of durable. No I/O and no code of the user runs under mu or below. Reads take no
// turn.
type DB struct {
	cfg     Config
	replica clock.ReplicaID
	hlc     *clock.HLC
	sealer  *clock.Sealer
	keys    keyLocks
	durable durable
	links   map[PeerID]*link

	mu     sync.Mutex // of the core: each of its inputs, and what comes of it goes into queue
	core   *replication.Core
	queue  []*work
	failed error // why nothing more is done

	wake   chan struct{}   // there is something in queue
	closed chan struct{}   // the writer is to end when queue is empty
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
	db := &DB{
		cfg: cfg, sealer: sealer, hlc: clock.NewHLC(cfg.Now, cfg.ClockBound), links: make(map[PeerID]*link),
		wake: make(chan struct{}, 1), closed: make(chan struct{}),
	}
	if e, ok := cfg.Engine.(interface{ LogTo(l *slog.Logger) }); ok {
		e.LogTo(cfg.Logger)
	}
	db.ctx, db.cancel = context.WithCancel(context.WithoutCancel(ctx))
	if err := db.open(ctx, clock.ReplicaID(binary.BigEndian.Uint64(drawn[:8])|1)); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// open reads the books, starts the goroutines, and waits until the replica's first
// event numbers are reserved.
func (db *DB) open(ctx context.Context, fresh clock.ReplicaID) error {
	var books []Book
	for b, err := range db.cfg.Engine.Books(ctx) {
		if err != nil {
			return fmt.Errorf("store: read books: %w", err)
		}
		books = append(books, b)
	}
	core, err := replication.NewCore(replication.CoreConfig{Self: db.cfg.Self, Peers: db.cfg.Peers, Fresh: fresh}, books)
	if err != nil {
		return err
	}
	db.core, db.replica = core, core.Replica()
	db.durable.add(core.Applied(), true)
	db.done.Go(func() { db.write(context.WithoutCancel(ctx)) })
	w, err := db.step(func() error { return nil })
	if err == nil {
		err = w.wait(ctx)
	}
	if err != nil || db.cfg.Transport == nil {
		return err
	}
	for _, id := range db.cfg.Peers {
		l := newLink(id)
		db.links[id] = l
		db.done.Go(func() { db.send(l) })
		db.done.Go(func() { db.load(l) })
	}
	db.done.Go(db.receive)
	db.done.Go(db.tick)
	return nil
}

// step gives the core one input and has what comes of it carried out: nil if nothing
// does.
func (db *DB) step(input func() error) (*work, error) {
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.failed != nil {
		return nil, db.failed
	}
	err := input()
	return db.enqueue(), err
}

// Replica returns the id under which this DB writes.
func (db *DB) Replica() clock.ReplicaID { return db.replica }

// Applied returns the events that the store has applied.
func (db *DB) Applied() *Applied { return db.durable.get().Clone() }

// Close ends replication, waits for it and for the writes that are under way, and makes
// later calls fail with ErrClosed. Closing twice does nothing.
func (db *DB) Close() error {
	db.mu.Lock()
	if db.failed == nil {
		db.failed = ErrClosed
	}
	select {
	case <-db.closed:
	default:
		close(db.closed)
	}
	db.mu.Unlock()
	db.cancel()
	db.done.Wait()
	return nil
}

// err returns why the DB does nothing more, or nil.
func (db *DB) err() error {
	db.mu.Lock()
	defer db.mu.Unlock()
	return db.failed
}
