package replication

import (
	"fmt"

	"github.com/dovetail-crdt/dovetail/clock"
)

// servedSession is a heal session that a peer has asked this core for.
type servedSession struct {
	number   uint64   // the asker's
	serve    uint64   // this store's
	base     *Applied // what the asker had when it began
	snapshot *Applied // this store's vector before the session
	lacked   bool     // whether the asker's vector lacked something of it
	keys     []string
	got      *Applied // numbers of the objects that have arrived there
	next     uint64   // the object to send next, counted from 1
	window   uint64   // how many may be sent before the peer says more
	loading  bool     // objects were asked for
}

// serveWindow is how many messages of a session are sent before the peer must
// say what has arrived.
const serveWindow = 8

// takeRequest begins a session, or goes on with it.
func (c *Core) takeRequest(p *peer, m *Request) {
	if s := p.session; s != nil && s.number == m.Session && (m.Serve == s.serve || m.Serve == 0 && m.Base.Covers(s.base)) {
		s.got, s.next, s.window = m.Got, 1, serveWindow
		c.serve()
		return
	}
	if s := p.session; s != nil && s.number > m.Session && s.number>>32 == m.Session>>32 {
		return // an earlier request of the same process of the peer, which came late
	}
	c.takeVector(p, m.Base)
	if !m.Got.IsEmpty() {
		// A session that this process did not begin: the asker's frames are of a
		// snapshot that is forgotten. It must ask anew.
		c.send(p, &Frames{Session: m.Session, Serve: m.Serve, Snapshot: &Applied{}, Held: &Applied{}})
		return
	}
	if c.answerFromLog(p, m) {
		return
	}
	// The vector first, then the index: an entry that moves meanwhile moves up,
	// and the scan runs to the live end.
	c.lastServed++
	s := &servedSession{number: m.Session, serve: c.lastServed, base: m.Base, snapshot: c.applied.Clone(), got: &Applied{}, next: 1, window: serveWindow, lacked: !m.Base.Covers(&c.applied)}
	s.keys = c.lacking(m.Base)
	p.session = s
	c.serve()
}

// answerFromLog sends the changes that the asker lacks, if the log has them all
// and the asker may hold all that this store holds without vouching for it.
// They name their events, so they need no session: the asker's vector takes each
// as it comes.
func (c *Core) answerFromLog(p *peer, m *Request) bool {
	if !m.Held.Covers(c.held.Minus(m.Base)) {
		return false
	}
	changes, complete := c.log.missing(&c.applied, m.Base)
	if !complete {
		return false
	}
	out := pushes{core: c, to: p}
	for i := range changes {
		out.add(&changes[i])
	}
	out.flush()
	return true
}

// lacking returns the keys of all objects with an event that a store at base may
// lack, each once, in a fixed order. The scan starts, for each replica, at the
// lowest event of V+U outside base, and goes to the end: an entry that base has
// may hide an older event of its key that base lacks.
func (c *Core) lacking(base *Applied) []string {
	all := c.applied.Clone()
	all.Join(&c.held)
	var keys []string
	seen := make(map[string]bool)
	all.Minus(base).lowest(func(id clock.ReplicaID, seq uint64) bool {
		for key := range c.index.from(id, seq) {
			if !seen[key] {
				seen[key] = true
				keys = append(keys, key)
			}
		}
		return true
	})
	return keys
}

// serve asks for the objects that the windows of the sessions allow to be sent.
func (c *Core) serve() {
	for _, p := range c.peers {
		s := p.session
		if s == nil || s.window == 0 || s.loading {
			continue
		}
		if len(s.keys) == 0 {
			s.window = 0
			c.send(p, &Frames{Session: s.number, Serve: s.serve, Snapshot: s.snapshot, Held: &Applied{}})
			continue
		}
		if s.skip() {
			s.loading = true
			c.loads = append(c.loads, Load{Keys: s.run(c.cfg.SessionKeys), Bytes: c.cfg.PushBytes, peer: p.id, serve: s.serve, first: s.next})
		}
	}
}

// skip moves to the next object that has not arrived, and reports whether there
// is one.
func (s *servedSession) skip() bool {
	for s.next <= uint64(len(s.keys)) && s.has(s.next) {
		s.next++
	}
	return s.next <= uint64(len(s.keys))
}

func (s *servedSession) has(object uint64) bool {
	return s.got.dots.Contains(clock.Dot{Replica: frameReplica, Seq: object})
}

// run returns the keys of the objects from the next on that have not arrived, at most
// n of them.
func (s *servedSession) run(n int) []string {
	end := s.next
	for end <= uint64(len(s.keys)) && end-s.next < uint64(n) && !s.has(end) {
		end++
	}
	return s.keys[s.next-1 : end-1]
}

// Loaded takes what a Load has found and sends it. An object's state may be newer than
// the snapshot of its session: the vector as it is now, which has all that the driver
// can have loaded, tells the peer what it may hold beyond. For an object that cannot be
// read an item without frames is sent: the peer gets the others, and takes none of the
// snapshot for applied.
func (c *Core) Loaded(l *Loaded) {
	p := c.peer(l.of.peer)
	if p == nil || p.session == nil || p.session.serve != l.of.serve || len(l.objects) == 0 {
		return // of a session that is over
	}
	s := p.session
	s.loading = false
	m := &Frames{Session: s.number, Serve: s.serve, Index: l.of.first, Count: uint64(len(s.keys)), Snapshot: s.snapshot, Held: c.applied.Clone()}
	m.Held.Join(&c.held)
	for i, o := range l.objects {
		key := l.of.Keys[i]
		if o.err != nil {
			c.errs = append(c.errs, fmt.Errorf("replication: heal of %q: %w", p.id, &KeyError{key, o.err}))
		}
		m.Items = append(m.Items, Item{Key: key, Last: dotsOf(key, c.index), Frames: o.frames})
	}
	if s.next == l.of.first { // else the peer has said anew what it has
		s.next += uint64(len(m.Items))
	}
	s.window = max(s.window, 1) - 1
	c.send(p, m)
	c.serve()
}
