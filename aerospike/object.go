package aerospike

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/record"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/untyped"
	"github.com/dovetail-crdt/dovetail/store"
)

// object is what the process knows of one object while it works on it, and after
// that for as long as there is room; see objectCache.
type object struct {
	key    string
	hash   uint64
	client *record.Key

	// turn has room while no transaction runs on the object, writing while none of
	// its changes is on its way.
	turn, writing chan struct{}
	compacting    atomic.Bool

	mu      sync.Mutex // see ledger for the order of locks
	waiting []*write
	room    int               // the size up to which the record may grow, or 0: not known
	values  map[string]*value // by kind

	// forgotten is the replica's last event on the object of whose effects nothing is
	// remembered, since the object left the cache meanwhile; 0: there is none.
	forgotten atomic.Uint64
	memory    atomic.Int64 // that the values take, as they estimate it

	users   int   // under objectCache.mu
	counted int64 // of memory, when the last user was done; under objectCache.mu
}

// take waits for the turn to run a transaction on the object, which give gives back.
func (o *object) take(ctx context.Context, e *Engine) error { return e.acquire(ctx, o.turn) }

// acquire takes a turn: it waits until there is room in the channel.
func (e *Engine) acquire(ctx context.Context, turn chan struct{}) error {
	select {
	case turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", store.ErrContention, ctx.Err())
	case <-e.cut:
		return errCut
	}
}

func (o *object) give() { <-o.turn }

// as returns what is remembered of the object as one of kind k.
func (o *object) as(k crdt.AnyKind) *value {
	name := untyped.KindName(k)
	o.mu.Lock()
	defer o.mu.Unlock()
	if v := o.values[name]; v != nil {
		return v
	}
	if o.values == nil {
		o.values = make(map[string]*value)
	}
	v := newValue(name, k, &o.memory)
	o.values[name] = v
	return v
}

// remembered returns what is known of the object, by kind.
func (o *object) remembered() (all []*value) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, v := range o.values {
		all = append(all, v)
	}
	return all
}
