package mirror

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/layout"
	"github.com/dovetail-crdt/dovetail/aerospike/internal/record"
)

// blocks is a layout.Blocks: those of a set in one cluster, and where one is
// missing, in the others: a block is the same wherever it is, since its name is the
// hash of its bytes. One that had to be taken from elsewhere is put back, so that
// processes there can read the object again too.
//
// What the mirror writes never names a block. It copies them all the same, before
// what it read them for, so that each stands in more than one cluster.
//
// What was there once may be lost: at the beginning of each pass the audit makes sure of
// all that is remembered (again), and looks at each object that names blocks.
type blocks struct {
	*record.Blocks

	others []*blocks // of the clusters that this one is linked to

	written atomic.Int64 // blocks that were written

	mu     sync.Mutex
	copied map[layout.EntryKey]bool // that are known to be here
}

// Get implements layout.Blocks.
func (b *blocks) Get(ctx context.Context, key layout.EntryKey) ([]byte, error) {
	f, err := b.Blocks.Get(ctx, key)
	if !errors.Is(err, layout.ErrIncomplete) {
		return f, err
	}
	for _, o := range b.others {
		if f, oerr := o.Blocks.Get(ctx, key); oerr == nil {
			return f, b.put(ctx, key, f)
		}
	}
	return nil, err
}

// again writes those blocks again that are remembered and not here any more, and forgets
// which others are here.
func (b *blocks) again(ctx context.Context) error {
	b.mu.Lock()
	b.copied = nil
	b.mu.Unlock()
	n, err := b.Restore(ctx)
	b.written.Add(int64(n))
	return err
}

// have makes sure of blocks: it looks first, once, and writes what is not here.
func (b *blocks) have(ctx context.Context, keys []layout.EntryKey, frames [][]byte) error {
	for i, key := range keys {
		if frames[i] == nil { // it could not be had
			continue
		}
		b.mu.Lock()
		known := b.copied[key]
		b.mu.Unlock()
		if known {
			continue
		}
		_, err := b.Blocks.Get(ctx, key)
		if errors.Is(err, layout.ErrIncomplete) {
			err = b.put(ctx, key, frames[i])
		}
		if err != nil {
			return fmt.Errorf("block %x: %w", key, err)
		}
		b.mu.Lock()
		if len(b.copied) >= maxCopied {
			b.copied = nil
		}
		if b.copied == nil {
			b.copied = make(map[layout.EntryKey]bool)
		}
		b.copied[key] = true
		b.mu.Unlock()
	}
	return nil
}

// put writes a block that is not here.
func (b *blocks) put(ctx context.Context, key layout.EntryKey, frame []byte) error {
	err := b.Put(ctx, key, frame)
	if err == nil {
		b.written.Add(1)
	}
	return err
}

// maxCopied is how many blocks a mirror remembers to have copied.
const maxCopied = 1 << 16
