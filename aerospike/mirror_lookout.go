package aerospike

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	as "github.com/aerospike/aerospike-client-go/v7"
)

// lookout tells whether a cluster is the one that it was. A scan that ran while
// nodes came, went, started again or moved data may have missed anything, and what
// appears in such a change can be older than any scan reaches back: the version
// that wins when a split heals keeps its time. So each change begins an epoch, in
// which everything is scanned again.
type lookout struct {
	cluster MirrorCluster
	timeout time.Duration
	resumed string // the cluster key of a checkpoint
	ceiling *ceiling

	mu      sync.Mutex
	at      moment
	key     string
	uptimes map[string]int64
	limited bool // its limit is in the ceiling
}

// moment is what a lookout has seen: the epoch, and whether the cluster is settled,
// so that an epoch can be told of it at all. Epoch 0 is that of a cluster which was
// never seen settled.
type moment struct {
	epoch   uint64
	settled bool
}

// look asks all nodes of the cluster.
func (w *lookout) look(ctx context.Context) (moment, error) {
	if err := ctx.Err(); err != nil {
		return moment{}, err
	}
	w.mu.Lock() // during the questions too: a late answer must not replace a newer one
	defer w.mu.Unlock()
	v, err := w.ask()
	if err == nil && !w.limited {
		var limit int
		limit, err = w.recordLimit()
		w.ceiling.lower(limit)
		w.limited = err == nil
	}
	if err != nil {
		return moment{}, fmt.Errorf("aerospike: ask cluster %q how it is: %w", w.cluster.Name, err)
	}
	restarted := false
	for node, up := range v.uptimes {
		before, known := w.uptimes[node]
		restarted = restarted || known && up < before
	}
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

// resumedEpoch is the epoch of a cluster that is still as a checkpoint knew it.
const resumedEpoch = 1

// seen returns what the last look saw, and the cluster key of the epoch.
func (w *lookout) seen() (moment, string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.at, w.key
}

// outlook is what the nodes say: settled if they are all there, agree and move
// nothing.
type outlook struct {
	settled bool
	key     string
	uptimes map[string]int64
}

func (w *lookout) ask() (outlook, error) {
	nodes := w.cluster.Client.GetNodes()
	if len(nodes) == 0 {
		return outlook{}, errors.New("no node is known")
	}
	v := outlook{settled: true, uptimes: make(map[string]int64, len(nodes))}
	for i, n := range nodes {
		stats, err := nodeInfo(n, w.timeout, "statistics")
		if err != nil {
			return outlook{}, err
		}
		if i == 0 {
			v.key = stats["cluster_key"]
		}
		v.settled = v.settled && v.key != "" && stats["cluster_key"] == v.key &&
			stats["cluster_size"] == strconv.Itoa(len(nodes)) && stats["migrate_partitions_remaining"] == "0"
		up, err := strconv.ParseInt(stats["uptime"], 10, 64)
		if err != nil {
			return outlook{}, fmt.Errorf("uptime of node %s: %w", n.GetName(), err)
		}
		v.uptimes[n.GetName()] = up
	}
	return v, nil
}

// nodeInfo asks a node one thing that it answers as name=value;name=value.
func nodeInfo(n *as.Node, timeout time.Duration, command string) (map[string]string, error) {
	answers, aerr := n.RequestInfo(&as.InfoPolicy{Timeout: timeout}, command)
	if aerr != nil {
		return nil, aerr
	}
	text, ok := answers[command]
	if !ok { // the client tells so that it had no connection
		return nil, fmt.Errorf("node %s does not answer %q", n.GetName(), command)
	}
	values := make(map[string]string)
	for pair := range strings.SplitSeq(text, ";") {
		name, value, _ := strings.Cut(pair, "=")
		values[name] = value
	}
	return values, nil
}
