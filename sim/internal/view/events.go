package view

import (
	"cmp"
	"fmt"
	"slices"
)

// maxEvents is how many events the page lists as text.
const maxEvents = 500

// event is one line of the list of events.
type event struct {
	at    int64
	Time  string
	Where string
	What  string
	Reach string // for a write, when the others learnt of it
}

// events tells the run as text, in order of time: the writes and how long each
// took to reach the other replicas, partitions, crashes, and when the replicas
// became equal.
func events(r *Run, learnt [][]int64) []event {
	var list []event
	add := func(t int64, where, what, reach string) {
		if t <= r.Duration {
			list = append(list, event{t, clock(t), where, what, reach})
		}
	}
	for i, c := range r.Cuts {
		add(c.From, "network", "partition: "+sides(r, c), "")
		if c.To < r.Duration {
			add(c.To, "network", fmt.Sprintf("partition %d heals", i+1), "")
		}
	}
	for _, d := range r.Downs {
		add(d.From, r.Replicas[d.Replica].Name, "crashes", "")
		if d.To < r.Duration {
			add(d.To, r.Replicas[d.Replica].Name, "restarts", "")
		}
	}
	for i, o := range r.Ops {
		add(o.T, r.Replicas[o.Replica].Name, "writes "+o.Key+": "+o.Label, reachText(r, o, learnt[i]))
	}
	for i, s := range r.Divergence {
		if s.Distinct == 1 && i > 0 && r.Divergence[i-1].Distinct != 1 {
			add(s.T, "all replicas", "hold the same state", "")
		}
	}
	slices.SortStableFunc(list, func(a, b event) int { return cmp.Compare(a.at, b.at) })
	return list
}

// reachText says how long a write took to reach each other replica, or, where
// there are many, how long it took to reach the last.
func reachText(r *Run, o Op, learnt []int64) string {
	if len(learnt) < 2 {
		return ""
	}
	if len(learnt) > 6 {
		return reachAll(o, learnt)
	}
	text := ""
	for p, t := range learnt {
		if p == o.Replica {
			continue
		}
		if text != "" {
			text += ", "
		}
		if t == never {
			text += r.Replicas[p].Name + " not seen"
		} else {
			text += r.Replicas[p].Name + " +" + span(max(0, t-o.T))
		}
	}
	return text
}

func reachAll(o Op, learnt []int64) string {
	last, seen := int64(0), 0
	for p, t := range learnt {
		if p != o.Replica && t != never {
			last, seen = max(last, t-o.T), seen+1
		}
	}
	if seen < len(learnt)-1 {
		return fmt.Sprintf("%d of %d others", seen, len(learnt)-1)
	}
	return "all +" + span(last)
}
