package record

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"sync"

	as "github.com/aerospike/aerospike-client-go/v7"
	"github.com/aerospike/aerospike-client-go/v7/types"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/layout"
)

// Blocks is a layout.Blocks: records of a set of their own, each under the hash of
// what it holds. All datacenters share the set: whatever copies it copies what never
// changes. No block is ever deleted, since any record, cluster or node that comes
// back may name it.
type Blocks struct {
	set Set // of that set

	mu    sync.Mutex
	known map[layout.EntryKey][]byte
	size  int
}

const (
	blockSet = ".b" // after the set's name
	binBlock = "b"
	// blockMemory is how many bytes of blocks are remembered.
	blockMemory = 64 << 20
)

// NewBlocks returns the blocks of a set, which are near the records r.
func NewBlocks(r *Set, set string) *Blocks {
	return &Blocks{
		set:   Set{client: r.client, namespace: r.namespace, set: set + blockSet, timeout: r.timeout},
		known: make(map[layout.EntryKey][]byte),
	}
}

// Put implements layout.Blocks. A block that is there is the same, so nothing is ever
// overwritten; that it can be read is seen before anything names it.
func (b *Blocks) Put(ctx context.Context, key layout.EntryKey, frame []byte) error {
	if layout.KeyOf(frame) != key {
		panic(fmt.Sprintf("record: block %x written as %x", layout.KeyOf(frame), key))
	}
	k, err := b.set.Key(hex.EncodeToString(key[:]))
	if err != nil {
		return err
	}
	p, err := b.set.writePolicy(ctx)
	if err != nil {
		return err
	}
	p.RecordExistsAction = as.CREATE_ONLY
	_, aerr := b.set.client.Operate(p, k.client, as.PutOp(as.NewBin(binBlock, frame)))
	if aerr != nil && outermostCode(aerr) != types.KEY_EXISTS_ERROR {
		return Failure(aerr, true)
	}
	b.forget(key)
	_, err = b.read(ctx, key, true)
	return err
}

// Get implements layout.Blocks.
func (b *Blocks) Get(ctx context.Context, key layout.EntryKey) ([]byte, error) {
	b.mu.Lock()
	f, ok := b.known[key]
	b.mu.Unlock()
	if ok {
		return f, nil
	}
	f, err := b.read(ctx, key, false)
	if err != nil { // perhaps another copy has it
		f, err = b.read(ctx, key, true)
	}
	return f, err
}

func (b *Blocks) read(ctx context.Context, key layout.EntryKey, newest bool) ([]byte, error) {
	rec, err := b.set.get(ctx, hex.EncodeToString(key[:]), newest)
	switch {
	case err != nil:
		return nil, err
	case rec == nil:
		return nil, fmt.Errorf("%w: %x", layout.ErrIncomplete, key)
	}
	f, err := blob(binBlock, rec.Bins[binBlock])
	if err != nil {
		return nil, err
	}
	if layout.KeyOf(f) != key {
		return nil, Corrupt("block %x holds %x", key, layout.KeyOf(f))
	}
	b.remember(key, f)
	return f, nil
}

// Restore writes again those of the blocks that are remembered which are not in the
// cluster, and returns how many those were. A read of a block that is remembered does
// not ask the cluster, and would never find out.
func (b *Blocks) Restore(ctx context.Context) (restored int, err error) {
	b.mu.Lock()
	all := maps.Clone(b.known)
	b.mu.Unlock()
	var errs []error
	for key, f := range all {
		_, err := b.read(ctx, key, true)
		if errors.Is(err, layout.ErrIncomplete) {
			if err = b.Put(ctx, key, f); err == nil {
				restored++
			}
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("block %x: %w", key, err))
		}
	}
	return restored, errors.Join(errs...)
}

// remember keeps a block, and if that is too much lets go of some others, in the
// order that the map happens to give them.
func (b *Blocks) remember(key layout.EntryKey, f []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, ok := b.known[key]; ok {
		return
	}
	b.known[key] = f
	b.size += len(f)
	for old, x := range b.known {
		if b.size <= blockMemory {
			return
		}
		if old != key {
			b.size -= len(x)
			delete(b.known, old)
		}
	}
}

func (b *Blocks) forget(key layout.EntryKey) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.size -= len(b.known[key])
	delete(b.known, key)
}
