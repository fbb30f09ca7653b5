package aerospike

import (
	"log/slog"
	"time"
)

// unsettledPart is the part of Config.JournalTime after which the journal is merged
// although the cluster does not settle.
const unsettledPart = 4

// watch merges the journal again after each change of the cluster: a node that
// went or came, a split, its healing, a restart. Any of them may bring an older
// version of a record back. It looks every Config.Watch, and acts when the cluster
// has settled: before that, what was merged may be lost again. Moving data can take
// longer than the journal remembers, and a node may never answer, so it acts meanwhile
// too, now and then.
func (e *Engine) watch() {
	swept, _ := e.lookout.look(e.ctx) // unseen, it is looked at again
	since := time.Now()               // since when it was not known to be as it was swept
	for pause(e.ctx, e.cfg.Watch) == nil {
		now, err := e.lookout.look(e.ctx)
		settled := err == nil && now.settled
		switch {
		case settled && now == swept:
			since = time.Now()
			continue
		case !settled && time.Since(since) < e.cfg.JournalTime/unsettledPart:
			continue
		}
		n, err := e.Remerge(e.ctx)
		if err != nil { // come again
			e.cfg.Logger.Warn("aerospike: cluster changed, journal not merged", slog.Any("error", err))
			continue
		}
		e.cfg.Logger.Info("aerospike: cluster changed, journal merged", slog.Int("lost", n), slog.Bool("settled", settled))
		swept, since = now, time.Now()
	}
}
