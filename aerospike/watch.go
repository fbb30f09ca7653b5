package aerospike

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	as "github.com/aerospike/aerospike-client-go/v7"
)

// watch merges the journal again after each change of the cluster: a node that
// went or came, a split, its healing, a restart. Any of them may bring an older
// version of a record back. It looks every Config.Watch, and acts when the cluster
// has settled.
func (e *Engine) watch() {
	swept := e.topology(e.ctx)
	for pause(e.ctx, e.cfg.Watch) == nil {
		now := e.topology(e.ctx)
		if now.id == swept.id || !now.settled {
			continue
		}
		n, err := e.Remerge(e.ctx)
		if err != nil { // come again
			e.cfg.Logger.Warn("aerospike: cluster changed, journal not merged", slog.Any("error", err))
			continue
		}
		e.cfg.Logger.Info("aerospike: cluster changed, journal merged", slog.Int("lost", n))
		swept = now
	}
}

// topology is what a cluster is made of.
type topology struct {
	id      string // another one after each change
	settled bool   // nothing is being moved, and everybody answers
}

// topology asks all nodes that the client knows.
func (e *Engine) topology(ctx context.Context) topology {
	t := topology{settled: true}
	var ids []string
	for _, n := range e.records.client.GetNodes() {
		stats, err := e.statistics(ctx, n)
		if err != nil {
			t.settled = false
			ids = append(ids, n.GetName()+" does not answer")
			continue
		}
		ids = append(ids, fmt.Sprint(n.GetName(), " in ", stats["cluster_key"], " of ", stats["cluster_size"]))
		t.settled = t.settled && stats["migrate_partitions_remaining"] == "0"
	}
	t.settled = t.settled && len(ids) > 0
	slices.Sort(ids)
	t.id = strings.Join(ids, "; ")
	return t
}

// statistics asks a node for its statistics.
func (e *Engine) statistics(ctx context.Context, n *as.Node) (map[string]string, error) {
	replies, err := asker(ctx, n)("statistics")
	if err != nil {
		return nil, err
	}
	stats := make(map[string]string)
	for s := range strings.SplitSeq(replies["statistics"], ";") {
		if name, value, ok := strings.Cut(s, "="); ok {
			stats[name] = value
		}
	}
	if stats["cluster_key"] == "" {
		return nil, fmt.Errorf("node %s does not say of which cluster it is", n.GetName())
	}
	return stats, nil
}
