package audit

import (
	"errors"
	"fmt"
	"strings"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/cluster"
)

// nodeSettings is what one node reports.
type nodeSettings struct {
	node    string // its id, which the client knows it by
	cluster string // the cluster's name, or ""
	edition string // "" if it does not say

	// values are the settings and statistics: the namespace's by name, and others
	// after one of the prefixes below. The set's are missing if nobody has written
	// or configured the set.
	values map[string]string
	// noSet says so.
	noSet bool

	links   []link // XDR's to other clusters, of this namespace
	noLinks string // why links says nothing, or ""
}

// What stands before the name of a value that is not the namespace's.
const (
	ofSet  = "set "
	ofNode = "node "
	ofXDR  = "xdr "
)

// askNode asks a node for all that rules look at. It returns nil if the node does not
// answer, or says nothing of the namespace. Otherwise what cannot be read is missing,
// and err says why.
func askNode(ask cluster.Ask, node string, f *Facts) (*nodeSettings, error) {
	namespace, set, stats := "namespace/"+f.Namespace, "sets/"+f.Namespace+"/"+f.Set, "statistics"
	commands := []string{namespace, stats, "edition", "cluster-name"}
	if f.Set != "" {
		commands = append(commands, set)
	}
	replies, err := ask(commands...)
	if err != nil {
		return nil, err
	}
	n := &nodeSettings{node: node}
	if n.values, err = cluster.PairsOf(replies, namespace); err != nil {
		return nil, err
	}
	n.edition = replies["edition"]
	if name := replies["cluster-name"]; name != "null" && !cluster.Refused(name) {
		n.cluster = name
	}
	var errs []error
	pairs, err := cluster.PairsOf(replies, stats)
	errs = append(errs, err)
	n.add(ofNode, pairs)
	if f.Set != "" {
		errs = append(errs, n.addSet(replies, set))
	}
	n.links, err = askLinks(ask, n.edition, f.Namespace)
	if errors.Is(err, cluster.ErrUnreadable) {
		n.noLinks, err = err.Error(), nil // a finding, which is not to pass with the next attempt
	}
	if err != nil {
		return nil, err
	}
	return n, errors.Join(errs...)
}

func (n *nodeSettings) add(prefix string, pairs map[string]string) {
	for name, value := range pairs {
		n.values[prefix+name] = value
	}
}

func (n *nodeSettings) addSet(replies map[string]string, command string) error {
	text, err := cluster.Reply(replies, command)
	if err != nil {
		return fmt.Errorf("%s: %w", command, err)
	}
	pairs, ok, err := parseSet(text)
	if err != nil {
		return fmt.Errorf("%s: %w", command, err)
	}
	n.noSet = !ok
	n.add(ofSet, pairs)
	return nil
}

// is reports whether the value is reported to be true.
func (n *nodeSettings) is(setting string) bool { return n.values[setting] == "true" }

// lasting reports whether the namespace's storage outlives the process: memory does
// with a file or a device behind it.
func (n *nodeSettings) lasting() bool {
	kind := n.values["storage-engine"]
	if kind != "memory" {
		return kind != ""
	}
	for name := range n.values {
		if strings.HasPrefix(name, "storage-engine.file[") || strings.HasPrefix(name, "storage-engine.device[") {
			return true
		}
	}
	return false
}
