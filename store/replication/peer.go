package replication

import "math"

// peer is what a core knows and owes of one neighbour.
type peer struct {
	id      PeerID
	applied Applied // what the peer last said it has applied: replaced, never joined, for a peer may be restored
	held    Applied // what it may hold beyond that, by its last hello
	told    Applied // what it was last told that this store has applied
	// Unreadable is what it has applied and could not give in a heal, since it could not
	// read an object; it is asked for that again at retryDue, and each time later.
	unreadable Applied
	retryDue   uint64
	failures   uint // heals that ended so, one after another

	owed        []debt // changes that were pushed or are to be, in order
	fresh       int    // index of the first of them that was never sent
	nextDue     uint64 // none of those sent is due again before
	ackDue      uint64 // when to acknowledge its pushes; 0: nothing to acknowledge
	lastHello   uint64 // 0: none was sent since the store opened
	lastHeard   uint64
	silentSince uint64 // since when this store has had something to send and has heard nothing; 0: it has heard since
	aheadSince  uint64 // since when it has had events that this store lacks, or was last asked for them; 0: it has none
	session     *servedSession
}

// debt is a change that the peer has not acknowledged.
type debt struct {
	pos   uint64
	due   uint64 // when to send it, again
	tries uint
}

// A peer that could not read an object is asked again after retryFailed times RetryTicks
// (half a minute), and then after twice as long each time, up to an hour: each heal sends
// all its other objects once more.
const retryFailed, retryFailedMax = 60, 7

// failed takes note that a heal from p ended without an object of it.
func (c *Core) failed(p *peer, snapshot *Applied) {
	p.unreadable.Join(snapshot)
	p.retryDue = c.now + retryFailed*c.cfg.RetryTicks<<min(p.failures, retryFailedMax)
	p.failures++
}

// maxBackoff bounds how often the time to a repetition doubles.
const maxBackoff = 5

func newPeer(id PeerID) *peer { return &peer{id: id} }

// owe notes a change to be pushed. What the log has forgotten is forgotten here,
// too, so that a peer that is away costs no more than the log.
func (p *peer) owe(pos, first uint64) {
	gone := 0
	for gone < len(p.owed) && p.owed[gone].pos < first {
		gone++
	}
	p.owed, p.fresh = p.owed[gone:], max(p.fresh-gone, 0)
	p.owed = append(p.owed, debt{pos: pos})
}

// hear notes a sign of life. A peer that was out of reach gets what it is owed at once,
// and one that was away for long is asked again for what it could not read.
func (c *Core) hear(p *peer) {
	if c.lost(p) {
		for i := range p.owed {
			p.owed[i].due, p.owed[i].tries = c.now, 0
		}
		p.nextDue = c.now
	}
	if c.now-p.lastHeard > 2*max(c.cfg.IdleTicks, c.cfg.LostTicks) {
		p.unreadable, p.failures = Applied{}, 0 // it was away, and may have been repaired
	}
	p.lastHeard, p.silentSince = c.now, 0
}

// lost reports whether p counts as out of reach: this store has been sending to
// it for a while and has heard nothing. It is then sent only a sign of life now
// and then.
func (c *Core) lost(p *peer) bool { return p.silentSince > 0 && c.now-p.silentSince >= c.cfg.LostTicks }

// dropAcknowledged drops the debts that the peer has acknowledged, or that the log has
// forgotten: a peer that lacks those will ask for a heal.
func (c *Core) dropAcknowledged(p *peer) {
	kept, fresh := p.owed[:0], 0
	for i, d := range p.owed {
		if ch := c.log.at(d.pos); ch != nil && !p.applied.Contains(ch.Span) {
			if kept = append(kept, d); i < p.fresh {
				fresh++
			}
		}
	}
	p.owed, p.fresh = kept, fresh
}

// push sends the changes that are due, in as few messages as their size allows.
// What is sent again goes alone with its likes: the peer skips, by its vector,
// what it has.
func (c *Core) push(p *peer) {
	if len(p.owed) == 0 || c.lost(p) || p.fresh == len(p.owed) && c.now < p.nextDue {
		return
	}
	from := p.fresh // what was sent and is not due again is not looked at
	if c.now >= p.nextDue {
		from, p.nextDue = 0, math.MaxUint64
	}
	p.fresh = len(p.owed)
	out := pushes{core: c, to: p}
	for i := range p.owed[from:] {
		d := &p.owed[from+i]
		if ch := c.log.at(d.pos); d.due <= c.now && ch != nil {
			d.due = c.now + c.cfg.RetryTicks<<min(d.tries, maxBackoff)
			d.tries++
			out.add(ch)
		}
		p.nextDue = min(p.nextDue, d.due)
	}
	out.flush()
	if p.silentSince == 0 {
		p.silentSince = c.now
	}
}

// pushes packs changes into as few messages as their size allows.
type pushes struct {
	core *Core
	to   *peer
	next *Push
	size int
}

func (o *pushes) add(ch *Change) {
	if o.size += ch.size(); o.next != nil && o.size > o.core.cfg.PushBytes {
		o.flush()
		o.size = ch.size()
	}
	if o.next == nil {
		o.next = &Push{}
	}
	o.next.Changes = append(o.next.Changes, *ch)
}

func (o *pushes) flush() {
	if o.next == nil {
		return
	}
	if o.to.ackDue > 0 {
		o.next.Have = o.core.tell(o.to)
	}
	o.core.send(o.to, o.next)
	o.next, o.size = nil, 0
}

// tell returns this store's vector for a message to p, and notes that p was told.
func (c *Core) tell(p *peer) *Applied {
	p.ackDue = 0
	p.told = *c.applied.Clone()
	return c.applied.Clone()
}

// greet sends the vector if an acknowledgement is due, if the peer was not told
// of the last change, or as a sign of life: more often to a peer out of reach,
// so that the end of a partition is noticed soon. Other messages do not count, since
// they do not say what the peer lacks: a store that pushes all the time must tell its
// vector all the same.
func (c *Core) greet(p *peer) {
	since := c.now - p.lastHello
	switch {
	case p.ackDue > 0 && c.now >= p.ackDue:
	case p.lastHello == 0: // just opened
	case since >= c.cfg.HelloTicks && (c.lost(p) || !p.told.Equal(&c.applied)):
	case since >= c.cfg.IdleTicks:
	default:
		return
	}
	m := &Hello{Have: c.tell(p)}
	if held := c.held.Minus(&c.applied); !held.IsEmpty() {
		m.Held = held
	}
	p.lastHello = c.now
	c.send(p, m)
}

// pushDue puts what is due into the outbox.
func (c *Core) pushDue() {
	for _, p := range c.peers {
		c.push(p)
	}
}

// Tick advances the core's time by one tick.
func (c *Core) Tick() {
	c.now++
	for _, p := range c.peers {
		c.greet(p)
	}
	c.ask()
	c.serve()
}
