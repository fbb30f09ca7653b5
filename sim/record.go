package sim

import (
	"bytes"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/dovetail-crdt/dovetail/crdt/crdttest/spec"
	"github.com/dovetail-crdt/dovetail/store/replication"
)

// hash mixes what happened into the hash of the run.
func (w *world) hash(parts ...uint64) {
	for _, p := range append(parts, uint64(w.now)) {
		w.trace = mix(w.trace ^ mix(p+0x9e3779b97f4a7c15))
	}
}

// hashOf returns the digest of what an object shows.
func hashOf(key string, shown map[string]string) uint64 {
	h := fnv.New64a()
	for _, p := range slices.Sorted(maps.Keys(shown)) {
		h.Write(fmt.Appendf(nil, "%q=%q;", p, shown[p])) // a hash never returns an error
	}
	if len(shown) == 0 {
		return 0 // an object that shows nothing is as one that is absent
	}
	h.Write([]byte(key))
	return mix(h.Sum64())
}

func (w *world) recordOp(n *node, tx *transaction, ops []spec.Op) int {
	h := w.result.History
	if h == nil {
		return -1
	}
	labels := make([]string, len(ops))
	for i, op := range ops {
		labels[i] = Label(op)
	}
	h.Ops = append(h.Ops, OpEvent{time.Duration(w.now), n.i, tx.key, strings.Join(labels, ", ")})
	return len(h.Ops) - 1
}

// Label says an operation in a few words.
func Label(op spec.Op) string {
	switch {
	case op.Verb == spec.Inc:
		return strings.TrimSpace(fmt.Sprintf("%+d %s", op.N, op.Path))
	case op.Verb == spec.Put && op.Value == "":
		return "add " + op.Path
	case op.Verb == spec.Put:
		return strings.TrimSpace(op.Path + " = " + op.Value)
	case op.Path == "":
		return "clear"
	default:
		return "remove " + op.Path
	}
}

func (w *world) recordMessage(p *packet, size int) int {
	h := w.result.History
	if h == nil {
		return -1
	}
	m := MessageEvent{From: p.from, To: p.to, Sent: time.Duration(w.now), Kind: messageKind(p.message), Fate: "delivered", Bytes: size}
	if push, ok := p.message.(*replication.Push); ok {
		for i := range push.Changes {
			if tx := w.oracle.txs[dot(push.Changes[i].Span)]; tx != nil {
				m.Ops = append(m.Ops, tx.index)
			}
		}
	}
	h.Messages = append(h.Messages, m)
	return len(h.Messages) - 1
}

// recordCopy records a second copy of a message.
func (w *world) recordCopy(of int) int {
	h := w.result.History
	if of < 0 {
		return -1
	}
	m := h.Messages[of]
	m.Fate = "duplicate"
	h.Messages = append(h.Messages, m)
	return len(h.Messages) - 1
}

// recordFate notes the arrival of a message, or what became of it instead.
func (w *world) recordFate(i int, fate string) {
	if i < 0 {
		return
	}
	m := &w.result.History.Messages[i]
	if fate == "" {
		m.Arrived = time.Duration(w.now)
		return
	}
	m.Fate = fate
}

func (w *world) recordArrival(n *node, tx *transaction) {
	if h := w.result.History; h != nil {
		h.Arrivals = append(h.Arrivals, Arrival{time.Duration(w.now), n.i, tx.index})
	}
}

// recordArrivals records the transactions that a heal brought.
func (w *world) recordArrivals(n *node, key string, before, seen *spec.Set) {
	if w.result.History == nil {
		return
	}
	for _, tx := range w.oracle.order {
		if tx.key == key && len(tx.ops) > 0 && seen.Has(tx.ops[0]) && !before.Has(tx.ops[0]) {
			w.recordArrival(n, tx)
		}
	}
}

func (w *world) recordDistinct() {
	h := w.result.History
	if h == nil {
		return
	}
	var seen []uint64
	for _, n := range w.nodes {
		if !slices.Contains(seen, n.digest) {
			seen = append(seen, n.digest)
		}
	}
	if k := len(h.Distinct); k == 0 || h.Distinct[k-1].N != len(seen) {
		h.Distinct = append(h.Distinct, Distinct{time.Duration(w.now), len(seen)})
	}
}

// ghostsOf returns what the sender of a heal has applied of each item.
func (w *world) ghostsOf(from *node, m replication.Message) []ghostItem {
	frames, ok := m.(*replication.Frames)
	if !ok {
		return nil
	}
	out := make([]ghostItem, len(frames.Items))
	for i, it := range frames.Items {
		g := from.ghost(it.Key)
		out[i] = ghostItem{g.view.Seen().Clone(), g.best}
	}
	return out
}

// finish fills the result of a run that converged.
func (w *world) finish() {
	r := w.result
	r.End, r.Trace = time.Duration(w.now), w.trace
	for _, n := range w.nodes {
		r.Digests = append(r.Digests, fmt.Sprintf("%016x", n.digest))
	}
	r.Objects, r.LastWriter, r.Lost = map[string]map[string]string{}, map[string]map[string]string{}, map[string]int{}
	for _, key := range slices.Sorted(maps.Keys(w.oracle.histories)) {
		if w.nodes[0].ghosts[key] != nil {
			r.Objects[key] = w.agreed(key)
		}
		shows, lost := w.oracle.lww[key].outcome()
		r.LastWriter[key], r.Lost[key] = shows, lost
		r.LWWLost += lost
	}
	if r.History != nil {
		r.History.Downs = w.sc.Crashes
	}
}

// agreed returns what all replicas read of an object. They show the same by now;
// that they also have the same bytes, and read the same out of them, is checked
// here.
func (w *world) agreed(key string) map[string]string {
	var first map[string]string
	want, _ := w.nodes[0].load(key) // an error shows when it is read
	for i, n := range w.nodes {
		if got, _ := n.load(key); !slices.EqualFunc(got, want, bytes.Equal) {
			w.fail(n, key, "shows the same as %s and has other bytes: %x, not %x", w.nodes[0].name, got, want)
		}
		shown, ok := w.read(n, key, true)
		if i == 0 {
			first = shown
		}
		if diff := differ(shown, first); ok && diff != "" {
			w.fail(n, key, "reads otherwise than %s: %s", w.nodes[0].name, diff)
		}
	}
	return first
}
