package cluster

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// status is what the nodes of a cluster say of it.
type status struct {
	settled bool             // they are all there, agree and move nothing
	key     string           // of the cluster: another one after each change of its nodes
	uptimes map[string]int64 // of the nodes, in seconds
}

// statusOf asks all nodes that the client knows, each within limit. It fails if one
// of them does not answer.
func statusOf(ctx context.Context, client Client, limit time.Duration) (status, error) {
	nodes := client.GetNodes()
	if len(nodes) == 0 {
		return status{}, errors.New("no node is known")
	}
	v := status{settled: true, uptimes: make(map[string]int64, len(nodes))}
	for i, n := range nodes {
		stats, err := PairsAt(AskNode(ctx, n, limit), "statistics")
		if err != nil {
			return status{}, fmt.Errorf("node %s: %w", n.GetName(), err)
		}
		if i == 0 {
			v.key = stats["cluster_key"]
		}
		v.settled = v.settled && v.key != "" && stats["cluster_key"] == v.key &&
			stats["cluster_size"] == strconv.Itoa(len(nodes)) && stats["migrate_partitions_remaining"] == "0"
		up, err := strconv.ParseInt(stats["uptime"], 10, 64)
		if err != nil {
			return status{}, fmt.Errorf("node %s: uptime: %w", n.GetName(), err)
		}
		v.uptimes[n.GetName()] = up
	}
	return v, nil
}

// restarted reports whether a node has started again since it had the old uptime.
func (v *status) restarted(old map[string]int64) bool {
	for node, up := range v.uptimes {
		if before, known := old[node]; known && up < before {
			return true
		}
	}
	return false
}
