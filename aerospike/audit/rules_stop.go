package audit

import "strconv"

// near is how many percent before a threshold that stops writes is worth a word.
const near = 10

// stopWrites: a node that takes no writes, or only some, makes updates fail and
// copies from other clusters wait. Thresholds are on by default, and a finding only
// when they are reached or near.
func stopWrites(j *judgement) {
	for _, s := range []struct{ name, advice string }{
		{"stop_writes", "make room"},
		{"clock_skew_stop_writes", "synchronize the nodes' clocks"},
		{"reject-non-xdr-writes", "set it to false"},
		{"reject-xdr-writes", "set it to false"},
	} {
		if j.is(s.name, true) {
			j.find(Warn, s.name, s.advice)
		}
	}
	if j.facts.Set != "" && !j.node.noSet {
		for _, name := range []string{ofSet + "stop-writes-count", ofSet + "stop-writes-size"} {
			if j.positive(name) {
				j.find(Warn, name, "set it to 0")
			}
		}
	}
	j.threshold("storage-engine.stop-writes-used-pct", "data_used_pct", false)
	j.threshold("storage-engine.stop-writes-avail-pct", "data_avail_pct", true)
	j.threshold("stop-writes-sys-memory-pct", ofNode+"system_free_mem_pct", false)
}

// threshold finds that what is used is near the threshold, or what is free if below
// says that writes stop below it. Memory is reported as free and limited as used.
func (j *judgement) threshold(setting, measured string, below bool) {
	limit, ok := j.number(setting)
	if !ok || limit == 0 {
		return // 0 turns it off
	}
	now, ok := j.number(measured)
	if !ok {
		return
	}
	if measured == ofNode+"system_free_mem_pct" {
		now = 100 - min(now, 100)
	}
	if (below && now <= limit+near) || (!below && now+near >= limit) {
		j.measure(Warn, setting, j.node.values[setting]+" at "+strconv.FormatUint(now, 10), "make room")
	}
}
