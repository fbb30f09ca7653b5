package kernel

import (
	"maps"
	"slices"
)

// nodeID numbers the inner nodes of a state: the paths that entries stand below.
// The path of an entry is that of its node and one segment more, its own. An
// entry at the empty path stands in the node outside, with the empty segment.
type nodeID uint32

const (
	outside nodeID = 0
	root    nodeID = 1
)

// node is one inner node. It exists while something uses it.
type node struct {
	up   nodeID
	seg  string // role and content
	uses int32  // live entries, inner nodes and places with bases directly in it
	n    int32  // live entries directly in it
	odd  int32  // of those, totals and denials, which may not show
	kids map[string]nodeID
	// The bases of the places directly in it, by their segments; no list is empty, and
	// none is changed once it is here.
	bases map[string][]Base
	tab   *table // of the entries directly in it, if the state is indexed; not of outside
}

// tally counts so many entries of one info that came or went.
func (n *node) tally(inf info, by int32) {
	n.uses += by
	n.n += by
	if !inf.plain() {
		n.odd += by
	}
}

// needNodes makes sure that nodes are counted.
func (s *State) needNodes() {
	if s.nodes != nil {
		return
	}
	s.nodes = make([]node, 2)
	s.eachLive(func(p *page, slot int) bool {
		s.count(p.infoOf(slot), 1)
		return true
	})
}

// kidsOf returns the inner nodes of one by their segments; for reading only.
func (s *State) kidsOf(id nodeID) map[string]nodeID {
	if s.nodes == nil {
		return nil
	}
	return s.nodes[id].kids
}

// kid returns the inner node of a segment, made if it is missing.
func (s *State) kid(up nodeID, seg string) nodeID {
	if s.nodes == nil && s.live == 0 && len(s.pending) == 0 { // nor in an open transaction
		s.nodes = make([]node, 2, 4) // a delta of one key
	}
	s.needNodes()
	if id, ok := s.nodes[up].kids[seg]; ok {
		return id
	}
	id := nodeID(len(s.nodes))
	if n := len(s.spare); n > 0 {
		id, s.spare = s.spare[n-1], s.spare[:n-1]
		s.nodes[id] = node{up: up, seg: seg}
	} else {
		s.nodes = append(s.nodes, node{up: up, seg: seg})
	}
	n := &s.nodes[up]
	if n.kids == nil {
		n.kids = make(map[string]nodeID)
	}
	n.kids[seg] = id
	n.uses++
	s.unused = append(s.unused, id) // until something uses it
	return id
}

// inner returns the inner node of a path, or not ok.
func (s *State) inner(path []string) (id nodeID, ok bool) {
	id = root
	for _, seg := range path {
		if id, ok = s.kidsOf(id)[seg]; !ok {
			return 0, false
		}
	}
	return id, true
}

// ensure returns the inner node of a path, made if it is missing.
func (s *State) ensure(path []string) nodeID {
	id := root
	for _, seg := range path {
		id = s.kid(id, seg)
	}
	return id
}

// prune frees a node that nothing uses, and those above it that come to that.
func (s *State) prune(id nodeID) {
	for id > root && s.nodes[id].uses == 0 && s.nodes[id].seg != "" {
		n := s.nodes[id]
		delete(s.nodes[n.up].kids, n.seg)
		s.nodes[n.up].uses--
		s.nodes[id] = node{}
		s.own()
		s.spare = append(s.spare, id)
		id = n.up
	}
}

// pruneAll frees the nodes that lost their last use.
func (s *State) pruneAll() {
	if len(s.unused) == 0 {
		return
	}
	for _, id := range s.unused {
		s.prune(id)
	}
	s.unused = s.unused[:0]
}

// release notes that a node lost a use.
func (s *State) release(id nodeID) {
	n := &s.nodes[id]
	if n.uses--; n.uses == 0 && id > root {
		s.unused = append(s.unused, id)
	}
}

// sortedKids returns the inner nodes of id in order of their bytes.
func (s *State) sortedKids(id nodeID) []nodeID {
	segs := slices.Sorted(maps.Keys(s.kidsOf(id)))
	out := make([]nodeID, len(segs))
	for i, seg := range segs {
		out[i] = s.nodes[id].kids[seg]
	}
	return out
}

// appendPath appends the segments from the root down to the node.
func (s *State) appendPath(p []string, id nodeID) []string {
	from := len(p)
	for ; id > root; id = s.nodes[id].up {
		p = append(p, s.nodes[id].seg)
	}
	slices.Reverse(p[from:])
	return p
}
