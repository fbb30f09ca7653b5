package view

import "slices"

// maxLinks is how many links the page lists.
const maxLinks = 100

// link sums up the messages from one replica to another.
type link struct {
	From, To                                           string
	Sent, Delivered, Lost, Cut, Duplicate, Down, Stale string
	Delay                                              string // median of those that arrived
	Bytes                                              string
}

// links returns the links that carried messages, by sender and receiver.
func links(r *Run) []link {
	n := len(r.Replicas)
	type tally struct {
		fates  map[string]int
		bytes  int
		delays []int64
	}
	all := make(map[int]*tally)
	for i := range r.Messages {
		m := &r.Messages[i]
		k := m.From*n + m.To
		t := all[k]
		if t == nil {
			t = &tally{fates: make(map[string]int)}
			all[k] = t
		}
		t.fates[m.Fate]++
		t.bytes += m.Bytes
		if m.arrives() {
			t.delays = append(t.delays, m.Arrived-m.Sent)
		}
	}
	var list []link
	for k := range n * n {
		t := all[k]
		if t == nil {
			continue
		}
		l := link{From: r.Replicas[k/n].Name, To: r.Replicas[k%n].Name, Delay: "–", Bytes: size(t.bytes)}
		sent := 0
		for _, c := range t.fates {
			sent += c
		}
		l.Sent = count(sent)
		l.Delivered = count(t.fates[FateDelivered])
		l.Lost = count(t.fates[FateLost])
		l.Cut = count(t.fates[FateCut])
		l.Duplicate = count(t.fates[FateDuplicate])
		l.Down = count(t.fates[FateDown])
		l.Stale = count(t.fates[FateStale])
		if len(t.delays) > 0 {
			slices.Sort(t.delays)
			l.Delay = span(t.delays[len(t.delays)/2])
		}
		list = append(list, l)
	}
	return list
}
