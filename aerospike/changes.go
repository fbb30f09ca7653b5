package aerospike

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	as "github.com/aerospike/aerospike-client-go/v7"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/cluster"
)

// Changes tells which objects change, by whoever's doing: this process, others, XDR
// or a mirror. It is for caches, indexes and queues that follow the objects.
//
// It scans for records that were written since the last scan, and promises no more than
// such a scan can. It yields the key of a change at least once, in no order, and often
// again in the next scans. It does not say what changed. It can miss a change: if the
// clocks of the cluster's nodes are further apart than the margin, or if a record comes
// back from a split with its old time. Such a change is yielded when the nodes of the
// cluster change next, since all keys are then. A follower that must not miss anything
// compares everything from time to time.
//
// Not safe for concurrent use.
type Changes struct {
	e      *Engine
	margin time.Duration

	since time.Time // start of the last whole scan, by the monotonic clock; zero: none
	took  time.Duration
	seen  cluster.State // the cluster, during that
}

// Changes returns an iterator over changes. The first Next yields the keys of all objects.
// Margin has to cover what a write may take to land (Config.Attempt) and how
// far the clocks of the nodes are apart (cluster_clock_skew_ms); 0 is 10 s.
func (e *Engine) Changes(margin time.Duration) *Changes {
	if margin <= 0 {
		margin = 10 * time.Second
	}
	return &Changes{e: e, margin: margin}
}

// errUnsettled ends a Next that may have missed something.
var errUnsettled = errors.New("aerospike: nodes of the cluster came or went; keys may be missing, which the next scan yields")

// Next yields the keys of objects that changed since the start of the last Next that
// ended without an error. An error is the last pair that it yields. It costs a walk
// through the index of the set, and reads no record.
func (c *Changes) Next(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		if _, cancel, err := c.e.begin(ctx); err != nil {
			yield("", err)
			return
		} else { //nolint:revive // begin bounds a call, and a scan may take longer
			cancel()
		}
		before, errBefore := c.e.monitor.Check(ctx)
		start := time.Now()
		var filter *as.Expression
		slack := c.margin/2 + 2*c.took // records go on ageing while the scan comes to them
		if !c.since.IsZero() && errBefore == nil && before.Settled && before == c.seen {
			age := start.Sub(c.since) + c.margin + slack
			filter = as.ExpLess(as.ExpSinceUpdate(), as.ExpIntVal(age.Milliseconds()))
		}
		stopped := false
		err := c.e.records.KeysIf(ctx, filter, func(key string) bool {
			stopped = !yield(key, nil)
			return !stopped
		})
		took := time.Since(start)
		after, errAfter := c.e.monitor.Check(ctx)
		switch {
		case stopped:
		case err != nil:
			yield("", fmt.Errorf("aerospike: changes: %w", err))
		case errBefore != nil || errAfter != nil:
			yield("", errors.Join(errUnsettled, errBefore, errAfter))
		case !after.Settled || after != before:
			yield("", errUnsettled)
		case filter != nil && took > slack:
			c.took = took
			yield("", fmt.Errorf("aerospike: changes: the scan took %v; what it passed too late comes again", took))
		default:
			c.since, c.took, c.seen = start, took, after
		}
	}
}
