package kernel

// twins finds the nodes of one state at the paths of nodes of another, and makes
// those that are missing. It remembers what it was asked for, not all that there
// are: an increment of one counter must not cost all keys of a map.
type twins struct {
	from, to *State
	last     nodeID // nearly always the only one
	twin     nodeID // of last
	known    map[nodeID]nodeID
}

// of returns the node of to at the path of a node of from.
func (t *twins) of(id nodeID) nodeID {
	if id <= root {
		return id
	}
	if id == t.last {
		return t.twin
	}
	if twin, ok := t.known[id]; ok {
		return twin
	}
	n := &t.from.nodes[id]
	twin := t.to.kid(t.of(n.up), n.seg)
	if t.last != 0 {
		if t.known == nil {
			t.known = make(map[nodeID]nodeID)
		}
		t.known[t.last] = t.twin
	}
	t.last, t.twin = id, twin
	return twin
}

// copied returns x, an item of from, as one of to.
func (t *twins) copied(x item) item {
	if at := x.inf.at(); at > root {
		x.inf = x.inf&0xffffffff | info(t.of(at))<<32
	}
	return x
}
