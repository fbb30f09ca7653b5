package store

import (
	"slices"

	"github.com/dovetail-crdt/dovetail/clock"
)

// asked is the heal session that this core has asked a peer for. It ends with the
// process, or when nothing has come for a while: frames that arrived stay merged,
// but the vector learns nothing from a session that did not end.
type asked struct {
	of      *peer
	number  uint64
	base    *Applied
	got     clock.Context // frame numbers, as dots of replica 1
	count   uint64
	started bool   // a frame has come
	since   uint64 // frames that have come since the last request
	due     uint64
	tries   uint
}

// giveUp is how many times a request is repeated without an answer.
const giveUp = 8

// ask requests a heal from a peer that has had more than this store for longer
// than pushes need, or repeats a request that went unanswered.
func (c *Core) ask() {
	if a := c.asking; a != nil {
		if c.now < a.due {
			return
		}
		if c.notice(a.of); a.of.behind == 0 || a.tries >= giveUp {
			c.asking = nil // what was missing came by other ways, or nothing comes
			return
		}
		a.tries++
		c.request(a)
		return
	}
	for _, p := range c.peers {
		if c.notice(p); p.behind > 0 && c.now-p.behind >= 2*c.cfg.RetryTicks && !c.lost(p) {
			c.session++
			c.asking = &asked{of: p, number: c.session}
			p.behind = c.now
			c.request(c.asking)
			return
		}
	}
}

func (c *Core) request(a *asked) {
	a.due, a.since = c.now+c.cfg.RetryTicks<<min(a.tries, 2), 0
	if !a.started {
		a.base = c.applied.Clone()
	}
	if a.of.askedAt == 0 {
		a.of.askedAt = max(c.now, 1)
	}
	c.send(a.of, &Request{Session: a.number, Base: a.base, Got: &Applied{*a.got.Clone()}})
}

// frameReplica stands for frame numbers in the set of frames that have arrived.
const frameReplica clock.ReplicaID = 1

// takeFrames merges one message of a heal. At the end of a session, when all its
// frames are durable here (they are in this batch or an earlier one), the
// sender's vector of before the session becomes part of this store's.
func (c *Core) takeFrames(p *peer, m *Frames) {
	a := c.asking
	if a == nil || a.of != p || a.number != m.Session {
		return // of a session that is over: its end may not count
	}
	if a.started && a.count != m.Count {
		c.asking = nil // the peer has forgotten the session
		return
	}
	a.started, a.count, a.tries, a.due = true, m.Count, 0, c.now+c.cfg.RetryTicks
	if m.Count > 0 && a.got.Add(clock.Dot{Replica: frameReplica, Seq: m.Index}) {
		for _, it := range m.Items {
			c.takeItem(it)
		}
		// What the frames brought may be more than the session vouches for.
		if c.held.Join(m.Held) {
			c.dirtySet[2] = true
		}
	}
	if a.got.Prefix(frameReplica) < m.Count {
		if a.since++; a.since == serveWindow {
			c.request(a)
		}
		return
	}
	c.asking = nil
	if last := m.Snapshot.Max(c.me.replica); last > 0 {
		c.unissued(Span{c.me.replica, last, last})
	}
	if c.applied.Join(m.Snapshot) {
		c.dirtySet[1] = true
	}
	c.held = *c.held.Minus(&c.applied)
	c.dirtySet[2] = true
	for _, q := range c.peers {
		c.notice(q)
	}
}

func (c *Core) takeItem(it Item) {
	for _, f := range it.Frames {
		c.batch.Deltas = append(c.batch.Deltas, Delta{it.Key, slices.Clone(f)})
	}
	for _, d := range it.Last {
		c.noteIndex(d, it.Key)
	}
}
