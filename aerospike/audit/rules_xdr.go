package audit

import "github.com/dovetail-crdt/dovetail/aerospike/internal/record"

const unreadableXDR = "it cannot be told what is shipped: let the client's user read the configuration"

// sharedRecord: XDR ships versions of a record and never merges them, so of two
// datacenters that write one record, one's updates are replaced. This is found on
// the side that ships; the side that receives does not show it. If it cannot be told
// what is shipped, it cannot be excluded.
func sharedRecord(j *judgement) {
	if j.facts.Layout != Single {
		return
	}
	const advice = "add the set to ignore-set of the dc, or keep a record per datacenter with Config.DC"
	if j.node.noLinks != "" {
		j.measure(Fatal, ofXDR+"dcs", j.node.noLinks, unreadableXDR)
	}
	for i := range j.node.links {
		l := &j.node.links[i]
		if l.ships(j.facts.Set) {
			j.link(Fatal, l, "ship-set", advice)
		}
	}
}

// partialRecord: a record per datacenter may be shipped in any way, late, twice or in
// an old version, but as a whole: the queue without the snapshot that it was folded
// into lacks what was folded, for readers elsewhere and for those who join it.
func partialRecord(j *judgement) {
	if j.facts.Layout != PerDatacenter {
		return
	}
	if j.node.noLinks != "" {
		j.measure(Info, ofXDR+"dcs", j.node.noLinks, unreadableXDR)
	}
	for i := range j.node.links {
		l := &j.node.links[i]
		if !l.ships(j.facts.Set) {
			continue
		}
		if bin := l.leavesOut(record.Bins()...); bin != "" {
			j.link(Fatal, l, "bin-policy", "ship all bins: it leaves out "+bin)
		}
		if _, ok := l.values["bin-policy"]; !ok {
			j.link(Info, l, "bin-policy", "not reported: look whether it is as it should be")
		}
	}
}

// link adds a finding about a link.
func (j *judgement) link(level Level, l *link, setting, advice string) {
	j.found = append(j.found, Finding{
		Level: level, Setting: ofXDR + l.dc + " " + setting, Value: brief(l.values[setting]), Node: j.node.node,
		Guarantee: j.guarantee, Advice: advice,
	})
}
