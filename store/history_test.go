package store_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/store"
	"github.com/dovetail-crdt/dovetail/store/replication"
)

// TestHistories runs random histories of three or four stores with loss,
// repetition, reordering, cut links, and crashes that lose what was not durable.
// The harness checks after every step that the vector covers only what the
// objects contain (I2), that no event number is given out twice (I1), and that
// no message tells of what is not durable (I10). When the faults stop, all stores
// must come to have equal bytes and equal vectors.
func TestHistories(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		h := newHistory(rt)
		for range rapid.IntRange(1, 80).Draw(rt, "steps") {
			h.step()
		}
		h.w.converge(4000)
		h.checkChanges()
	})
}

type history struct {
	t   *rapid.T
	w   *world
	cut map[string]bool
}

func newHistory(t *rapid.T) *history {
	h := &history{t: t, w: newWorld(t), cut: map[string]bool{}}
	graph := rapid.SampledFrom([][]string{
		{"bc", "ac", "ab"},
		{"b", "ac", "b"}, // a line
		{"bcd", "acd", "abd", "abc"},
		{"b", "ac", "bd", "c"}, // a longer line
		{"bcd", "a", "a", "a"}, // a star
	}).Draw(t, "graph")
	for i, peers := range graph {
		h.w.open(store.PeerID("abcd"[i:i+1]), peers, func(c *replication.CoreConfig) {
			c.LogBytes = rapid.SampledFrom([]int{1, 200, 1 << 20}).Draw(t, "log")
			c.SessionKeys = rapid.IntRange(1, 3).Draw(t, "session keys")
			c.Reserve = rapid.SampledFrom([]uint64{2, 6, 4096}).Draw(t, "reserve")
			c.PushBytes = rapid.SampledFrom([]int{1, 1 << 16}).Draw(t, "push")
		})
	}
	return h
}

// step lets one thing happen that can happen.
func (h *history) step() {
	n := rapid.SampledFrom(h.w.nodes).Draw(h.t, "store")
	switch what := rapid.IntRange(0, 15).Draw(h.t, "what"); {
	case what <= 4:
		h.change(n)
		n.carryOut()
	case what <= 10:
		h.network()
	case what <= 12:
		n.tick(rapid.SampledFrom([]int{1, 5, 26, 60, 110}).Draw(h.t, "ticks"))
	case what == 13: // quiet for a while: sessions run
		for range rapid.SampledFrom([]int{10, 70}).Draw(h.t, "ticks") {
			h.w.pass(1)
			h.lossy()
		}
	case what == 14:
		h.crash(n)
	default:
		m := rapid.SampledFrom(h.w.nodes).Draw(h.t, "to")
		link := string(n.id + m.id)
		h.cut[link] = !h.cut[link]
		h.w.cut = func(from, to store.PeerID) bool { return h.cut[string(from+to)] }
	}
	if over := len(h.w.wire) - 60; over > 0 {
		h.w.wire = h.w.wire[over:]
	}
}

// network lets one message arrive, early or late, once or twice, or not.
func (h *history) network() {
	if len(h.w.wire) == 0 {
		return
	}
	i := rapid.IntRange(0, len(h.w.wire)-1).Draw(h.t, "message")
	p := h.w.wire[i]
	fate := rapid.IntRange(0, 5).Draw(h.t, "fate")
	if fate != 1 { // else it will come again
		h.w.wire = slices.Delete(h.w.wire, i, i+1)
	}
	if fate != 0 && (h.w.cut == nil || !h.w.cut(p.from, p.to)) {
		h.w.deliver(p)
	}
}

// lossy delivers what is on the wire, but for some, and the newest first.
func (h *history) lossy() {
	ps := h.w.take(anything)
	slices.Reverse(ps)
	lost := rapid.IntRange(0, 5).Draw(h.t, "lost")
	for i, p := range ps {
		if i%6 != lost && (h.w.cut == nil || !h.w.cut(p.from, p.to)) {
			h.w.deliver(p)
		}
	}
}

// crash loses the batch that is not written; often there is one.
func (h *history) crash(n *node) {
	switch rapid.IntRange(0, 3).Draw(h.t, "loses") {
	case 0:
		h.change(n)
	case 1:
		n.core.Tick()
	case 2:
		i := slices.IndexFunc(h.w.wire, from("", n.id))
		if i < 0 {
			break
		}
		m, err := replication.DecodeMessage(h.w.wire[i].raw)
		if err != nil {
			h.t.Fatalf("DecodeMessage: %v", err)
		}
		if err := n.core.Step(h.w.wire[i].from, m); err != nil {
			h.t.Fatalf("Step: %v", err)
		}
	}
	n.core.Ready() // nothing of which is done
	n.boot(rapid.Bool().Draw(h.t, "continue"))
}

// change does one transaction on one of a few objects. One key is used with two
// kinds.
func (h *history) change(n *node) {
	key := rapid.SampledFrom([]string{"set/1", "set/2", "set/3", "sum", "total", "reg", "both"}).Draw(h.t, "key")
	item := rapid.SampledFrom([]string{"x", "y"}).Draw(h.t, "item")
	op := rapid.IntRange(0, 3).Draw(h.t, "op")
	var err error
	switch {
	case strings.HasPrefix(key, "set/") || key == "both" && op < 2:
		err = perform(n, words, key, func(tx *crdt.Tx, s *crdt.AWSet[string]) {
			switch op {
			case 0:
				s.Remove(tx, item)
			case 1:
				s.Add(tx, "x")
				s.Add(tx, "y")
			default:
				s.Add(tx, item)
			}
		})
	case key == "total":
		err = perform(n, crdt.PNCounterKind(), key, func(tx *crdt.Tx, c *crdt.PNCounter) { c.Add(tx, int64(op)-1) })
	case key == "reg":
		err = perform(n, crdt.LWWRegisterKind(crdt.String), key, func(tx *crdt.Tx, r *crdt.LWWRegister[string]) {
			r.Set(tx, fmt.Sprint(item, op))
		})
	default:
		err = perform(n, crdt.CounterKind(), key, func(tx *crdt.Tx, c *crdt.Counter) {
			if op == 0 {
				c.Reset(tx)
				return
			}
			c.Add(tx, int64(op))
		})
	}
	if err != nil && (key != "both" || !errors.Is(err, crdt.ErrKind)) {
		h.t.Fatalf("%s: update of %q: %v", n.id, key, err)
	}
}

// checkChanges checks that every store has applied every change that became
// durable anywhere, and that no two of them share an event.
func (h *history) checkChanges() {
	all := &replication.Applied{}
	for _, ch := range h.w.changes {
		if !all.Minus(spans(ch.span)).Equal(all) {
			h.t.Fatalf("two changes share an event of %v", ch.span)
		}
		all.Add(ch.span)
		for _, n := range h.w.nodes {
			if !n.core.Applied().Contains(ch.span) {
				h.t.Fatalf("%s: vector %v is without %v, a durable change of %q", n.id, n.core.Applied(), ch.span, ch.key)
			}
		}
	}
}

// TestLine: a and c never talk; what they write reaches each other by b.
func TestLine(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		opts []func(*replication.CoreConfig)
	}{
		{"log", nil},
		{"session", []func(*replication.CoreConfig){shortLog}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			a, b, c := w.open("a", "b", tt.opts...), w.open("b", "ac", tt.opts...), w.open("c", "b", tt.opts...)
			for i := range 5 {
				a.put(fmt.Sprint("k", i), "a")
				b.put(fmt.Sprint("k", i), "b")
				c.put(fmt.Sprint("k", i), "c")
			}
			a.put("only", "a")
			c.put("k0", "late")
			w.converge(500)
			a.shows("k0", "a", "b", "c", "late")
			c.shows("only", "a")
		})
	}
}
