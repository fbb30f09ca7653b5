package view

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

// payload is the run as the page's script reads it: one array per field, times
// in microseconds, ascending times as differences, texts by number. The
// single-letter names are a private matter of this file and page.js.
type payload struct {
	Duration int64        `json:"d"`
	Replicas [][2]string  `json:"r"`
	Writes   []int        `json:"n"` // by replica
	Ops      opColumns    `json:"o"`
	Messages msgColumns   `json:"m"`
	Cuts     []cutPayload `json:"c"`
	Downs    [][3]int64   `json:"w"`
	States   [2][]int64   `json:"v"`
	Texts    []string     `json:"t"`
}

// opColumns holds the writes in order of time.
type opColumns struct {
	Time    []int64 `json:"t"` // since the write before
	Replica []int   `json:"r"`
	Key     []int   `json:"k"`
	Label   []int   `json:"l"`
	ID      []int   `json:"i"`
}

// msgColumns holds the messages in order of sending.
type msgColumns struct {
	Sent  []int64 `json:"s"` // since the message before
	Delay []int64 `json:"a"` // -1: never arrived
	From  []int   `json:"f"`
	To    []int   `json:"g"`
	Kind  []int   `json:"k"`
	Fate  []int   `json:"x"` // index into fates
	Bytes []int   `json:"b"`
	Label []int   `json:"l"`
	Count []int   `json:"n"` // how many writes it carries
	Ops   []int   `json:"o"` // all their places, as differences within a message
}

type cutPayload struct {
	From   int64   `json:"f"`
	To     int64   `json:"t"`
	Groups [][]int `json:"g"`
}

// texts numbers strings in order of first use.
type texts struct {
	at   map[string]int
	list []string
}

func (x *texts) number(s string) int {
	s = clean(s)
	n, ok := x.at[s]
	if !ok {
		n = len(x.list)
		x.at[s] = n
		x.list = append(x.list, s)
	}
	return n
}

// clean makes s valid UTF-8.
func clean(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

func micros(ns int64) int64 { return ns / 1000 }

// encode returns the run, whose writes and messages are in order of time, as
// JSON that may stand inside a script element: json escapes <, > and &.
func encode(r *Run, at map[int]int) ([]byte, error) {
	x := &texts{at: make(map[string]int), list: []string{}}
	p := payload{
		Duration: micros(r.Duration + 999),
		Replicas: make([][2]string, len(r.Replicas)),
		Writes:   make([]int, len(r.Replicas)),
		Ops:      encodeOps(r.Ops, x),
		Messages: encodeMessages(r.Messages, at, x),
		Cuts:     make([]cutPayload, len(r.Cuts)),
		Downs:    make([][3]int64, len(r.Downs)),
		Texts:    x.list,
	}
	for i, a := range r.Replicas {
		p.Replicas[i] = [2]string{clean(a.Name), clean(a.Region)}
		p.Writes[i] = a.Writes
	}
	for i, c := range r.Cuts {
		groups := make([][]int, len(c.Groups))
		for g, members := range c.Groups {
			groups[g] = append([]int{}, members...)
		}
		p.Cuts[i] = cutPayload{micros(c.From), micros(c.To), groups}
	}
	for i, d := range r.Downs {
		p.Downs[i] = [3]int64{int64(d.Replica), micros(d.From), micros(d.To)}
	}
	p.States = [2][]int64{make([]int64, len(r.Divergence)), make([]int64, len(r.Divergence))}
	for i, s := range r.Divergence {
		p.States[0][i], p.States[1][i] = micros(s.T), int64(s.Distinct)
	}
	var b bytes.Buffer
	err := json.NewEncoder(&b).Encode(p)
	return bytes.TrimSpace(b.Bytes()), err
}

func encodeOps(ops []Op, x *texts) opColumns {
	n := len(ops)
	c := opColumns{make([]int64, n), make([]int, n), make([]int, n), make([]int, n), make([]int, n)}
	before := int64(0)
	for i, o := range ops {
		t := micros(o.T)
		c.Time[i], before = t-before, t
		c.Replica[i] = o.Replica
		c.Key[i] = x.number(o.Key)
		c.Label[i] = x.number(o.Label)
		c.ID[i] = o.ID
	}
	return c
}

func encodeMessages(msgs []Message, at map[int]int, x *texts) msgColumns {
	n := len(msgs)
	c := msgColumns{
		make([]int64, n), make([]int64, n), make([]int, n), make([]int, n), make([]int, n),
		make([]int, n), make([]int, n), make([]int, n), make([]int, n),
		[]int{},
	}
	before := int64(0)
	for i, m := range msgs {
		sent := micros(m.Sent)
		c.Sent[i], before = sent-before, sent
		c.Delay[i] = never
		if m.arrives() || m.Arrived > m.Sent {
			c.Delay[i] = micros(m.Arrived) - sent
		}
		c.From[i], c.To[i] = m.From, m.To
		c.Kind[i] = x.number(m.Kind)
		c.Fate[i] = slices.Index(fates(), m.Fate)
		c.Bytes[i] = m.Bytes
		c.Label[i] = x.number(m.Label)
		places := carried(&m, at)
		c.Count[i] = len(places)
		last := 0
		for _, p := range places {
			c.Ops = append(c.Ops, p-last)
			last = p
		}
	}
	return c
}

// carried returns the places of the writes m carries, ascending and once each.
func carried(m *Message, at map[int]int) []int {
	places := make([]int, 0, len(m.Ops))
	for _, id := range m.Ops {
		if p, ok := at[id]; ok {
			places = append(places, p)
		}
	}
	slices.Sort(places)
	return slices.Compact(places)
}
