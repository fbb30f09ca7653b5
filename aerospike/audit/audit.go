package audit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/cluster"
)

// Cluster asks every node of a cluster for its settings and returns those that take
// something away from what this package promises, the worst first. Nodes that agree
// share a finding. A setting that is needed and that a node does not report is a
// finding too, of level Info.
//
// Most settings can be changed at any time: audit at the start and every minute. It
// costs some three requests a node, one node after another. The context bounds it,
// to within one request; each has a second, or what is left until the deadline.
//
// A node that could not be asked, or not for everything, is an error, beside the
// findings about what could.
func Cluster(ctx context.Context, client Client, facts Facts) ([]Finding, error) {
	return Clusters(ctx, Target{Client: client, Facts: facts})
}

// Clusters is Cluster for all clusters that hold the same objects, and finds also what
// becomes wrong between them.
func Clusters(ctx context.Context, targets ...Target) ([]Finding, error) {
	if len(targets) == 0 {
		return nil, errors.New("audit of no cluster")
	}
	clusters := make([]audited, len(targets))
	var errs []error
	for i := range targets {
		t := targets[i]
		if t.Client == nil {
			return nil, errors.New("audit without a client")
		}
		if err := t.Facts.check(); err != nil {
			return nil, err
		}
		t.Facts.Clusters = max(t.Facts.Clusters, len(targets))
		nodes, err := askNodes(ctx, t.Client, &t.Facts)
		errs = append(errs, err)
		clusters[i] = audited{facts: t.Facts, nodes: nodes}
	}
	label(clusters)
	return judge(clusters), errors.Join(errs...)
}

// askNodes asks the nodes of a cluster. An answer of nil stands for a node that gave
// none.
func askNodes(ctx context.Context, client Client, f *Facts) ([]*nodeSettings, error) {
	nodes := client.GetNodes()
	if len(nodes) == 0 {
		return nil, errors.New("audit: the client knows no node")
	}
	answers := make([]*nodeSettings, len(nodes))
	var errs []error
	for i, node := range nodes {
		n, err := askNode(cluster.AskNode(ctx, node, cluster.InfoTime), node.GetName(), f)
		if err != nil {
			errs = append(errs, fmt.Errorf("audit of node %s: %w", node.GetName(), err))
		}
		answers[i] = n
	}
	return answers, errors.Join(errs...)
}

// judge returns what the rules find, in order. Nodes that are nil gave no answer.
func judge(clusters []audited) []Finding {
	var found []Finding
	for i := range clusters {
		c := &clusters[i]
		all := len(c.nodes)
		c.nodes = slices.DeleteFunc(slices.Clone(c.nodes), func(n *nodeSettings) bool { return n == nil })
		var here []Finding
		for _, n := range c.nodes {
			here = append(here, judgeNode(&c.facts, n)...)
		}
		for _, f := range mergeNodes(here, all) {
			f.Cluster = c.label
			found = append(found, f)
		}
	}
	return sorted(append(found, clusterRules(clusters)...))
}

// mergeNodes makes one finding of those that differ in the node alone, which names
// no node if all of them have it.
func mergeNodes(found []Finding, all int) []Finding {
	nodes := make(map[Finding][]string)
	for _, f := range found {
		node := f.Node
		f.Node = ""
		nodes[f] = append(nodes[f], node)
	}
	merged := make([]Finding, 0, len(nodes))
	for f, names := range nodes {
		slices.Sort(names)
		names = slices.Compact(names)
		if len(names) < all {
			f.Node = strings.Join(names, ",")
		}
		merged = append(merged, f)
	}
	return merged
}

// label names the clusters, each differently.
func label(clusters []audited) {
	taken := make(map[string]bool)
	for i := range clusters {
		c := &clusters[i]
		c.label = c.facts.Datacenter
		for _, n := range c.nodes {
			if n != nil {
				c.label = cmp.Or(c.label, n.cluster)
			}
		}
		number := strconv.Itoa(i + 1)
		if c.label = cmp.Or(c.label, number); taken[c.label] {
			c.label += " (" + number + ")"
		}
		taken[c.label] = true
	}
}
