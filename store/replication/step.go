package replication

import (
	"fmt"
	"slices"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt/untyped"
)

// Step takes a message from a peer. On error nothing of the message was taken:
// it is damaged or from a stranger. A message that shows this replica's identity
// to be in use elsewhere is taken, and the core issues nothing more; see Err.
func (c *Core) Step(from PeerID, m Message) error {
	p := c.peer(from)
	if p == nil {
		return fmt.Errorf("replication: message from %q, which is no peer of %q", from, c.cfg.Self)
	}
	if err := c.check(m); err != nil {
		return fmt.Errorf("replication: message from %q: %w", from, err)
	}
	c.hear(p)
	switch m := m.(type) {
	case *Push:
		c.takePush(p, m)
	case *Hello:
		p.held = Applied{}
		if m.Held != nil {
			p.held = *m.Held
		}
		c.takeVector(p, m.Have)
	case *Request:
		c.takeRequest(p, m)
	case *Frames:
		c.takeFrames(p, m)
	}
	return nil
}

func (c *Core) peer(id PeerID) *peer {
	if i := slices.IndexFunc(c.peers, func(p *peer) bool { return p.id == id }); i >= 0 {
		return c.peers[i]
	}
	return nil
}

// check refuses a message with a frame whose checksum does not fit. What is
// inside a sound frame is for the engine and the reader: one that they do not
// understand is kept.
func (c *Core) check(m Message) error {
	switch m := m.(type) {
	case *Push:
		for i := range m.Changes {
			if _, err := untyped.FrameKind(m.Changes[i].Frame); err != nil && !isNewer(err) {
				return &KeyError{m.Changes[i].Key, err}
			}
		}
	case *Frames:
		for i := range m.Items {
			for _, f := range m.Items[i].Frames {
				if _, err := untyped.FrameKind(f); err != nil && !isNewer(err) {
					return &KeyError{m.Items[i].Key, err}
				}
			}
		}
	}
	return nil
}

// takePush merges the changes that the vector lacks. Only the vector may be asked:
// that an object's context covers a change's dots says that their fate is known,
// for instance by the kill of a later write, and not that what the change itself
// killed is dead here.
func (c *Core) takePush(p *peer, m *Push) {
	for _, ch := range m.Changes {
		if !c.applied.Contains(ch.Span) && !c.fenceAgainst(ch.Span) {
			ch.Frame = slices.Clone(ch.Frame)
			c.apply(ch, p.id)
		}
	}
	if p.ackDue == 0 {
		p.ackDue = c.now + c.cfg.AckTicks
	}
	if m.Have != nil {
		c.takeVector(p, m.Have)
	}
}

// fenceAgainst fences the core if s has events of this replica that it did not issue, and
// reports whether s is to be refused for that.
func (c *Core) fenceAgainst(s Span) bool {
	if s.Replica == c.me.replica && s.Last > c.seq && c.fence == nil {
		c.fence = fmt.Errorf("%w: %v has event %d, this process issued up to %d", ErrIdentity, s.Replica, s.Last, c.seq)
	}
	return c.fence != nil && s.Replica == c.me.replica
}

// takeVector notes what a peer has applied.
func (c *Core) takeVector(p *peer, have *Applied) {
	if last := have.Max(c.me.replica); last > 0 {
		c.fenceAgainst(Span{c.me.replica, last, last})
	}
	p.applied = *have
	if s := p.session; s != nil && s.lacked && have.Covers(s.snapshot) {
		p.session = nil // the session has done its work
	}
	c.dropAcknowledged(p)
	c.notice(p)
}

// notice keeps since when a peer has had something that this store lacks: an
// event that it has applied, or what it may hold without vouching for it. The
// origin of the latter may be gone, and then no vector will ever name it.
func (c *Core) notice(p *peer) {
	if c.now >= p.retryDue {
		p.unreadable = Applied{}
	}
	lacks := !c.applied.Covers(p.applied.Minus(&p.unreadable))
	if !lacks && !p.held.IsEmpty() {
		more := p.held.Minus(&c.applied)
		lacks = !c.held.Covers(more)
	}
	switch {
	case !lacks:
		p.aheadSince = 0
	case p.aheadSince == 0:
		p.aheadSince = c.now
	}
}

func dotsOf(key string, idx *index) []clock.Dot {
	return slices.SortedFunc(slices.Values(idx.of(key)), clock.Dot.Compare)
}
