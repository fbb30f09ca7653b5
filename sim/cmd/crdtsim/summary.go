package main

import (
	"bufio"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/dovetail-crdt/dovetail/sim"
	"github.com/dovetail-crdt/dovetail/sim/internal/view"
)

// rows is the summary as names and values.
func (d *summary) rows() []view.Row {
	return []view.Row{
		{Name: "operations", Value: fmt.Sprintf("%d, in %d transactions", d.Operations, d.Transactions)},
		{Name: "messages", Value: fmt.Sprintf("%d, %d bytes", d.Messages, d.Bytes)},
		{Name: "dropped", Value: fmt.Sprintf("%d lost on the way, %d at the partition", d.Dropped["lost"], d.Dropped["cut"])},
		{Name: "after the heal", Value: fmt.Sprintf("%d ms until every write made before it was everywhere", d.HealMillis)},
		{Name: "after the last write", Value: fmt.Sprintf("%d ms until all replicas were equal", d.SettleMillis)},
		{Name: "last-writer-wins per key", Value: fmt.Sprintf("would have lost %d of the %d transactions", d.LWWLost, d.Transactions)},
	}
}

func printSummary(w *bufio.Writer, d *summary) {
	fmt.Fprintln(w)
	for _, r := range d.rows() {
		fmt.Fprintf(w, "%-26s%s\n", r.Name, r.Value)
	}
}

// show says what an object holds in a few words.
func show(values map[string]string) string {
	var out []string
	for _, p := range slices.Sorted(maps.Keys(values)) {
		v := strings.TrimPrefix(values[p], "#")
		switch {
		case p == "":
			out = append(out, v)
		case v == "+":
			out = append(out, p)
		default:
			out = append(out, p+": "+v)
		}
	}
	if len(out) == 0 {
		return "(empty)"
	}
	return strings.Join(out, ", ")
}

// typeNames are how the picture names the types of the objects.
func typeName(key string) string {
	name, _, _ := strings.Cut(key, "/")
	switch name {
	case "cart":
		return "AWSet"
	case "stock":
		return "Counter"
	case "price":
		return "LWWRegister"
	case "memo":
		return "MVRegister"
	case "wallet":
		return "AWMap of AWMap of Counter"
	case "account":
		return "Doc"
	case "likes":
		return "PNCounter"
	default:
		return name
	}
}

// pageOf returns the picture of a run.
func pageOf(sc *sim.Scenario, r *sim.Result, d *summary) *view.Run {
	h := r.History
	page := &view.Run{
		Title:    "A partition, and nothing lost",
		Subtitle: fmt.Sprintf("%d regions take writes to the same objects; from %v to %v one of them is cut off", len(sc.Replicas), cutFrom, cutTo),
		Command:  fmt.Sprintf("go run ./sim/cmd/crdtsim -seed %d", sc.Seed),
		Seed:     sc.Seed, Duration: int64(r.End), Summary: d.rows(), Verdict: d.verdict(), OK: r.Converged,
	}
	writes := make([]int, len(sc.Replicas))
	for i, op := range h.Ops {
		writes[op.Replica]++
		page.Ops = append(page.Ops, view.Op{T: int64(op.At), Replica: op.Replica, Key: op.Key, Label: op.Label, ID: i})
	}
	for i, region := range sc.Replicas {
		page.Replicas = append(page.Replicas, view.Replica{Name: string(region), Writes: writes[i]})
	}
	for _, m := range h.Messages {
		if m.Arrived == 0 && (m.Fate == view.FateDelivered || m.Fate == view.FateDuplicate) {
			continue // on its way when the run ended
		}
		page.Messages = append(page.Messages, view.Message{
			From: m.From, To: m.To, Sent: int64(m.Sent), Arrived: int64(m.Arrived), Kind: m.Kind, Fate: m.Fate, Bytes: m.Bytes, Ops: m.Ops,
		})
	}
	for _, c := range sc.Cuts {
		page.Cuts = append(page.Cuts, view.Cut{From: int64(c.From), To: int64(c.To), Groups: c.Groups})
	}
	for _, x := range h.Distinct {
		page.Divergence = append(page.Divergence, view.Sample{T: int64(x.At), Distinct: x.N})
	}
	for _, key := range slices.Sorted(maps.Keys(d.Objects)) {
		page.Values = append(page.Values, view.Value{
			Key: key, Type: typeName(key), Value: show(d.Objects[key]), LWW: show(d.LastWriter[key]), Lost: d.lost[key],
		})
	}
	return page
}
