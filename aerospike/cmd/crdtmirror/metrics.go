package main

import (
	"bufio"
	"fmt"
	"strconv"
	"strings"

	"github.com/dovetail-crdt/dovetail/aerospike/mirror"
)

// writeMetrics writes the figures in Prometheus' text format.
func writeMetrics(b *bufio.Writer, s *mirror.Stats) {
	metric(b, "record_size_bytes", "gauge", "what a snapshot may have in every cluster", one(float64(s.RecordSize)))

	type c = mirror.ClusterStats
	cluster := figures(s.Clusters, func(c *c) string { return labels("cluster", c.Name) })
	metric(b, "cluster_settled", "gauge", "1 if the cluster was whole and moved nothing at the last look",
		cluster(func(c *c) float64 { return oneIf(c.Settled) }))
	metric(b, "cluster_epoch", "counter", "changes of the cluster",
		cluster(func(c *c) float64 { return float64(c.Epoch) }))
	metric(b, "cluster_concurrency", "gauge", "operations that it takes at a time",
		cluster(func(c *c) float64 { return float64(c.Concurrency) }))
	metric(b, "cluster_incomplete_objects", "gauge", "objects that lack a block there",
		cluster(func(c *c) float64 { return float64(c.Incomplete) }))
	metric(b, "cluster_blocks_total", "counter", "blocks written there: copied or put back",
		cluster(func(c *c) float64 { return float64(c.Blocks) }))

	type d = mirror.DirectionStats
	direction := figures(s.Directions, func(d *d) string { return labels("from", d.From, "to", d.To) })
	metric(b, "lag_seconds", "gauge", "age of the oldest change known not to have arrived",
		direction(func(d *d) float64 { return d.Lag.Seconds() }))
	metric(b, "behind_seconds", "gauge", "what was written longer ago has arrived, or is in the lag",
		direction(func(d *d) float64 { return d.Behind.Seconds() }))
	metric(b, "stuck_objects", "gauge", "objects that cannot be copied, for whatever reason",
		direction(func(d *d) float64 { return float64(d.Stuck) }))
	metric(b, "damaged_objects", "gauge", "stuck objects with parts that cannot be read",
		direction(func(d *d) float64 { return float64(d.Damaged) }))
	metric(b, "too_large_objects", "gauge", "stuck objects of which both clusters together have more than fits into a record",
		direction(func(d *d) float64 { return float64(d.TooLarge) }))
	metric(b, "incomplete_objects", "gauge", "stuck objects that lack a block in one of the clusters",
		direction(func(d *d) float64 { return float64(d.Incomplete) }))
	metric(b, "foreign_records", "gauge", "records in the sets that somebody else wrote",
		direction(func(d *d) float64 { return float64(d.Foreign) }))
	metric(b, "scans_total", "counter", "scans for changes",
		direction(func(d *d) float64 { return float64(d.Scans) }))
	metric(b, "failed_scans_total", "counter", "scans in which something failed",
		direction(func(d *d) float64 { return float64(d.Failed) }))
	metric(b, "examined_objects_total", "counter", "objects read on both sides",
		direction(func(d *d) float64 { return float64(d.Examined) }))
	metric(b, "copied_objects_total", "counter", "writes",
		direction(func(d *d) float64 { return float64(d.Copied) }))
	metric(b, "copied_bytes_total", "counter", "bytes written",
		direction(func(d *d) float64 { return float64(d.Bytes) }))

	type a = mirror.AuditStats
	audit := figures(s.Audits, func(a *a) string { return labels("a", a.A, "b", a.B) })
	metric(b, "audit_passes_total", "counter", "comparisons of all records",
		audit(func(a *a) float64 { return float64(a.Passes) }))
	metric(b, "audit_pass_seconds", "gauge", "what the last pass took",
		audit(func(a *a) float64 { return a.Last.Seconds() }))
	metric(b, "audit_missed_partitions", "gauge", "partitions that the last pass could not compare",
		audit(func(a *a) float64 { return float64(a.Missed) }))
	metric(b, "audit_part", "gauge", "how much of the present pass is done",
		audit(func(a *a) float64 { return a.Part }))
	metric(b, "audit_loaded_objects_total", "counter", "objects not known to be equal, and loaded",
		audit(func(a *a) float64 { return float64(a.Differed) }))
}

// figures returns what makes samples of one figure that each of the parts has, under
// the part's labels.
func figures[T any](parts []T, labels func(*T) string) func(figure func(*T) float64) []sample {
	return func(figure func(*T) float64) (out []sample) {
		for i := range parts {
			out = append(out, sample{labels(&parts[i]), figure(&parts[i])})
		}
		return out
	}
}

// sample is a value under labels.
type sample struct {
	labels string
	value  float64
}

func one(v float64) []sample { return []sample{{value: v}} }

func oneIf(v bool) float64 {
	if v {
		return 1
	}
	return 0
}

func metric(b *bufio.Writer, name, kind, help string, samples []sample) {
	name = "crdtmirror_" + name
	fmt.Fprintf(b, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind)
	for _, s := range samples {
		fmt.Fprintf(b, "%s%s %s\n", name, s.labels, strconv.FormatFloat(s.value, 'g', -1, 64))
	}
}

// labels writes names and values in turn as labels.
func labels(pairs ...string) string {
	escape := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)
	var out []string
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, pairs[i]+`="`+escape.Replace(pairs[i+1])+`"`)
	}
	return "{" + strings.Join(out, ",") + "}"
}
