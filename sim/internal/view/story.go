package view

import (
	"fmt"
	"strings"
)

// story tells the run in plain words.
func story(r *Run) string {
	parts := []string{storyWrites(r)}
	if s := storyCuts(r); s != "" {
		parts = append(parts, s)
	}
	if s := storyDowns(r); s != "" {
		parts = append(parts, s)
	}
	if s := storyMessages(r); s != "" {
		parts = append(parts, s)
	}
	if s := storyEnd(r); s != "" {
		parts = append(parts, s)
	}
	return strings.Join(parts, " ")
}

func storyWrites(r *Run) string {
	takers := some(len(r.Replicas), "replica")
	if n := len(r.Replicas); n > 1 && n <= 5 {
		all := make([]string, n)
		for i, p := range r.Replicas {
			all[i] = p.Name
		}
		takers += " (" + strings.Join(all, ", ") + ")"
	}
	return fmt.Sprintf("%s took %s in %s.", takers, some(writes(r), "write"), span(r.Duration))
}

// writes counts the run's writes: those drawn, or those the replicas report
// if some were left out of the picture.
func writes(r *Run) int {
	total := 0
	for _, p := range r.Replicas {
		total += p.Writes
	}
	return max(total, len(r.Ops))
}

func storyCuts(r *Run) string {
	switch n := len(r.Cuts); n {
	case 0:
		return ""
	case 1:
		c := r.Cuts[0]
		what := "split the network into " + sides(r, c)
		if len(c.Groups) == 2 {
			a, b := c.Groups[0], c.Groups[1]
			if len(a) > len(b) {
				a, b = b, a
			}
			what = "cut " + who(r, a) + " off from " + who(r, b)
		}
		if c.To >= r.Duration {
			return fmt.Sprintf("From %s to the end a partition %s.", span(c.From), what)
		}
		return fmt.Sprintf("From %s to %s a partition %s.", span(c.From), span(c.To), what)
	default:
		first, last := r.Cuts[0].From, r.Cuts[0].To
		for _, c := range r.Cuts {
			first, last = min(first, c.From), max(last, c.To)
		}
		return fmt.Sprintf("The network was partitioned %s times between %s and %s.", count(n), span(first), span(min(last, r.Duration)))
	}
}

// who names replicas, or counts them where there are many.
func who(r *Run, replicas []int) string {
	if len(replicas) > 4 {
		return some(len(replicas), "replica")
	}
	return and(names(r, replicas))
}

func storyDowns(r *Run) string {
	switch len(r.Downs) {
	case 0:
		return ""
	case 1:
		d := r.Downs[0]
		name := r.Replicas[d.Replica].Name
		if d.To >= r.Duration {
			return fmt.Sprintf("%s crashed at %s.", name, span(d.From))
		}
		return fmt.Sprintf("%s crashed and was down for %s.", name, span(d.To-d.From))
	default:
		return fmt.Sprintf("There were %s crashes.", count(len(r.Downs)))
	}
}

func storyMessages(r *Run) string {
	if len(r.Messages) == 0 {
		return ""
	}
	by := make(map[string]int)
	for i := range r.Messages {
		by[r.Messages[i].Fate]++
	}
	var what []string
	add := func(fate, words string) {
		if n := by[fate]; n > 0 {
			what = append(what, count(n)+" "+words)
		}
	}
	add(FateLost, "were lost")
	if len(r.Cuts) == 1 {
		add(FateCut, "were stopped by the partition")
	} else {
		add(FateCut, "were stopped by partitions")
	}
	add(FateDown, "found the receiver down")
	add(FateDuplicate, "were second copies")
	if len(what) == 0 && len(r.Messages) == 1 {
		return "The only message arrived."
	}
	if len(what) == 0 {
		return fmt.Sprintf("All %s arrived.", some(len(r.Messages), "message"))
	}
	return fmt.Sprintf("Of %s %s.", some(len(r.Messages), "message"), and(what))
}

func storyEnd(r *Run) string {
	n := len(r.Divergence)
	if n == 0 || len(r.Replicas) < 2 {
		return ""
	}
	if d := r.Divergence[n-1].Distinct; d != 1 {
		return fmt.Sprintf("At the end the replicas held %s.", some(d, "different state"))
	}
	since := n - 1
	for since > 0 && r.Divergence[since-1].Distinct == 1 {
		since--
	}
	return fmt.Sprintf("From %s to the end all replicas held the same state.", span(r.Divergence[since].T))
}
