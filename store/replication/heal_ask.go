package replication

import (
	"fmt"
	"slices"

	"github.com/dovetail-crdt/dovetail/clock"
)

// requestedSession is the heal session that this core has asked a peer for. It ends with the
// process, or when nothing has come for a while: frames that arrived stay merged,
// but the vector learns nothing from a session that did not end.
type requestedSession struct {
	of         *peer
	number     uint64
	serve      uint64 // the peer's number for it, once a frame has come
	base       *Applied
	got        clock.Context // numbers of objects, as dots of replica 1
	count      uint64
	started    bool   // a frame has come
	partial    bool   // the peer cannot read an object of it
	unreported uint64 // messages that have come since the last request
	due        uint64
	tries      uint
}

// giveUp is how many times a request is repeated without an answer.
const giveUp = 8

// ask requests a heal from a peer that has had more than this store for longer
// than pushes need, or repeats a request that went unanswered.
func (c *Core) ask() {
	if a := c.requested; a != nil {
		if c.now < a.due {
			return
		}
		if c.notice(a.of); a.of.aheadSince == 0 || a.tries >= giveUp {
			if a.of.aheadSince > 0 {
				a.of.aheadSince = c.now // others first
			}
			c.requested = nil // what was missing came by other ways, or nothing comes
			return
		}
		a.tries++
		c.request(a)
		return
	}
	var longest *peer
	for _, p := range c.peers {
		if c.notice(p); p.aheadSince > 0 && !c.lost(p) && (longest == nil || p.aheadSince < longest.aheadSince) {
			longest = p
		}
	}
	if longest != nil && c.now-longest.aheadSince >= 2*c.cfg.RetryTicks {
		c.lastRequested++
		c.requested = &requestedSession{of: longest, number: c.lastRequested}
		longest.aheadSince = c.now
		c.request(c.requested)
	}
}

func (c *Core) request(a *requestedSession) {
	a.due, a.unreported = c.now+c.cfg.RetryTicks<<min(a.tries, 2), 0
	if !a.started {
		a.base = c.applied.Clone()
	}
	if a.of.silentSince == 0 {
		a.of.silentSince = c.now
	}
	c.send(a.of, &Request{Session: a.number, Serve: a.serve, Base: a.base, Held: c.held.Clone(), Got: &Applied{*a.got.Clone()}})
}

// frameReplica stands for the numbers of objects in the set of those that have
// arrived.
const frameReplica clock.ReplicaID = 1

// takeFrames merges one message of a heal. At the end of a session, when all its
// frames are durable here (they are in this batch or an earlier one), the
// sender's vector of before the session becomes part of this store's.
func (c *Core) takeFrames(p *peer, m *Frames) {
	a := c.requested
	if a == nil || a.of != p || a.number != m.Session {
		return // of a session that is over: its end may not count
	}
	switch {
	case !a.started || m.Serve > a.serve:
		// The first frame, or the peer began again: what came of an earlier beginning
		// belongs to another snapshot and counts for nothing here.
		a.started, a.serve, a.count, a.got, a.partial = true, m.Serve, m.Count, clock.Context{}, false
	case m.Serve < a.serve:
		return // late, of an earlier beginning
	case a.count != m.Count:
		c.requested = nil // the peer has forgotten the session
		return
	}
	a.tries, a.due = 0, c.now+c.cfg.RetryTicks
	if m.Count > 0 && a.got.AddRange(frameReplica, clock.Interval{Lo: m.Index, Hi: m.Index + uint64(len(m.Items)) - 1}) {
		for _, it := range m.Items {
			a.partial = a.partial || len(it.Frames) == 0
			c.takeItem(it)
		}
		// What the frames brought may be more than the session vouches for.
		if c.held.Join(m.Held) {
			c.changed[ofHeld] = true
		}
	}
	if a.got.Prefix(frameReplica) < m.Count {
		if a.unreported++; a.unreported == serveWindow {
			c.request(a)
		}
		return
	}
	c.requested = nil
	c.endHeal(p, m, a.partial)
}

// endHeal takes the sender's vector of before the session as applied, unless the sender
// could not read an object: then what it has is no reason to ask it again soon, since the
// answer would be the same.
func (c *Core) endHeal(p *peer, m *Frames, partial bool) {
	for _, set := range []*Applied{m.Snapshot, m.Held} {
		if last := set.Max(c.me.replica); last > 0 {
			c.fenceAgainst(Span{c.me.replica, last, last})
		}
	}
	if partial {
		c.failed(p, m.Snapshot)
		c.errs = append(c.errs, fmt.Errorf("replication: heal from %q is not complete: it cannot read an object", p.id))
	} else if news := m.Snapshot.Minus(&c.applied); !news.IsEmpty() {
		p.failures = 0
		c.applied.Join(news)
		c.grown.Join(news)
		c.changed[ofApplied] = true
	}
	c.held = *c.held.Minus(&c.applied)
	c.changed[ofHeld] = true
	for _, q := range c.peers {
		c.notice(q)
	}
}

func (c *Core) takeItem(it Item) {
	if len(it.Frames) == 0 {
		return // the index must not name what is not here
	}
	for _, f := range it.Frames {
		c.batch.Deltas = append(c.batch.Deltas, Delta{it.Key, slices.Clone(f)})
	}
	for _, d := range it.Last {
		// An event of this replica that it did not issue must not become a claim.
		if !c.fenceAgainst(Span{d.Replica, d.Seq, d.Seq}) {
			c.noteIndex(d, it.Key)
		}
	}
}
