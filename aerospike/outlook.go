package aerospike

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// outlook is what the nodes of a cluster say of it.
type outlook struct {
	settled bool             // they are all there, agree and move nothing
	key     string           // of the cluster: another one after each change of its nodes
	uptimes map[string]int64 // of the nodes, in seconds
}

// outlookOf asks all nodes that the client knows, each within limit. It fails if one
// of them does not answer.
func outlookOf(ctx context.Context, client Client, limit time.Duration) (outlook, error) {
	nodes := client.GetNodes()
	if len(nodes) == 0 {
		return outlook{}, errors.New("no node is known")
	}
	v := outlook{settled: true, uptimes: make(map[string]int64, len(nodes))}
	for i, n := range nodes {
		stats, err := pairsAt(asker(ctx, n, limit), "statistics")
		if err != nil {
			return outlook{}, fmt.Errorf("node %s: %w", n.GetName(), err)
		}
		if i == 0 {
			v.key = stats["cluster_key"]
		}
		v.settled = v.settled && v.key != "" && stats["cluster_key"] == v.key &&
			stats["cluster_size"] == strconv.Itoa(len(nodes)) && stats["migrate_partitions_remaining"] == "0"
		up, err := strconv.ParseInt(stats["uptime"], 10, 64)
		if err != nil {
			return outlook{}, fmt.Errorf("node %s: uptime: %w", n.GetName(), err)
		}
		v.uptimes[n.GetName()] = up
	}
	return v, nil
}

// restarted reports whether a node has started again since it said old.
func (v *outlook) restarted(old map[string]int64) bool {
	for node, up := range v.uptimes {
		if before, known := old[node]; known && up < before {
			return true
		}
	}
	return false
}
