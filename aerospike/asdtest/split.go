package asdtest

import (
	"net"
	"slices"
	"sync/atomic"
)

// Side is one side of a split cluster.
type Side int

// The sides of a split cluster.
const (
	SideA Side = iota
	SideB
)

// Winner says which version a healing cluster keeps of a record that both sides
// have.
type Winner int

// The winners of a healed split. A record that only one side has is kept by all of
// them, which is how a deletion is undone.
const (
	// WinnerByPolicy goes by the namespace's conflict-resolution-policy.
	WinnerByPolicy Winner = iota
	// WinnerByGeneration keeps the larger generation, compared as a number although it
	// wraps, and of equal ones the later update.
	WinnerByGeneration
	// WinnerByLastUpdate keeps the later update, and of equal ones the larger
	// generation.
	WinnerByLastUpdate
	// WinnerA and WinnerB keep one side.
	WinnerA
	WinnerB
)

// Split is a cluster that fell apart: each side has all the records that there were
// and takes writes of its own.
type Split struct {
	c       *Cluster
	serving atomic.Int32
	sideB   net.Listener
}

// Split splits the cluster. A client that connects to the address of a side sees a
// cluster of that side alone; one that is connected to the cluster's own address
// stays on side A until Serve says otherwise. The cluster must not be split already:
// it panics. It fails if side B cannot listen or the cluster is
// closed. O(records).
func (c *Cluster) Split() (*Split, error) {
	c.state.Lock()
	defer c.state.Unlock()
	if c.split != nil {
		panic("asdtest: the cluster is split already")
	}
	l, err := c.listenAgain()
	if err != nil {
		return nil, err
	}
	for _, ns := range c.namespaces {
		ns.sides[SideB] = ns.sides[SideA].clone()
	}
	s := &Split{c: c, sideB: l}
	c.split = s
	c.reformed()
	return s, nil
}

// listenAgain serves side B at an address of its own, until the cluster is closed.
func (c *Cluster) listenAgain() (net.Listener, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, net.ErrClosed
	}
	l, err := net.Listen("tcp", net.JoinHostPort(c.Host(), "0"))
	if err != nil {
		return nil, err
	}
	c.listeners = append(c.listeners, l)
	c.serve(l, int(SideB))
	return l, nil
}

// clone copies a table. Versions are shared.
func (t *table) clone() *table {
	out := &table{}
	for i := range t.parts {
		out.parts[i].used.Store(t.parts[i].used.Load())
		for _, s := range t.parts[i].slots {
			out.parts[i].slots = append(out.parts[i].slots, &slot{digest: s.digest, cur: s.cur, old: slices.Clone(s.old)})
		}
	}
	return out
}

// reformed gives the cluster a new key, as every change of its nodes does.
func (c *Cluster) reformed() {
	c.partGen.Add(1)
	c.clusterKey.Add(0x10001)
}

// Addr returns the address of a side.
func (s *Split) Addr(side Side) string {
	if side == SideB {
		return s.sideB.Addr().String()
	}
	return s.c.Addr()
}

// Serve makes the cluster's own address answer from a side, so that one client
// meets both.
func (s *Split) Serve(side Side) { s.serving.Store(int32(side)) }

// Heal joins the sides again. Whoever is connected to either meets the whole
// cluster. Healing again is a no-op. O(records).
func (s *Split) Heal(w Winner) {
	c := s.c
	c.state.Lock()
	defer c.state.Unlock()
	if c.split != s {
		return
	}
	for _, ns := range c.namespaces {
		rule := w
		if w == WinnerByPolicy {
			rule = WinnerByGeneration
			if ns.settings.get("conflict-resolution-policy") == "last-update-time" {
				rule = WinnerByLastUpdate
			}
		}
		for i := range ns.sides[SideA].parts {
			heal(&ns.sides[SideA].parts[i], &ns.sides[SideB].parts[i], rule, c.cfg.History)
		}
		ns.sides[SideB] = nil
	}
	c.split = nil
	c.reformed()
}

// heal brings what b has into a.
func heal(a, b *partition, w Winner, history int) {
	for _, theirs := range b.slots {
		ours := a.slot(theirs.digest)
		switch {
		case theirs.cur == nil:
		case ours == nil:
			a.put(theirs.digest, theirs.cur, history)
		case ours.cur == theirs.cur:
		case ours.cur == nil || w.wins(theirs.cur, ours.cur):
			a.put(theirs.digest, theirs.cur, history)
		}
	}
}

// wins says whether the version of side B replaces that of side A.
func (w Winner) wins(b, a *record) bool {
	switch w {
	case WinnerA:
		return false
	case WinnerB:
		return true
	case WinnerByLastUpdate:
		return b.lut > a.lut || b.lut == a.lut && b.generation > a.generation
	default:
		return b.generation > a.generation || b.generation == a.generation && b.lut > a.lut
	}
}

// nodeName returns what the node that a connection talks to calls itself.
func (c *Cluster) nodeName(side int) string {
	if side == int(SideB) {
		return c.cfg.Node + "B"
	}
	return c.cfg.Node
}

// sideAddr returns the address that a node tells its clients.
func (c *Cluster) sideAddr(side int) string {
	c.state.RLock()
	defer c.state.RUnlock()
	if side == int(SideB) && c.split != nil {
		return c.split.Addr(SideB)
	}
	return c.Addr()
}
