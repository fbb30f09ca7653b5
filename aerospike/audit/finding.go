package audit

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// Level says what a Finding asks for.
type Level uint8

// The levels, from the least to the worst.
const (
	// Info is good to know: nothing that was promised is at stake, or it cannot be
	// told whether anything is.
	Info Level = iota
	// Warn is a promise that fails under some fault that clusters do have.
	Warn
	// Fatal is a promise that fails without any fault, or with nothing left that
	// could make up for it. Do not write to such a cluster.
	Fatal
)

// String returns "info", "warn" or "fatal".
func (l Level) String() string {
	switch l {
	case Info:
		return "info"
	case Warn:
		return "warn"
	case Fatal:
		return "fatal"
	}
	return fmt.Sprintf("Level(%d)", uint8(l))
}

// Finding is one setting of a server that takes something away from what this
// package promises. Findings are comparable.
type Finding struct {
	Level Level
	// Setting is the name that the namespace's settings and statistics have it under.
	// "set " before it says that it is one of the set, "node " that it is a
	// statistic of the node, "xdr " that it is one of a link to another cluster.
	Setting string
	// Value is what the server reports, or its first 200 bytes. Empty: it reports nothing, or nothing at
	// all is wrong with one value alone.
	Value string
	// Measured says that Value moves by itself, so that another value of it is no
	// news.
	Measured bool
	// Cluster is Facts.Datacenter, or else the cluster's name, or its number among
	// those asked. Empty: it lies between clusters.
	Cluster string
	// Node names the nodes of the cluster that have it, sorted, with commas between
	// them. Empty: all of them.
	Node string
	// Guarantee is what becomes false.
	Guarantee string
	// Advice is what to do.
	Advice string
}

// String returns the finding on one line, for a log.
func (f Finding) String() string {
	where := "between clusters"
	switch {
	case f.Cluster != "" && f.Node != "":
		where = "cluster " + f.Cluster + ", node " + f.Node
	case f.Cluster != "":
		where = "cluster " + f.Cluster
	}
	value := ""
	if f.Value != "" {
		value = "=" + oneLine(f.Value)
	}
	return fmt.Sprintf("%v: %s: %s%s: not promised: %s; %s", f.Level, where, f.Setting, value, f.Guarantee, f.Advice)
}

// oneLine returns the text, quoted if it is not printable as it is.
func oneLine(text string) string {
	if strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return strconv.Quote(text)
	}
	return text
}

// compare orders findings: the worst first, then by all that they say.
func (f Finding) compare(g Finding) int {
	return cmp.Or(
		cmp.Compare(g.Level, f.Level),
		cmp.Compare(f.Setting, g.Setting),
		cmp.Compare(f.Cluster, g.Cluster),
		cmp.Compare(f.Node, g.Node),
		cmp.Compare(f.Value, g.Value),
		cmp.Compare(f.Guarantee, g.Guarantee),
		cmp.Compare(f.Advice, g.Advice),
	)
}

// sorted returns the findings in their order, each once. It changes its argument.
func sorted(fs []Finding) []Finding {
	slices.SortFunc(fs, Finding.compare)
	return slices.Compact(fs)
}

// Changed returns the findings of after that before did not have, in their order:
// what a process that audits again and again has to say. What has ended is
// Changed(after, before). Compare with the last audit that came back without an
// error: one that could not ask a node misses what it said.
func Changed(before, after []Finding) []Finding {
	known := make(map[Finding]bool, len(before))
	for _, f := range before {
		known[f.standing()] = true
	}
	var fresh []Finding
	for _, f := range after {
		if !known[f.standing()] {
			fresh = append(fresh, f)
		}
	}
	return sorted(fresh)
}

// standing returns the finding without what moves by itself.
func (f Finding) standing() Finding {
	if f.Measured {
		f.Value = ""
	}
	return f
}
