package aerospike

import (
	"log/slog"
	"time"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/cluster"
	"github.com/dovetail-crdt/dovetail/aerospike/internal/system"
)

// How long a Remerge waits for a cluster to settle before it is made all the same: so
// many times Config.Watch, twice that after each time, and at most that part of
// Config.KeepTime.
const (
	unsettledWatches = 10
	unsettledPart    = 4
)

// watch makes a Remerge after each change of the cluster: a node that
// went or came, a split, its healing, a restart. Any of them may bring an older
// version of a record back. It looks every Config.Watch, and acts when the cluster
// has settled: what was merged before that may be lost again. But data can be on the
// move for longer than readers like to miss what was acknowledged, or than it is kept,
// and a node may never answer: so it acts meanwhile too, now and then.
// What happened before the first look nobody knows: a merge follows that, too.
func (e *Engine) watch() {
	var swept cluster.State
	since := time.Now() // since when the cluster was not known to be as it was swept
	first := unsettledWatches * e.cfg.Watch
	wait := first
	for system.Pause(e.ctx, e.cfg.Watch) == nil {
		now, err := e.monitor.Check(e.ctx)
		settled := err == nil && now.Settled
		switch {
		case settled && now == swept:
			since, wait = time.Now(), first
			continue
		case !settled && time.Since(since) < min(wait, e.cfg.KeepTime/unsettledPart):
			continue
		}
		n, err := e.Remerge(e.ctx)
		if err != nil { // come again
			e.cfg.Logger.Warn("aerospike: journal not merged", slog.Any("error", err))
			continue
		}
		e.cfg.Logger.Info("aerospike: journal merged", slog.Int("lost", n), slog.Bool("settled", settled))
		swept, since, wait = now, time.Now(), 2*wait
	}
}
