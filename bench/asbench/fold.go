package asbench

import (
	"context"
	"errors"
	"fmt"
	"time"

	as "github.com/aerospike/aerospike-client-go/v7"

	"github.com/dovetail-crdt/dovetail/aerospike"
	"github.com/dovetail-crdt/dovetail/store"
)

// quiet opens an engine that remembers and watches nothing, and folds queues of so
// many changes.
func quiet(ctx context.Context, c aerospike.Client, queue int) (*aerospike.Engine, error) {
	cfg := config(-1)
	cfg.QueueLength, cfg.Watch, cfg.AuditEvery = queue, -1, -1
	return aerospike.Open(ctx, c, cfg)
}

// foldInto merges frames into the object under key, one after the other: the next
// when the last stands in the snapshot, so that the same frames always come to the
// same record and blocks.
func foldInto(ctx context.Context, c aerospike.Client, key string, frames ...[]byte) (err error) {
	e, err := quiet(ctx, c, 1)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.Close()) }() //nolint:contextcheck // it ends whatever the context
	for _, f := range frames {
		if err := e.Merge(ctx, store.Delta{Key: key, Frame: f}); err != nil {
			return err
		}
		if err := folded(c, key); err != nil {
			return err
		}
	}
	return nil
}

// folded waits, for some seconds, until a record has a snapshot and no queue.
func folded(c aerospike.Client, key string) error {
	k, aerr := as.NewKey(namespace, set, key)
	if aerr != nil {
		return aerr
	}
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(time.Millisecond) {
		r, err := c.Get(readPolicy(), k)
		if err != nil {
			return fmt.Errorf("read what is folded: %w", err)
		}
		if r.Bins[binState] != nil && queued(r.Bins) == 0 {
			return nil
		}
	}
	return fmt.Errorf("%s is not folded after %v", key, patience)
}

// queued returns the length of a record's queue.
func queued(bins as.BinMap) int {
	q, _ := bins[binQueue].([]as.MapPair)
	return len(q)
}
