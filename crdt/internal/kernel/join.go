package kernel

import "slices"

// Merge makes s the join of s and d and reports whether that changed s. It
// neither changes d nor keeps any part of it that s may change; d may be s.
//
// The rule (Almeida, Shoker, Baquero, JPDC 111, 2018, for dot stores under one
// context): an entry stays if the other side has it live too, or has never heard
// of its dot; so what d knows and does not have live is dead, and what d has
// live and s knows is either live here already or dead. That both sides hold an
// equal element says nothing: dots decide. Bases join by the larger sequence
// number, contexts by union, and bases of closed runs go.
//
// The cost follows d: its live dots, and those of s inside the intervals of its
// context; it does not depend on what else s holds.
func (s *State) Merge(d *State) (changed bool) {
	if s == d {
		return false
	}
	if s.open != nil || d.open != nil {
		panic("kernel: Merge during a transaction on one of the states")
	}
	var touched []*node

	var dead []*Entry
	for id, in := range d.ctx.Intervals() {
		if i, ok := s.lane(id); ok {
			s.lanes[i].within(in, func(e *Entry) {
				if d.find(e.dot) == nil {
					dead = append(dead, e)
				}
			})
		}
	}
	s.removeAll(dead)
	for _, e := range dead {
		touched = append(touched, e.at)
	}

	grew := false
	d.each(func(e *Entry) {
		if !s.ctx.Contains(e.dot) {
			c := &Entry{dot: e.dot, at: s.twin(e.at), val: e.val}
			s.insertLoose(c)
			touched, grew = append(touched, c.at), true
		}
	})
	changed = len(dead) > 0 || grew
	for _, n := range touched {
		n.tighten()
	}

	if d.bases > 0 && s.mergeBases(d.root, &touched) {
		changed = true
	}
	if s.ctx.Merge(&d.ctx) {
		changed = true
	}
	for _, n := range touched {
		s.settle(n)
		n.prune()
	}
	return changed
}

// twin returns the node of s at the path of n, a node of another state.
func (s *State) twin(n *node) *node {
	if n.up == nil {
		return s.root
	}
	return s.twin(n.up).kid(n.seg)
}

// mergeBases joins the bases at and below n, a node of another state.
func (s *State) mergeBases(n *node, touched *[]*node) (changed bool) {
	if len(n.bases) > 0 {
		t := s.twin(n)
		*touched = append(*touched, t)
		for rest := n.bases; len(rest) > 0; {
			closed := t.rowsOf(rest[0].Replica).closed()
			mine := n.rowsOf(rest[0].Replica).bases
			for _, b := range mine {
				// One that is settled here already would only be dropped again.
				if !closed(b.Run) && s.joinBase(t, b) {
					changed = true
				}
			}
			rest = rest[len(mine):]
		}
	}
	for _, k := range n.kids {
		if s.mergeBases(k, touched) {
			changed = true
		}
	}
	return changed
}

// joinBase puts b at n unless a larger one of the same run is there.
func (s *State) joinBase(n *node, b Base) (changed bool) {
	i, ok := n.findBase(b.Replica, b.Run)
	switch {
	case !ok:
		n.bases = slices.Insert(n.bases, i, b)
		s.bases++
	case b.wins(n.bases[i]):
		n.bases[i] = b
	default:
		return false
	}
	return true
}

// settle drops the bases at n whose run is closed.
func (s *State) settle(n *node) {
	if len(n.bases) == 0 {
		return
	}
	kept := make([]Base, 0, len(n.bases))
	for rest := n.bases; len(rest) > 0; {
		r := n.rowsOf(rest[0].Replica)
		closed := r.closed()
		for _, b := range r.bases {
			if !closed(b.Run) {
				kept = append(kept, b)
			}
		}
		rest = rest[len(r.bases):]
	}
	s.bases -= len(n.bases) - len(kept)
	n.bases = kept
}
