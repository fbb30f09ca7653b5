package aerospike

import (
	"context"
	"sync"
	"time"
)

// lookout tells whether a cluster is the one that it was. A scan that ran while
// nodes came, went, started again or moved data may have missed anything, and what
// appears in such a change can be older than any scan reaches back: the version
// that wins when a split heals keeps its time. So each change begins an epoch, in
// which everything is scanned again, and the journal merged.
type lookout struct {
	client  Client
	timeout time.Duration // of one question to one node
	resumed string        // the cluster key of a checkpoint

	mu      sync.Mutex
	at      moment
	key     string
	uptimes map[string]int64
}

// moment is what a lookout has seen: the epoch, and whether the cluster is settled,
// so that an epoch can be told of it at all. Epoch 0 is that of a cluster which was
// never seen settled.
type moment struct {
	epoch   uint64
	settled bool
}

// resumedEpoch is the epoch of a cluster that is still as a checkpoint knew it.
const resumedEpoch = 1

// look asks all nodes of the cluster. If one does not answer nothing is learned.
func (w *lookout) look(ctx context.Context) (moment, error) {
	w.mu.Lock() // during the questions too: a late answer must not replace a newer one
	defer w.mu.Unlock()
	v, err := outlookOf(ctx, w.client, w.timeout)
	if err != nil {
		return moment{}, err
	}
	restarted := v.restarted(w.uptimes)
	w.uptimes = v.uptimes
	switch {
	case !v.settled:
	case !w.at.settled || v.key != w.key || restarted:
		if w.at.epoch == 0 && v.key == w.resumed {
			w.at.epoch = resumedEpoch
		} else {
			w.at.epoch = max(w.at.epoch, resumedEpoch) + 1
		}
		w.key = v.key
	}
	w.at.settled = v.settled
	return w.at, nil
}

// seen returns what the last look saw, and the cluster key of the epoch.
func (w *lookout) seen() (moment, string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.at, w.key
}
