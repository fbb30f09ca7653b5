package audit

import (
	"slices"
	"strconv"
)

// audited is a cluster with what its nodes reported.
type audited struct {
	facts Facts
	label string // Finding.Cluster
	nodes []*nodeSettings
}

// clusterRules returns what several clusters together take away. Findings between
// two clusters name the later one in their value.
func clusterRules(clusters []audited) []Finding {
	found := recordSizes(clusters)
	for i := range clusters {
		for j := range i {
			found = append(found, sameCluster(&clusters[j], &clusters[i])...)
			found = append(found, sameDatacenter(&clusters[j], &clusters[i])...)
		}
	}
	return found
}

const (
	recordLimit     = "max-record-size"
	copiesGuarantee = "every record that one cluster takes can be copied to each other one"
	writerGuarantee = "a record has a single writer"
)

// recordSizes: a record that one cluster took and another refuses never arrives
// there, and all later changes of it neither. The limit everywhere is the smallest of
// all nodes of all clusters, so it does not matter if no record comes near it.
func recordSizes(clusters []audited) []Finding {
	var found []Finding
	smallest, largest, record := ^uint64(0), uint64(0), 0
	for i := range clusters {
		c := &clusters[i]
		record = max(record, c.facts.RecordSize)
		for _, n := range c.nodes {
			j := &judgement{facts: &c.facts, node: n, guarantee: copiesGuarantee}
			if limit, ok := j.recordSize(); ok {
				smallest, largest = min(smallest, limit), max(largest, limit)
			}
			for _, f := range j.found {
				f.Cluster = c.label
				found = append(found, f)
			}
		}
	}
	f := Finding{
		Level: Fatal, Setting: recordLimit, Guarantee: copiesGuarantee,
		Value:  strconv.FormatUint(smallest, 10) + " to " + strconv.FormatUint(largest, 10),
		Advice: "take the same everywhere, or keep Config.RecordSize below the smallest",
	}
	switch fits := record > 0 && uint64(record) <= smallest; {
	case smallest < largest && fits:
		f.Level, f.Advice = Info, "no record is larger than the smallest"
	case smallest < largest:
	case record > 0 && !fits:
		f.Level, f.Guarantee = Warn, "a record may be as large as the engine makes it"
		f.Value = strconv.FormatUint(smallest, 10)
		f.Advice = "set it to " + strconv.Itoa(record) + " or more"
	default:
		return found
	}
	return append(found, f)
}

// recordSize returns the largest record that the node takes. Servers before 7.1
// say 0 and take what fits into a block.
func (j *judgement) recordSize() (limit uint64, ok bool) {
	limit, ok = j.number(recordLimit)
	if ok && limit == 0 {
		return j.number("storage-engine.write-block-size")
	}
	return limit, ok
}

// sameCluster: two connections to one cluster are taken for two clusters: a mirror
// copies it to itself, and what is counted as a second copy is none. Node ids come
// from network addresses and may be shared by clusters that never meet, and names are
// often left as they are; together they tell.
func sameCluster(a, b *audited) []Finding {
	for _, n := range b.nodes {
		same := func(m *nodeSettings) bool { return m.node == n.node && m.cluster == n.cluster }
		if slices.ContainsFunc(a.nodes, same) {
			return []Finding{{
				Level: Fatal, Setting: "cluster-name", Value: n.cluster, Cluster: a.label, Node: n.node,
				Guarantee: writerGuarantee,
				Advice:    "it is also cluster " + b.label + ": connect to two clusters, or give each a name of its own",
			}}
		}
	}
	return nil
}

// sameDatacenter: two datacenters with one id write the same records, each as if it
// were alone there.
func sameDatacenter(a, b *audited) []Finding {
	id := a.facts.Datacenter
	per := a.facts.Layout == PerDatacenter || b.facts.Layout == PerDatacenter
	if id != b.facts.Datacenter || (id == "" && !per) {
		return nil
	}
	return []Finding{{
		Level: Fatal, Setting: "Datacenter", Value: id, Guarantee: writerGuarantee,
		Advice: "give each datacenter a Config.DC of its own",
	}}
}
