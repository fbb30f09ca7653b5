package audit

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/cluster"
)

// link is what XDR, which the Enterprise Edition ships records to other clusters
// with, does with the namespace.
type link struct {
	dc     string // the other cluster's name here
	values map[string]string
}

// askLinks asks what XDR ships. The Community Edition has none.
func askLinks(ask cluster.Ask, edition, namespace string) ([]link, error) {
	if strings.Contains(edition, "Community") {
		return nil, nil
	}
	const xdr = "get-config:context=xdr"
	replies, err := ask(xdr)
	if err != nil {
		return nil, err
	}
	pairs, err := cluster.PairsOf(replies, xdr)
	if err != nil {
		return nil, err
	}
	dcs, ok := pairs["dcs"]
	if !ok {
		return nil, fmt.Errorf("%w: no list of dcs", cluster.ErrUnreadable)
	}
	names := list(dcs)
	if len(names) > maxInfoLinks {
		return nil, fmt.Errorf("%w: %d dcs", cluster.ErrUnreadable, len(names))
	}
	var links []link
	for _, dc := range names {
		if !plain(dc) {
			return nil, fmt.Errorf("%w: dc %.100q", cluster.ErrUnreadable, dc) // it would go into a command
		}
		l, ok, err := askLink(ask, dc, namespace)
		if err != nil {
			return nil, err
		}
		if ok {
			links = append(links, l)
		}
	}
	return links, nil
}

// askLink asks for the link to one dc. Ok is false if it is none to a cluster, or
// does not ship the namespace.
func askLink(ask cluster.Ask, dc, namespace string) (l link, ok bool, err error) {
	command := "get-config:context=xdr;dc=" + dc
	within := command + ";namespace=" + namespace
	replies, err := ask(command)
	if err != nil {
		return link{}, false, err
	}
	pairs, err := cluster.PairsOf(replies, command)
	if err != nil {
		return link{}, false, err
	}
	namespaces, told := pairs["namespaces"]
	if !told {
		return link{}, false, fmt.Errorf("%w: no list of namespaces of %s", cluster.ErrUnreadable, dc)
	}
	if pairs["connector"] == "true" || !slices.Contains(list(namespaces), namespace) {
		return link{}, false, nil
	}
	if replies, err = ask(within); err != nil {
		return link{}, false, err
	}
	if pairs, err = cluster.PairsOf(replies, within); err != nil {
		return link{}, false, err
	}
	return link{dc, pairs}, true, nil
}

// ships reports whether the link ships records of the set, or of any if set is
// empty. What it does not say, it ships.
func (l *link) ships(set string) bool {
	switch {
	case l.values["enabled"] == "false", slices.Contains(list(l.values["ignored-sets"]), set):
		return false
	case set == "":
		return true
	case l.values["ship-only-specified-sets"] == "true":
		return slices.Contains(list(l.values["shipped-sets"]), set)
	}
	return true
}

// leavesOut returns one of the bins that the link does not ship, or "".
func (l *link) leavesOut(bins ...string) string {
	ignored, shipped := list(l.values["ignored-bins"]), list(l.values["shipped-bins"])
	for _, bin := range bins {
		switch policy := l.values["bin-policy"]; {
		case policy == "no-bins", slices.Contains(ignored, bin),
			policy == "changed-and-specified" && !slices.Contains(shipped, bin):
			return bin
		}
	}
	return ""
}
