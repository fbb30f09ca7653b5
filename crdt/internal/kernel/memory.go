package kernel

// What things take beside what they hold, in bytes, with what the allocator rounds up.
const (
	stateMemory = 640 // with its rest
	rowMemory   = 40  // of a context
	pageMemory  = 320 // and of what leads to it
	nodeMemory  = 72
	mapMemory   = 64 // of a map
	entryMemory = 64 // in a map, besides the bytes of the key
	baseMemory  = 48
)

// Memory returns about how many bytes of memory s takes, rather more than that.
// O(replicas, pages and inner nodes).
func (s *State) Memory() int {
	n := stateMemory
	for i := range s.ctx.Rows() {
		_, _, more := s.ctx.Row(i)
		n += rowMemory + 2*16*len(more)
	}
	if s.rest == &noRest && s.small != nil {
		n += s.small.memory()
	}
	for _, p := range s.pages {
		if p != nil {
			n += p.memory()
		}
	}
	for i := range s.nodes {
		n += s.nodes[i].memory()
	}
	for at, c := range s.shared {
		n += 2*entryMemory + len(at.seg) + 16*cap(c.dots)
	}
	n += cap(s.scratch) + 8*cap(s.free) + 8*cap(s.spare)
	return n + n/8
}

func (p *page) memory() int {
	return pageMemory + 8*cap(p.key) + 8*cap(p.inf) + 16*cap(p.dot) + cap(p.ord) + 4*cap(p.off) + cap(p.bytes)
}

func (n *node) memory() int {
	size := nodeMemory + len(n.seg)
	if n.kids != nil {
		size += mapMemory + entryMemory*len(n.kids)
	}
	if n.bases != nil {
		size += mapMemory
	}
	for seg, bases := range n.bases {
		size += entryMemory + len(seg) + baseMemory*cap(bases)
	}
	if n.tab != nil {
		size += nodeMemory + 64*len(n.tab.buckets)
	}
	return size
}
