package aerospike

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/layout"
	"github.com/dovetail-crdt/dovetail/crdt/untyped"
)

// noticed are the objects of which the last read or write found something wrong: a
// block is missing, or the record has no room for more.
type noticed struct {
	count atomic.Int64 // of objects, so that a read of one that is well takes no lock

	mu         sync.Mutex
	objects    map[string]layout.Notice
	incomplete int // of them; all others are full
}

// noticedMost is how many objects are remembered.
const noticedMost = 1 << 16

// take takes in a notice and reports whether it is a new kind of trouble.
func (n *noticed) take(key string, now layout.Notice) (fresh bool) {
	bad := now == layout.Incomplete || now == layout.Full
	if !bad && n.count.Load() == 0 {
		return false
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	was := n.objects[key]
	switch {
	case now == was, now == layout.NearlyFull && was == layout.Full:
		return false
	case bad && was == layout.Whole && len(n.objects) >= noticedMost:
		return false
	}
	if was == layout.Incomplete {
		n.incomplete--
	}
	if now == layout.Incomplete {
		n.incomplete++
	}
	if n.objects == nil {
		n.objects = make(map[string]layout.Notice)
	}
	delete(n.objects, key)
	if bad {
		n.objects[key] = now
	}
	n.count.Store(int64(len(n.objects)))
	return bad
}

// counts returns how many objects are incomplete, and how many are full.
func (n *noticed) counts() (incomplete, full int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.incomplete, len(n.objects) - n.incomplete
}

// notice is told by the Writer what it found out about a record.
func (e *Engine) notice(key string, n layout.Notice) {
	if e.noticed.take(key, n) {
		what := "aerospike: object cannot be read: a block of it is missing"
		if n == layout.Full {
			what = "aerospike: object has no room for more"
		}
		e.cfg.Logger.Warn(what, slog.String("key", key))
	}
	if n == layout.Foldable {
		if o, err := e.use(key); err == nil {
			e.fold(o)
			e.objects.done(o)
		}
	}
}

// recall returns what the process remembers of an object, or nil.
func (e *Engine) recall(key string) *layout.State {
	o := e.objects.find(key)
	if o == nil {
		return nil
	}
	defer e.objects.done(o)
	state := layout.NewState(e.kinds())
	for _, v := range o.remembered() {
		if _, err := state.Merge(v.copy()); err != nil {
			panic(fmt.Sprintf("aerospike: object %q cannot be copied: %v", key, err))
		}
	}
	return state
}

// copy returns a copy of what is remembered.
func (v *value) copy() *untyped.Object {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.seen.Clone()
}

// restoreBlocks writes again those blocks that the process remembers and the cluster
// has lost.
func (e *Engine) restoreBlocks(ctx context.Context) error {
	n, err := e.blocks.Restore(ctx)
	e.counts.restored.Add(int64(n))
	if n > 0 {
		e.cfg.Logger.Warn("aerospike: blocks were missing and are written again", slog.Int("blocks", n))
	}
	return err
}
