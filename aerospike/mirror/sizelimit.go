package mirror

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/cluster"
	"github.com/dovetail-crdt/dovetail/aerospike/internal/record"
)

// sizeLimit is what a snapshot may have in every cluster: what one cluster took and
// another refuses could never be the same in both. Clusters that have not answered
// yet are not in it; a link is not used before both of its ends are. 0: nothing is
// known.
type sizeLimit struct{ size atomic.Int64 }

// lower takes in a size, if it is one.
func (c *sizeLimit) lower(size int) {
	for {
		old := c.size.Load()
		if size <= 0 || old > 0 && old <= int64(size) || c.size.CompareAndSwap(old, int64(size)) {
			return
		}
	}
}

func (c *sizeLimit) get() int { return int(c.size.Load()) }

// recordLimit returns what the namespace's max-record-size leaves for a snapshot, on
// every node.
func (p *peer) recordLimit(ctx context.Context) (int, error) {
	nodes := p.cluster.Client.GetNodes()
	if len(nodes) == 0 {
		return 0, errors.New("no node is known")
	}
	limit := 0
	for _, n := range nodes {
		ns, err := cluster.PairsAt(cluster.AskNode(ctx, n, p.timeout), "namespace/"+p.cluster.Namespace)
		if err != nil {
			return 0, err
		}
		text := ns["max-record-size"]
		if text == "" {
			text = ns["storage-engine.write-block-size"] // what stood for it before version 7.1
		}
		size, err := strconv.Atoi(text)
		if err != nil || size < 2*record.Overhead {
			return 0, fmt.Errorf("namespace %q: max-record-size %q", p.cluster.Namespace, text)
		}
		if limit == 0 || size < limit {
			limit = size
		}
	}
	return limit - record.Overhead, nil
}
