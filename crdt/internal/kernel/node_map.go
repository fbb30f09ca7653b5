package kernel

// nodeMap maps the nodes of one state to those of another at the same paths, and makes
// those that are missing there. It maps only nodes that it was asked for: an increment
// of one counter must not cost all keys of a map.
type nodeMap struct {
	from, to *State
	last     nodeID            // the node that was asked for last; nearly always the only one
	found    nodeID            // the node of to for last
	known    map[nodeID]nodeID // those asked for before last
}

// of returns the node of to at the path of a node of from.
func (t *nodeMap) of(id nodeID) nodeID {
	if id <= root {
		return id
	}
	if id == t.last {
		return t.found
	}
	if found, ok := t.known[id]; ok {
		return found
	}
	n := &t.from.nodes[id]
	found := t.to.kid(t.of(n.up), n.seg)
	if t.last != 0 {
		if t.known == nil {
			t.known = make(map[nodeID]nodeID)
		}
		t.known[t.last] = t.found
	}
	t.last, t.found = id, found
	return found
}

// copied returns x, an item of from, as one of to.
func (t *nodeMap) copied(x item) item {
	if at := x.inf.at(); at > root {
		x.inf = x.inf&0xffffffff | info(t.of(at))<<32
	}
	return x
}
