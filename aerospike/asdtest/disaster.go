package asdtest

// Recovered says what a node knows after a restart.
type Recovered int

// What a node knows after a restart.
const (
	// RecoverLive is what it knew before.
	RecoverLive Recovered = iota
	// RecoverZombies is that, and records that were deleted but not written again:
	// the Community Edition finds them in its storage. Expired ones stay away.
	RecoverZombies
	// RecoverNothing is what a namespace in memory without storage knows.
	RecoverNothing
)

// Restart drops every connection and starts the node again. O(records).
func (c *Cluster) Restart(what Recovered) {
	c.state.Lock()
	for _, ns := range c.namespaces {
		for _, t := range ns.sides {
			if t != nil {
				c.recover(t, what)
			}
		}
	}
	c.started.Store(c.now().UnixNano())
	c.reformed()
	c.state.Unlock()
	c.DropConnections()
}

func (c *Cluster) recover(t *table, what Recovered) {
	now := c.now()
	for i := range t.parts {
		p := &t.parts[i]
		if what == RecoverNothing {
			p.slots = nil
			continue
		}
		for _, s := range p.slots {
			if r := s.last(); what == RecoverZombies && len(r.bins) > 0 && !r.expired(now) {
				s.cur = r
			}
		}
	}
}

// Rollback gives a record the version that it had n versions ago, with its
// generation and last-update time, as a node does that comes back with an old copy.
// It returns false if no such version is kept. The version that it had counts as an
// earlier one from now on, so Rollback(namespace, d, 1) undoes it. During a split it
// acts on the side that the cluster's own address answers from.
func (c *Cluster) Rollback(namespace string, d Digest, n int) bool {
	return c.at(namespace, d, func(p *partition, s *slot) bool {
		if n < 1 || n > len(s.old) {
			return false
		}
		p.put(d, s.back(n), c.cfg.History)
		return true
	})
}

// at calls f with a record, and holds its partition meanwhile. It returns what f
// says, and false if there never was such a record. During a split it is that of the
// side that the cluster's own address answers from.
func (c *Cluster) at(namespace string, d Digest, f func(*partition, *slot) bool) bool {
	ns := c.namespace(namespace)
	if ns == nil {
		return false
	}
	c.state.RLock()
	defer c.state.RUnlock()
	p := ns.table(c, -1).part(d)
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.slot(d)
	return s != nil && f(p, s)
}

// Version is what a record's metadata says.
type Version struct {
	Generation uint16
	LastUpdate int64 // milliseconds of Unix time
	Size       int   // bytes of storage
}

// Version returns the metadata of a record; ok is false if there is none. During a
// split it asks the side that the cluster's own address answers from.
func (c *Cluster) Version(namespace string, d Digest) (v Version, ok bool) {
	ok = c.at(namespace, d, func(_ *partition, s *slot) bool {
		r := live(s, 0, c.now())
		if r != nil {
			v = Version{r.generation, int64(r.lut) + epoch*1000, r.size}
		}
		return r != nil
	})
	return v, ok
}

// SetGeneration changes the generation of a record, to bring it near the place where
// it wraps. It returns false if there is no such record.
func (c *Cluster) SetGeneration(namespace string, d Digest, generation uint16) bool {
	return c.at(namespace, d, func(_ *partition, s *slot) bool {
		if s.cur == nil || generation == 0 {
			return false
		}
		next := *s.cur
		next.generation = generation
		s.cur = &next
		return true
	})
}

// DropConnections closes every connection. Clients may connect again.
func (c *Cluster) DropConnections() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for conn := range c.conns {
		conn.Close() //nolint:errcheck // its goroutine reports nothing and ends either way
	}
}

// RefuseConnections closes connections as soon as they are made, and with drop those
// that are there too, until AcceptConnections.
func (c *Cluster) RefuseConnections(drop bool) {
	c.mu.Lock()
	c.refuse = true
	c.mu.Unlock()
	if drop {
		c.DropConnections()
	}
}

// AcceptConnections ends RefuseConnections.
func (c *Cluster) AcceptConnections() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.refuse = false
}
