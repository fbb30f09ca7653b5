package sim

import (
	"slices"
	"time"

	"github.com/dovetail-crdt/dovetail/crdt/crdttest/spec"
	"github.com/dovetail-crdt/dovetail/store/replication"
)

// packet is a message on its way. Beside it travels, unseen by the stores, what
// the oracle must know: of each item of a heal, what its sender had applied.
type packet struct {
	from, to int
	message  replication.Message
	ghosts   []ghostItem
	record   int // in History.Messages, or -1
}

type ghostItem struct {
	seen spec.Set
	best int
}

// link is the state of one direction between two replicas.
type link struct {
	half int64 // half of the round-trip time
	rng  *Stream
}

// send puts a message on its way. Every message is encoded, which is what it
// costs; of two that arrive, one comes as its bytes, decoded, and one by
// reference, since each way hides faults that the other shows.
func (w *world) send(from *node, e replication.Envelope) {
	to := w.byPeer[e.To]
	l := &w.links[from.i][to.i]
	raw := replication.AppendMessage(nil, e.Message)
	w.result.Messages++
	w.result.Bytes += len(raw)
	p := &packet{from: from.i, to: to.i, message: e.Message, ghosts: w.ghostsOf(from, e.Message)}
	p.record = w.recordMessage(p, len(raw))
	w.hash(uint64(from.i)<<32|uint64(to.i), uint64(len(raw)))

	if l.rng.Chance(0.5) {
		m, err := replication.DecodeMessage(raw)
		if err != nil {
			w.fail(from, "", "a message of its own does not decode: %v", err)
			return
		}
		p.message = m
	}
	if l.rng.Chance(w.sc.Duplicate) {
		twin := *p
		twin.record = w.recordCopy(p.record)
		w.transmit(l, &twin, w.now+l.rng.Exp(2*l.half))
	}
	if l.rng.Chance(w.sc.Loss) {
		w.drop(p, "lost")
		return
	}
	w.transmit(l, p, w.now)
}

// transmit delivers p after the link's delay, unless the way is cut when it
// leaves or when it arrives, or nobody is up to take it.
func (w *world) transmit(l *link, p *packet, at int64) {
	delay := l.half + l.rng.Exp(int64(w.sc.Jitter))
	if l.rng.Chance(w.sc.Reorder) {
		delay += l.rng.Exp(2*l.half) + l.half
	}
	if w.isCut(p.from, p.to) {
		w.drop(p, "cut")
		return
	}
	w.plan(at+delay, func() {
		n := w.nodes[p.to]
		switch {
		case w.isCut(p.from, p.to):
			w.drop(p, "cut")
		case !n.up:
			w.drop(p, "down")
		default:
			w.recordFate(p.record, "")
			n.input(func() { n.receive(p) })
		}
	})
}

// isCut reports whether a partition lies between two replicas now.
func (w *world) isCut(a, b int) bool {
	for _, c := range w.sc.Cuts {
		if w.now < int64(c.From) || w.now >= int64(c.To) {
			continue
		}
		if ga, gb := groupOf(c, a), groupOf(c, b); ga != gb || ga < 0 {
			return true
		}
	}
	return false
}

func groupOf(c Cut, replica int) int {
	for i, g := range c.Groups {
		if slices.Contains(g, replica) {
			return i
		}
	}
	return -1
}

func (w *world) drop(p *packet, fate string) {
	w.result.Dropped[fate]++
	w.recordFate(p.record, fate)
}

// newLinks returns the links between all pairs, each with its own decisions.
func newLinks(sc *Scenario, src *Source) ([][]link, error) {
	links := make([][]link, len(sc.Replicas))
	for i, a := range sc.Replicas {
		for j, b := range sc.Replicas {
			rtt, err := RoundTrip(a, b)
			if err != nil {
				return nil, err
			}
			name := "link/" + peerName(sc, i) + "/" + peerName(sc, j)
			links[i] = append(links[i], link{half: int64(rtt / 2), rng: src.Stream(name)})
		}
	}
	return links, nil
}

// messageKind names a message for people.
func messageKind(m replication.Message) string {
	switch m := m.(type) {
	case *replication.Push:
		return "push"
	case *replication.Hello:
		return "hello"
	case *replication.Request:
		return "heal"
	case *replication.Frames:
		if m.Index == m.Count {
			return "end"
		}
		return "frames"
	default:
		return "unknown"
	}
}

// tickEvery is the length of a tick of the cores.
const tickEvery = 20 * time.Millisecond
