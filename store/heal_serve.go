package store

import (
	"fmt"

	"github.com/dovetail-crdt/dovetail/clock"
)

// served is a heal session that a peer has asked this core for.
type served struct {
	number   uint64   // the asker's
	serve    uint64   // this store's
	base     *Applied // what the asker had when it began
	snapshot *Applied // this store's vector before the session
	lacked   bool     // whether the asker's vector lacked something of it
	keys     []string
	got      *Applied // numbers of the objects that have arrived there
	next     uint64   // the object to send next, counted from 1
	window   uint64   // how many may be sent before the peer says more
}

// serveWindow is how many messages of a session are sent before the peer must
// say what has arrived.
const serveWindow = 8

// takeRequest begins a session, or goes on with it.
func (c *Core) takeRequest(p *peer, m *Request) {
	if s := p.serving; s != nil && s.number == m.Session && (m.Serve == s.serve || m.Serve == 0 && m.Base.Covers(s.base)) {
		s.got, s.next, s.window = m.Got, 1, serveWindow
		return
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
	c.served++
	s := &served{number: m.Session, serve: c.served, base: m.Base, snapshot: c.applied.Clone(), got: &Applied{}, next: 1, window: serveWindow, lacked: !m.Base.Covers(&c.applied)}
	s.keys = c.lacking(m.Base)
	p.serving = s
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

// serve sends what the windows of the sessions allow.
func (c *Core) serve() {
	for _, p := range c.peers {
		s := p.serving
		if s == nil {
			continue
		}
		if len(s.keys) == 0 && s.window > 0 {
			s.window = 0
			c.send(p, &Frames{Session: s.number, Serve: s.serve, Snapshot: s.snapshot, Held: &Applied{}})
		}
		for s.window > 0 && s.skip() {
			if m := c.frames(s, p); len(m.Items) > 0 {
				s.window--
				c.send(p, m)
			}
		}
	}
}

// skip moves to the next object that has not arrived, and reports whether there
// is one.
func (s *served) skip() bool {
	for s.next <= uint64(len(s.keys)) && s.has(s.next) {
		s.next++
	}
	return s.next <= uint64(len(s.keys))
}

func (s *served) has(object uint64) bool {
	return s.got.dots.Contains(clock.Dot{Replica: frameReplica, Seq: object})
}

// frames makes the next message of the session: as many objects as fit. An
// object's state may be newer than the snapshot; what it brings beyond is told as
// held. An object that cannot be read is reported and left out: the peer gets the
// others, and its session does not end.
func (c *Core) frames(s *served, p *peer) *Frames {
	m := &Frames{Session: s.number, Serve: s.serve, Index: s.next, Count: uint64(len(s.keys)), Snapshot: s.snapshot, Held: c.applied.Clone()}
	m.Held.Join(&c.held)
	for size := 0; s.next <= m.Count && len(m.Items) < c.cfg.SessionKeys && size < c.cfg.PushBytes && !s.has(s.next); s.next++ {
		key := s.keys[s.next-1]
		frames, err := c.cfg.Load(key)
		if err == nil && len(frames) == 0 {
			err = ErrNotFound // the index names it, so it was here
		}
		if err != nil {
			c.errs = append(c.errs, fmt.Errorf("store: heal of %q: %w", p.id, &KeyError{key, err}))
			s.next++
			return m
		}
		m.Items = append(m.Items, Item{Key: key, Last: dotsOf(key, c.index), Frames: frames})
		for _, f := range frames {
			size += len(f)
		}
	}
	return m
}
