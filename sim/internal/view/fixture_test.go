package view

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

const ms = int64(time.Millisecond)

// fixture is a small simulation that makes a run to look at: replicas that
// push to each other every now and then the writes the other has not
// acknowledged, over a network that loses, doubles and cuts off messages.
type fixture struct {
	run    Run
	rng    *rand.Rand
	known  []map[int]bool   // by replica, IDs of the writes it knows
	acked  [][]map[int]bool // by replica and peer, writes the peer is known to have
	states int
	agenda []arrival
	facts  map[int]fact
	bases  map[[2]int]int64 // latency by link
}

type arrival struct {
	at  int64
	msg int
}

// fact is what a write did, to work out the final values from.
type fact struct {
	key, kind string
	item      string
	amount    int
	sees      map[int]bool // writes the replica knew when it made this one
}

// demo is the run of three regions used to look at the page.
func demo() *Run {
	f := newFixture(42, 12_000*ms, "dallas", "frankfurt", "tokyo")
	f.run.Title = "Three regions through a partition"
	f.run.Subtitle = "Carts, stock, ledger and flags, pushed as deltas every 78 ms over links that lose one message in ten"
	f.run.Command = "go run ./cmd/dovetail-sim -scenario partition -seed 42 -html run.html"
	f.run.Cuts = []Cut{{4_000 * ms, 8_000 * ms, [][]int{{2}, {0, 1}}}}
	f.play(70*ms, 10_300*ms, 78*ms)
	return f.finish()
}

// crowd is a run of many replicas with three-way partitions and crashes.
func crowd() *Run {
	f := newFixture(7, 9_000*ms, "ams-1", "ams-2", "dfw-1", "dfw-2", "nrt-1", "nrt-2", "gru-1", "gru-2", "syd-1")
	f.run.Title = "Nine replicas, three-way partition, two crashes"
	f.run.Cuts = []Cut{
		{1_500 * ms, 3_500 * ms, [][]int{{0, 1, 6, 7}, {2, 3}, {4, 5, 8}}},
		{3_000 * ms, 4_800 * ms, [][]int{{0, 1, 2, 3, 4, 5, 6, 7}, {8}}},
		{6_000 * ms, 6_300 * ms, [][]int{{0, 1}, {2, 3, 4, 5, 6, 7, 8}}},
	}
	f.run.Downs = []Down{{3, 2_000 * ms, 3_100 * ms}, {6, 5_200 * ms, 9_000 * ms}}
	f.play(30*ms, 7_000*ms, 150*ms)
	return f.finish()
}

// heavy is a run of a hundred thousand messages.
func heavy() *Run {
	f := newFixture(3, 600_000*ms, "dallas", "frankfurt", "tokyo", "sydney")
	f.run.Title = "Ten minutes, 100,000 messages"
	for t := int64(60_000); t < 600_000; t += 120_000 {
		f.run.Cuts = append(f.run.Cuts, Cut{t * ms, (t + 20_000) * ms, [][]int{{2, 3}, {0, 1}}})
	}
	f.play(500*ms, 595_000*ms, 60*ms)
	return f.finish()
}

func newFixture(seed uint64, duration int64, names ...string) *fixture {
	f := &fixture{rng: rand.New(rand.NewPCG(seed, 1)), states: 1, facts: make(map[int]fact), bases: make(map[[2]int]int64)}
	f.run.Seed, f.run.Duration = seed, duration
	for i, n := range names {
		f.run.Replicas = append(f.run.Replicas, Replica{Name: n, Region: n})
		f.known = append(f.known, make(map[int]bool))
		f.acked = append(f.acked, nil)
		for j := range names {
			f.acked[i] = append(f.acked[i], make(map[int]bool))
			f.bases[[2]int{min(i, j), max(i, j)}] = int64(35+30*(i+j)) * ms
		}
	}
	f.run.Divergence = []Sample{{0, 1}}
	return f
}

// play lets replicas write about every gap until the given time and push every
// period until the end.
func (f *fixture) play(gap, writeUntil, period int64) {
	n := len(f.run.Replicas)
	nextWrite := gap
	nextPush := make([]int64, n)
	for i := range nextPush {
		nextPush[i] = period * int64(i+1) / int64(n)
	}
	for {
		t, who := nextWrite, -1
		for i, p := range nextPush {
			if p < t {
				t, who = p, i
			}
		}
		if len(f.agenda) > 0 && f.agenda[0].at <= t {
			a := f.agenda[0]
			f.agenda = f.agenda[1:]
			if a.at > f.run.Duration {
				return
			}
			f.receive(a)
			continue
		}
		if t > f.run.Duration {
			return
		}
		if who >= 0 {
			f.push(t, who)
			nextPush[who] = t + period*(80+f.rng.Int64N(40))/100
			continue
		}
		f.write(t, f.rng.IntN(n))
		if nextWrite = t + gap*(30+f.rng.Int64N(140))/100; nextWrite > writeUntil {
			nextWrite = f.run.Duration + 1
		}
	}
}

var (
	carts = []string{"cart/ann", "cart/ben", "cart/mia"}
	items = []string{"milk", "bread", "olive oil", "coffee", "rice", "pears"}
	skus  = []string{"stock/sku-1042", "stock/sku-7718"}
	purse = []string{"ledger/acme", "ledger/zenith"}
)

func (f *fixture) write(t int64, at int) {
	if f.down(at, t) {
		return
	}
	id := len(f.run.Ops) + 1
	w := fact{sees: maps.Clone(f.known[at])}
	label := ""
	switch k := f.rng.IntN(10); {
	case k < 4:
		w.key, w.kind, w.item, w.amount = carts[f.rng.IntN(len(carts))], "ORMap", items[f.rng.IntN(len(items))], 1
		label = "add " + w.item
	case k < 6:
		w.key, w.kind, w.amount = skus[f.rng.IntN(len(skus))], "PNCounter", -1-f.rng.IntN(3)
		label = fmt.Sprintf("reserve %d", -w.amount)
	case k < 9:
		w.key, w.kind, w.amount = purse[f.rng.IntN(len(purse))], "PNCounter", (1+f.rng.IntN(40))*5
		label = fmt.Sprintf("credit %d", w.amount)
	default:
		w.key, w.kind, w.item, w.amount = "flag/free-shipping", "EWFlag", "on", 0
		label = "enable"
	}
	f.facts[id] = w
	f.known[at][id] = true
	f.run.Ops = append(f.run.Ops, Op{t, at, w.key, label, id})
	f.run.Replicas[at].Writes++
	f.sample(t)
}

func (f *fixture) push(t int64, from int) {
	if f.down(from, t) {
		return
	}
	for to := range f.run.Replicas {
		if to == from {
			continue
		}
		var ops []int
		for id := range f.known[from] {
			if !f.acked[from][to][id] {
				ops = append(ops, id)
			}
		}
		if len(ops) == 0 && f.rng.IntN(3) > 0 {
			continue
		}
		slices.Sort(ops)
		kind := "push"
		if len(ops) == 0 {
			kind = "hello"
		}
		f.send(t, from, to, kind, 40+len(ops)*31, ops)
	}
}

func (f *fixture) send(t int64, from, to int, kind string, size int, ops []int) {
	at := t + f.bases[[2]int{min(from, to), max(from, to)}]*(85+f.rng.Int64N(50))/100
	m := Message{From: from, To: to, Sent: t, Arrived: at, Kind: kind, Fate: FateDelivered, Bytes: size, Ops: ops}
	switch {
	case f.apart(from, to, t):
		m.Fate, m.Arrived = FateCut, 0
	case f.rng.IntN(10) == 0:
		m.Fate, m.Arrived = FateLost, 0
	case f.down(to, at):
		m.Fate = FateDown
	default:
		f.schedule(at)
	}
	f.run.Messages = append(f.run.Messages, m)
	if m.Fate == FateDelivered && f.rng.IntN(30) == 0 {
		m.Fate, m.Arrived = FateDuplicate, at+(10+f.rng.Int64N(120))*ms
		f.schedule(m.Arrived)
		f.run.Messages = append(f.run.Messages, m)
	}
}

// schedule puts the arrival of the message about to be appended on the agenda.
func (f *fixture) schedule(at int64) {
	i, _ := slices.BinarySearchFunc(f.agenda, at, func(a arrival, t int64) int {
		return cmp.Or(cmp.Compare(a.at, t), -1)
	})
	f.agenda = slices.Insert(f.agenda, i, arrival{at, len(f.run.Messages)})
}

func (f *fixture) receive(a arrival) {
	m := f.run.Messages[a.msg]
	if f.down(m.To, a.at) {
		f.run.Messages[a.msg].Fate = FateDown
		return
	}
	if m.Kind == "ack" {
		for _, id := range f.run.Messages[m.Bytes-1000].Ops {
			f.acked[m.To][m.From][id] = true
		}
		return
	}
	for _, id := range m.Ops {
		f.known[m.To][id] = true
		f.acked[m.To][m.From][id] = true
	}
	f.sample(a.at)
	if len(m.Ops) > 0 && m.Fate != FateDuplicate {
		f.send(a.at, m.To, m.From, "ack", 1000+a.msg, nil) // finish sets the true size
	}
}

func (f *fixture) sample(t int64) {
	var sets []map[int]bool
	for _, k := range f.known {
		if !slices.ContainsFunc(sets, func(o map[int]bool) bool { return maps.Equal(o, k) }) {
			sets = append(sets, k)
		}
	}
	if len(sets) != f.states {
		f.states = len(sets)
		f.run.Divergence = append(f.run.Divergence, Sample{t, f.states})
	}
}

func (f *fixture) apart(a, b int, t int64) bool {
	for _, c := range f.run.Cuts {
		if t < c.From || t >= c.To {
			continue
		}
		ga := slices.IndexFunc(c.Groups, func(g []int) bool { return slices.Contains(g, a) })
		gb := slices.IndexFunc(c.Groups, func(g []int) bool { return slices.Contains(g, b) })
		if ga != gb {
			return true
		}
	}
	return false
}

func (f *fixture) down(p int, t int64) bool {
	return slices.ContainsFunc(f.run.Downs, func(d Down) bool { return d.Replica == p && d.From <= t && t < d.To })
}

// finish fills in the tables and the verdict.
func (f *fixture) finish() *Run {
	r := &f.run
	fate := make(map[string]int)
	size := 0
	for i := range r.Messages {
		if r.Messages[i].Kind == "ack" {
			r.Messages[i].Bytes = 22
		}
		size += r.Messages[i].Bytes
		fate[r.Messages[i].Fate]++
	}
	heal := r.Cuts[len(r.Cuts)-1].To
	r.OK = r.Divergence[len(r.Divergence)-1].Distinct == 1
	r.Verdict = fmt.Sprintf("not converged: %d different states at the end", f.states)
	if r.OK {
		r.Verdict = fmt.Sprintf("converged: all %d replicas equal at the end", len(r.Replicas))
	}
	r.Summary = []Row{
		{"Replicas", fmt.Sprint(len(r.Replicas))},
		{"Virtual time", span(r.Duration)},
		{"Writes", count(len(r.Ops))},
		{"Messages sent", count(len(r.Messages))},
		{"Lost by the network", count(fate[FateLost])},
		{"Stopped by partitions", count(fate[FateCut])},
		{"Delivered twice", count(fate[FateDuplicate])},
		{"Sent in all", fmt.Sprintf("%.1f KiB", float64(size)/1024)},
		{"Partition healed at", span(heal)},
	}
	r.Values = f.values()
	return r
}

// values works out what the replicas hold, and what would be left if each
// write had stored its replica's whole value and the last one had won: the last
// write, the one it was made upon, and so on.
func (f *fixture) values() []Value {
	last := make(map[string]int)
	for id, w := range f.facts {
		last[w.key] = max(last[w.key], id)
	}
	var list []Value
	for _, key := range slices.Sorted(maps.Keys(last)) {
		kept := make(map[int]bool)
		for id := last[key]; id != 0; id = f.before(id) {
			kept[id] = true
		}
		v := Value{Key: key, Type: f.facts[last[key]].kind}
		v.Value = f.value(key, func(int) bool { return true })
		v.LWW = f.value(key, func(id int) bool { return kept[id] })
		if v.Value != v.LWW {
			for id, w := range f.facts {
				if w.key == key && !kept[id] {
					v.Lost++
				}
			}
		}
		list = append(list, v)
	}
	return list
}

// before returns the latest write to the same key that the write's replica
// knew when it made it, or 0.
func (f *fixture) before(id int) int {
	w, latest := f.facts[id], 0
	for seen := range w.sees {
		if f.facts[seen].key == w.key {
			latest = max(latest, seen)
		}
	}
	return latest
}

func (f *fixture) value(key string, seen func(int) bool) string {
	sum, bag, kind := 0, make(map[string]int), ""
	for id, w := range f.facts {
		if w.key == key && seen(id) {
			kind = w.kind
			sum += w.amount
			bag[w.item] += w.amount
		}
	}
	switch kind {
	case "PNCounter":
		return fmt.Sprint(sum)
	case "EWFlag":
		return "enabled"
	}
	var parts []string
	for _, item := range slices.Sorted(maps.Keys(bag)) {
		parts = append(parts, fmt.Sprintf("%s × %d", item, bag[item]))
	}
	return strings.Join(parts, ", ")
}
