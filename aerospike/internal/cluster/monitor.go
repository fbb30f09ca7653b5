package cluster

import (
	"context"
	"sync"
	"time"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/system"
)

// Monitor tells whether a cluster is the one that it was. A scan that ran while
// nodes came, went, started again or moved data may have missed anything, and what
// appears in such a change can be older than any scan reaches back: the version
// that wins when a split heals keeps its time. So each change begins an epoch, in
// which everything is scanned again, and the journal merged.
type Monitor struct {
	client  Client
	timeout time.Duration // of one question to one node
	resumed string        // the cluster key of a checkpoint

	asking system.Turn // of who asks: a late answer must not replace a newer one

	mu      sync.Mutex // taken after asking, and never held while a node is asked
	at      State
	key     string
	uptimes map[string]int64
}

// State is what a Monitor has seen: the epoch, and whether the cluster is settled, so
// that an epoch can be told of it at all. Epoch 0 is that of a cluster which was never
// seen settled.
type State struct {
	Epoch   uint64
	Settled bool
}

// ResumedEpoch is the epoch of a cluster that is still as a checkpoint knew it.
const ResumedEpoch = 1

// NewMonitor returns a Monitor, which asks nobody until Check. Attempt bounds one
// question to one node; it is not less than InfoTime. Resumed is the cluster key that
// a checkpoint has, or empty.
func NewMonitor(client Client, attempt time.Duration, resumed string) *Monitor {
	return &Monitor{client: client, timeout: max(attempt, InfoTime), resumed: resumed, asking: system.NewTurn()}
}

// Check asks all nodes of the cluster. If one does not answer nothing is learned.
func (w *Monitor) Check(ctx context.Context) (State, error) {
	if err := w.asking.Take(ctx); err != nil {
		return State{}, err
	}
	defer w.asking.Done()
	v, err := statusOf(ctx, w.client, w.timeout)
	if err != nil {
		return State{}, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	restarted := v.restarted(w.uptimes)
	w.uptimes = v.uptimes
	switch {
	case !v.settled:
	case !w.at.Settled || v.key != w.key || restarted:
		if w.at.Epoch == 0 && v.key == w.resumed {
			w.at.Epoch = ResumedEpoch
		} else {
			w.at.Epoch = max(w.at.Epoch, ResumedEpoch) + 1
		}
		w.key = v.key
	}
	w.at.Settled = v.settled
	return w.at, nil
}

// Last returns what the last Check saw, and the cluster key of the epoch. It waits for
// no Check.
func (w *Monitor) Last() (State, string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.at, w.key
}
