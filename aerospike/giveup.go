package aerospike

import (
	"context"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/layout"
)

// IncompleteError is the error of a read of an object of which blocks are missing; it
// matches ErrIncomplete. Missing are their names, which GiveUpBlock takes.
type IncompleteError = layout.IncompleteError

// BlockName is the name of a block: the hash of what it holds. The %x of it is the key of
// the block's record, in the set "<Set>.b".
type BlockName = layout.EntryKey

// Errors of GiveUpBlock.
var (
	ErrNotNamed  = layout.ErrNotNamed
	ErrBlockHere = layout.ErrBlockHere
)

// GiveUpBlock decides that an object goes on without a block that is missing
// (IncompleteError). It is for an operator, and for when the block is gone everywhere:
// no process that has had it in memory is alive (each writes it again within
// Config.Scrub), no cluster that is mirrored has it, and no node that was down will come
// back with it. The decision is written into the record, so that every process follows
// it, and the object can be read and changed again.
//
// What may come of it: what stood in the block and nowhere else is lost, and that is
// what the object knew of some thousands of replicas that seemed retired. So elements
// that were removed, and whose removal only the block knew of, may show again if a
// record elsewhere or a journal still has their addition; elements, values and parts of
// a counter's sum that only the block held are gone; a reset may no longer hold for
// increments that it had seen. What other clusters, journals and processes know of the
// object comes back by itself, as after any loss.
//
// If the block is found again, the next fold of the object takes it in and ends the
// decision. A block that can be read here is not given up (ErrBlockHere), nor one that
// the record does not name (ErrNotNamed); one that was given up before is no error.
func (e *Engine) GiveUpBlock(ctx context.Context, key string, block BlockName) error {
	o, ctx, done, err := e.enter(ctx, key)
	if err != nil {
		return keyError(key, err)
	}
	defer done()
	if err := e.restoreBlocks(ctx); err != nil { // what this process has is not given up
		return keyError(key, err)
	}
	if err := e.writer.Load().GiveUp(ctx, o.key, block); err != nil {
		return keyError(key, err)
	}
	return nil
}
