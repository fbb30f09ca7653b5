package kernel

import (
	"bytes"
	"iter"
	"maps"
	"slices"

	"github.com/dovetail-crdt/dovetail/clock"
)

// Clone returns a copy that shares no memory with s that either may change. It
// has no tables yet. It panics if a transaction on s is open: what that has done
// has no numbers yet.
func (s *State) Clone() *State {
	if s.open != nil {
		panic("crdt: Clone of a value that a transaction is changing")
	}
	out := New()
	out.ctx = *s.ctx.Clone()
	out.live = s.live
	if s.rest == &noRest {
		if s.small != nil {
			out.small = s.small.clone()
		}
	} else {
		out.own()
	}
	if s.nodes != nil {
		out.nodes = make([]node, len(s.nodes))
	}
	for i := range s.nodes {
		n := s.nodes[i]
		out.nodes[i] = node{up: n.up, seg: n.seg, uses: n.uses, n: n.n, odd: n.odd, kids: maps.Clone(n.kids), bases: maps.Clone(n.bases)}
	}
	if s.rest == &noRest {
		return out
	}
	out.nbases = s.nbases
	out.free, out.spare = slices.Clone(s.free), slices.Clone(s.spare)
	out.pages = make([]*page, len(s.pages))
	for i, p := range s.pages {
		if p != nil {
			out.pages[i] = p.clone()
		}
	}
	if s.small != nil {
		out.small = out.pages[s.small.num]
	}
	for i := range s.lanes {
		l := s.lanes[i]
		dir := make([]dirEntry, len(l.dir))
		for k, e := range l.dir {
			dir[k] = entryFor(e.lo, out.pages[e.p.num])
		}
		out.lanes = append(out.lanes, lane{id: l.id, dir: dir, max: l.max})
	}
	return out
}

// clone returns a copy; of a mixed page one without dead slots and in order.
func (p *page) clone() *page {
	if p.form == mixed && !p.isTidy() {
		return p.straighten()
	}
	q := *p
	q.own = *p.live
	q.live = &q.own
	if p.have != nil {
		have := *p.have
		q.have = &have
	}
	q.key, q.inf, q.off = slices.Clone(p.key), slices.Clone(p.inf), slices.Clone(p.off)
	q.dot, q.ord, q.bytes = slices.Clone(p.dot), slices.Clone(p.ord), slices.Clone(p.bytes)
	return &q
}

// Sub returns a copy of what is at and below path, as a state whose paths start
// there, under the whole context of s. O(context + what is below).
func (s *State) Sub(path []string) *State {
	if len(path) == 0 {
		return s.Clone()
	}
	if s.open != nil {
		panic("crdt: Clone of a value that a transaction is changing")
	}
	out := New()
	out.ctx = *s.ctx.Clone()
	v := s.At(path)
	if v.s == nil {
		return out
	}
	g := subtreeCopy{from: s, to: out, here: v.pl, nodes: map[nodeID]nodeID{}}
	g.refs = v.refs(nil)
	if v.inner != 0 {
		g.gather(v.inner, root)
	}
	g.copy()
	for pl, bases := range s.allBases() {
		if t, ok := g.nodes[pl.at]; ok {
			out.setBases(place{t, pl.seg}, bases)
		} else if pl == v.pl {
			out.setBases(place{at: outside}, bases)
		}
	}
	out.pruneAll()
	return out
}

// subtreeCopy copies a part of one state to another.
type subtreeCopy struct {
	from, to *State
	here     place // goes to the root
	nodes    map[nodeID]nodeID
	refs     []ref
}

func (g *subtreeCopy) gather(id, to nodeID) {
	g.nodes[id] = to
	g.from.eachIn(id, func(p *page, slot int) bool {
		g.refs = append(g.refs, p.ref(slot))
		return true
	})
	for seg, k := range g.from.kidsOf(id) {
		g.gather(k, g.to.kid(to, seg))
	}
}

func (g *subtreeCopy) copy() {
	slices.SortFunc(g.refs, func(a, b ref) int { return g.from.dotOf(a).Compare(g.from.dotOf(b)) })
	for _, r := range g.refs {
		p, slot := g.from.pageOf(r), r.slot()
		x := p.item(slot)
		if t, ok := g.nodes[x.inf.at()]; ok {
			x.inf = x.inf&0xffffffff | info(t)<<32
		} else {
			x = makeItem(nil, outside, 0, nil, p.value(slot))
		}
		g.to.insert(g.from.dotOf(r), &x)
	}
}

// Equal reports whether both states are the same: content, bases and context.
// O(n).
func (s *State) Equal(o *State) bool {
	if !s.ctx.Equal(&o.ctx) || s.live != o.live || s.nbases != o.nbases {
		return false
	}
	pairs := make([]nodeID, len(s.nodes))
	next, stop := iter.Pull2(o.entries())
	defer stop()
	same := true
	s.eachLive(func(p *page, slot int) bool {
		q, other, _ := next()
		x, y := p.item(slot), q.item(other)
		same = s.dotOf(p.ref(slot)) == o.dotOf(q.ref(other)) && x.inf<<32 == y.inf<<32 && x.word == y.word &&
			bytes.Equal(x.rec, y.rec) && s.samePath(x.inf.at(), o, y.inf.at(), pairs)
		return same
	})
	for pl, bases := range s.allBases() {
		if !same {
			return false
		}
		t, ok := o.placeOf(s.path(pl))
		same = ok && slices.Equal(bases, o.basesAt(t))
	}
	return same
}

func (s *State) entries() iter.Seq2[*page, int] {
	return func(yield func(*page, int) bool) { s.eachLive(yield) }
}

// samePath reports whether node a of s and node b of o are at the same path. Pairs
// holds the answers so far.
func (s *State) samePath(a nodeID, o *State, b nodeID, pairs []nodeID) bool {
	if a <= root || b <= root {
		return a == b
	}
	if pairs[a] == 0 && s.nodes[a].seg == o.nodes[b].seg && s.samePath(s.nodes[a].up, o, o.nodes[b].up, pairs) {
		pairs[a] = b
	}
	return pairs[a] == b
}

// Flat is a live entry by itself.
type Flat struct {
	Dot   clock.Dot
	Path  []string
	Value Value
}

// Entries yields what is live, in dot order.
func (s *State) Entries() iter.Seq[Flat] {
	return func(yield func(Flat) bool) {
		s.eachLive(func(p *page, slot int) bool {
			var path []string
			if inf := p.infoOf(slot); inf.at() != outside {
				path = append(s.appendPath(nil, inf.at()), string(p.appendSegment(nil, slot)))
			}
			return yield(Flat{s.dotOf(p.ref(slot)), path, p.value(slot)})
		})
	}
}
