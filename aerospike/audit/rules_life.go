package audit

import "time"

// Rules about how long a record is there. Objects that never expire are written so,
// whatever the defaults are; these reach the records of others, and objects with a
// TTL.

// clockSkew: a scan asks each node for what changed since a time, by the node's own
// clock, and overlaps the one before by a margin. A node that is off by more leaves
// records out, which then wait for the audit of all records.
func clockSkew(j *judgement) {
	const skew = ofNode + "cluster_clock_skew_ms"
	if j.facts.Margin <= 0 {
		return
	}
	if ms, ok := j.number(skew); ok && ms > uint64(j.facts.Margin.Milliseconds()) {
		j.measure(Warn, skew, j.node.values[skew], "synchronize the nodes' clocks, or raise mirror.Config.Margin")
	}
}

// expiry: with nsup-period 0 the server refuses writes with a TTL. With
// allow-ttl-without-nsup it takes them and hides what has expired, but nobody
// removes it: older versions come back with a restart, or with a clock set back.
func expiry(j *judgement) {
	const period, allow = "nsup-period", "allow-ttl-without-nsup"
	if !j.facts.TTL {
		return
	}
	n, ok := j.number(period)
	allowed := j.is(allow, true)
	switch {
	case ok && n == 0 && allowed:
		j.find(Warn, period, "set it above 0: expired records are not removed")
	case ok && n == 0:
		j.find(Fatal, period, "set it above 0: writes with a TTL are refused")
	}
	if allowed {
		j.find(Warn, allow, "set it to false: without nsup, expired records may come back")
	}
}

// lifetime: these settings end a record's life at another time than its writer said.
// A default TTL ends records of writers who say nothing, a read touch prolongs life,
// eviction ends it early, and without apply-ttl-reductions, which is on by default, a
// shorter life than before is not taken.
func lifetime(j *judgement) {
	level := j.ifTTL(Warn)
	for _, name := range []string{"default-ttl", "default-read-touch-ttl-pct"} {
		if j.positive(name) {
			j.find(level, name, "set it to 0")
		}
		if j.facts.Set != "" && !j.node.noSet && j.positive(ofSet+name) {
			j.find(level, ofSet+name, "set it to 0")
		}
	}
	const reductions = "apply-ttl-reductions"
	if j.is(reductions, false) {
		j.find(level, reductions, "set it to true")
	}
	for _, name := range j.positives("storage-engine.evict-used-pct", "high-water-disk-pct") {
		j.find(level, name, "set it to 0")
	}
	for _, name := range j.positives("evict-indexes-memory-pct", "evict-sys-memory-pct", "high-water-memory-pct") {
		j.find(level, name, "set it to 0")
	}
}

// truncation: truncating deletes records, and with them the contexts that keep
// removed elements away. It is not shipped: other clusters still have the objects,
// and merge them back, or merge back what was removed.
func truncation(j *judgement) {
	names := []string{"truncate_lut"}
	if j.facts.Set != "" && !j.node.noSet {
		names = append(names, ofSet+"truncate_lut")
	}
	for _, name := range names {
		switch ms, ok := j.number(name); {
		case !ok || ms == 0:
		case citrusleaf(ms).Before(j.facts.Started):
			j.find(Info, name, "truncated "+when(ms)+", before the start")
		default:
			j.find(Warn, name, "truncated "+when(ms)+": do it in every cluster at once, with all writers stopped")
		}
	}
}

// citrusleaf returns the time that the server counts in milliseconds since 2010.
func citrusleaf(ms uint64) time.Time {
	const epoch = 1262304000
	return time.UnixMilli(int64(min(ms, 1<<48)) + epoch*1000).UTC()
}

func when(ms uint64) string { return citrusleaf(ms).Format(time.RFC3339) }

// expunge: in strong consistency a record is deleted with a tombstone, unless this
// allows to do without, and then an older version may come back. The engine never
// deletes; others who clean up may.
func expunge(j *judgement) {
	const allow = "strong-consistency-allow-expunge"
	if j.is(allow, true) {
		j.find(Warn, allow, "set it to false")
	}
}
