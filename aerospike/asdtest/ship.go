package asdtest

import (
	"maps"
	"slices"
)

// Ship ships up to n of the records that wait, the first ones first, and returns how
// many. It ships nothing while the link is cut.
func (l *Link) Ship(n int) int {
	done := 0
	for done < n {
		l.mu.Lock()
		if l.cut || len(l.queue) == 0 {
			l.mu.Unlock()
			break
		}
		p := l.queue[0]
		l.queue = l.queue[1:]
		delete(l.byKey, p.key)
		l.mu.Unlock()
		l.deliver(p.key, l.src.current(p.key, 0), p.bins)
		done++
	}
	return done
}

// ShipAll ships until nothing waits and returns how many records that were.
func (l *Link) ShipAll() int {
	n := 0
	for {
		k := l.Ship(1)
		if k == 0 {
			return n
		}
		n += k
	}
}

// ShipVersion ships at once the version that a record had n versions ago (0: the one
// it has), whole or, if the link ships changed bins only, all its bins. A link that
// recovers does so: it repeats versions and brings old ones after new ones. It
// returns false if the record is not known or the link is cut.
func (l *Link) ShipVersion(namespace string, d Digest, n int) bool {
	ns := l.src.namespace(namespace)
	l.mu.Lock()
	cut := l.cut || l.closed
	l.mu.Unlock()
	if ns == nil || cut || l.dst.namespace(namespace) == nil {
		return false
	}
	k := gateKey{ns, d}
	r := l.src.current(k, n)
	if r == nil {
		return false
	}
	bins := make(map[string]bool, len(r.bins))
	for _, b := range r.bins {
		bins[b.name] = true
	}
	l.deliver(k, r, bins)
	return true
}

// Rewind has every record of the source wait to be shipped, with all its bins, and
// returns how many. What came over another link is among them only if the link
// forwards.
func (l *Link) Rewind() int {
	n := 0
	for _, ns := range l.src.namespaces {
		l.src.state.RLock()
		for d, r := range l.src.all(ns.table(l.src, -1)) {
			if r.shipped && !l.cfg.Forward {
				continue
			}
			n++
			l.changed(ns, d, r, nil, r.shipped)
		}
		l.src.state.RUnlock()
	}
	return n
}

// Run ships what waits, and what comes, until the link is closed.
func (l *Link) Run() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.wake != nil || l.closed {
		return
	}
	l.wake = make(chan struct{}, 1)
	l.wake <- struct{}{}
	l.wg.Go(func() {
		for {
			select {
			case <-l.wake:
				l.ShipAll()
			case <-l.done:
				return
			}
		}
	})
}

// current returns the version that a record had n versions ago, nil if it is not
// there.
func (c *Cluster) current(k gateKey, n int) *record {
	c.state.RLock()
	defer c.state.RUnlock()
	p := k.ns.table(c, -1).part(k.digest)
	p.mu.RLock()
	defer p.mu.RUnlock()
	return live(p.slot(k.digest), n, c.now())
}

// deliver writes a version of a record, nil if it was deleted, at the other end.
func (l *Link) deliver(k gateKey, r *record, bins map[string]bool) {
	ok := l.dst.arrive(l.dst.namespace(k.ns.name), k.digest, r, bins, l.cfg.OnlyChanged)
	l.mu.Lock()
	defer l.mu.Unlock()
	if ok {
		l.shipped++
	} else {
		l.failed++
	}
}

// arrive applies what a link brings. It returns false if the cluster does not take
// it.
func (c *Cluster) arrive(ns *namespace, d Digest, r *record, bins map[string]bool, onlyChanged bool) bool {
	if ns.settings.bool("reject-xdr-writes") {
		return false
	}
	c.state.RLock()
	defer c.state.RUnlock()
	p := ns.table(c, -1).part(d)
	p.mu.Lock()
	defer p.mu.Unlock()
	old := live(p.slot(d), 0, c.now())
	if r == nil {
		if old != nil {
			p.put(d, nil, c.cfg.History)
			c.changed(ns, d, nil, old, true)
		}
		return true
	}
	next := &record{set: r.set, key: r.key, generation: 1, lut: c.millis(), void: r.void, shipped: true}
	if old != nil {
		next.generation = nextGeneration(old.generation)
		next.lut = max(next.lut, old.lut)
	}
	if onlyChanged {
		if old != nil {
			next.bins = append(next.bins, old.bins...)
		}
		for _, name := range slices.Sorted(maps.Keys(bins)) {
			next.setBin(name, r.get(name))
		}
	} else {
		next.bins = append(next.bins, r.bins...)
	}
	size := next.flatSize()
	if uint64(size) > ns.limits.Load().maxRecord || len(next.bins) == 0 {
		return false
	}
	next.size = (size + block - 1) / block * block
	p.put(d, next, c.cfg.History)
	c.changed(ns, d, next, old, true)
	return true
}
