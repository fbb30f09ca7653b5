package kernel

import (
	"bytes"
	"encoding/binary"
	"iter"
	"slices"

	"github.com/dovetail-crdt/dovetail/clock"
)

// Node is a read-only view of what stands at one path of a state, or of nothing.
// It is valid until the state changes.
type Node struct {
	s     *State
	pl    place
	inner nodeID // of the same path, or 0
}

// At returns the view of path.
func (s *State) At(path []string) Node {
	if len(path) == 0 {
		return Node{s: s, pl: place{at: outside}, inner: root}
	}
	v := Node{s: s, inner: root}
	for _, seg := range path {
		if v = v.Kid(seg); v.s == nil {
			return v
		}
	}
	return v
}

// Kid returns the view of the child of that segment.
func (v Node) Kid(seg string) Node {
	if v.s == nil || v.inner == 0 {
		return Node{}
	}
	return Node{v.s, place{v.inner, seg}, v.s.kidsOf(v.inner)[seg]}
}

// HasKid reports whether anything that shows stands at or below the child of that
// role and content.
func (v Node) HasKid(role byte, content []byte) bool {
	if v.s == nil || v.inner == 0 {
		return false
	}
	var buf [64]byte
	x := makeItem(buf[:0], v.inner, role, content, Value{})
	var room [4]ref
	refs := v.s.lookup(room[:0], &x)
	for _, r := range refs {
		if v.s.pageOf(r).infoOf(r.slot()).plain() {
			return true
		}
	}
	if len(refs) == 0 && len(v.s.kidsOf(v.inner)) == 0 {
		return false
	}
	return v.Kid(string(append([]byte{role}, content...))).Has()
}

// refs appends the live entries exactly at the path, in dot order.
func (v Node) refs(out []ref) []ref {
	if v.s == nil {
		return out
	}
	x := v.pl.item()
	return v.s.lookup(out, &x)
}

// Has reports whether anything that shows is live at or below the path: any
// plain value that is not a denial, or a total that counts. O(1) but for counters
// whose totals have arrived out of order, and for what holds only denials.
func (v Node) Has() bool {
	var room [8]ref
	refs := v.refs(room[:0])
	for _, r := range refs {
		if v.s.pageOf(r).infoOf(r.slot()).plain() {
			return true
		}
	}
	if len(refs) > 0 {
		var more [8]ref
		for _, r := range v.s.shown(more[:0], refs, v.pl) {
			if v.s.pageOf(r).infoOf(r.slot()).value() == valueTotal {
				return true
			}
		}
	}
	return v.s != nil && v.inner != 0 && v.s.showsIn(v.inner)
}

// showsIn reports whether anything that shows stands below a node.
func (s *State) showsIn(id nodeID) bool {
	s.needNodes()
	n := &s.nodes[id]
	if n.n > n.odd {
		return true
	}
	for pl := range s.totalsIn(id) {
		if (Node{s: s, pl: pl}).Has() {
			return true
		}
	}
	for _, k := range n.kids {
		if s.showsIn(k) {
			return true
		}
	}
	return false
}

// eachIn calls f for every live entry directly in a node, in no order, until f
// returns false. O(entries in it), once the state is indexed.
func (s *State) eachIn(id nodeID, f func(p *page, slot int) bool) {
	s.index()
	if !s.indexed {
		s.eachLive(func(p *page, slot int) bool { return p.infoOf(slot).at() != id || f(p, slot) })
		return
	}
	t := s.nodes[id].tab
	if t == nil {
		return
	}
	t.each(func(slot uint32) bool {
		r := refOf(slot)
		p := s.pageOf(r)
		if slot&slotShared == 0 {
			return f(p, r.slot())
		}
		x := p.item(r.slot())
		for _, r := range s.members(nil, &x) {
			if !f(s.pageOf(r), r.slot()) {
				return false
			}
		}
		return true
	})
}

// Below returns the number of live entries at and below the path. O(what is
// below).
func (v Node) Below() int {
	var room [8]ref
	n := len(v.refs(room[:0]))
	if v.inner != 0 {
		n += v.s.below(v.inner)
	}
	return n
}

func (s *State) below(id nodeID) int {
	s.needNodes()
	n := int(s.nodes[id].n)
	for _, k := range s.nodes[id].kids {
		n += s.below(k)
	}
	return n
}

// Here yields what is live exactly at the path, in dot order: what was there at
// the start and still is when its turn comes.
func (v Node) Here() iter.Seq2[clock.Dot, Value] {
	return func(yield func(clock.Dot, Value) bool) {
		var room [8]ref
		refs := v.refs(room[:0])
		if len(refs) == 1 { // nearly always
			yield(v.s.dotOf(refs[0]), v.s.valueOf(refs[0]))
			return
		}
		dots := make([]clock.Dot, len(refs)) // refs may change meanwhile
		for i, r := range refs {
			dots[i] = v.s.dotOf(r)
		}
		for _, d := range dots {
			if r := v.s.find(d); r != 0 && !yield(d, v.s.valueOf(r)) {
				return
			}
		}
	}
}

func (s *State) valueOf(r ref) Value { return s.pageOf(r).value(r.slot()) }

// value returns the value of a slot, which aliases the page.
func (p *page) value(slot int) Value {
	inf, word := p.infoOf(slot), p.word(slot)
	switch inf.value() {
	case valueDeny:
		return Value{Deny: true}
	case valueTotal:
		t := p.total(slot)
		return Value{Total: &t}
	case valueBytes:
		rec := p.recOf(word, inf)[contentLen(inf, word):]
		n, k := binary.Uvarint(rec)
		return Value{Put: rec[k : k+int(n) : k+int(n)]}
	case valueNone:
	}
	return Value{}
}

// Sum returns the value of the counter at the path, mod 2^64.
func (v Node) Sum() uint64 {
	if v.s == nil {
		return 0
	}
	return v.s.sumAt(v.pl)
}

// Bases returns how many bases stand at the path.
func (v Node) Bases() int {
	if v.s == nil {
		return 0
	}
	return len(v.s.basesAt(v.pl))
}

// Len returns the number of children below which something shows. O(1) for a set
// without denials, else O(children).
func (v Node) Len() int {
	if v.s == nil || v.inner == 0 {
		return 0
	}
	v.s.index()
	v.s.needNodes()
	if n := &v.s.nodes[v.inner]; v.s.indexed && n.odd == 0 && len(n.kids) == 0 {
		if n.tab == nil {
			return 0
		}
		return n.tab.n
	}
	return len(v.Segments())
}

// Segments returns the children below which something shows, in order of their
// bytes. The slice is the caller's, so the state may change while it is walked.
// O(n log n).
func (v Node) Segments() []string {
	if v.s == nil || v.inner == 0 {
		return nil
	}
	var all []byte
	var ends []int
	v.s.needNodes()
	n := &v.s.nodes[v.inner]
	v.s.eachIn(v.inner, func(p *page, slot int) bool {
		if n.odd == 0 || p.infoOf(slot).plain() {
			all = p.appendSegment(all, slot)
			ends = append(ends, len(all))
		}
		return true
	})
	for pl := range v.s.totalsIn(v.inner) {
		if v.Kid(pl.seg).Has() {
			all = append(all, pl.seg...)
			ends = append(ends, len(all))
		}
	}
	out := make([]string, 0, len(ends)+len(n.kids))
	text, from := string(all), 0
	for _, end := range ends {
		out, from = append(out, text[from:end]), end
	}
	for seg, k := range n.kids {
		if v.s.showsIn(k) {
			out = append(out, seg)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func (p *page) appendSegment(b []byte, slot int) []byte {
	inf, word := p.infoOf(slot), p.word(slot)
	return appendContent(append(b, inf.role()), inf, word, p.recOf(word, inf))
}

// EqualContent reports whether what is live at and below both paths is the same,
// dots and values; bases and contexts are not compared.
func (v Node) EqualContent(o Node) bool {
	if v.Below() != o.Below() {
		return false
	}
	var a, b [8]ref
	ra, rb := v.refs(a[:0]), o.refs(b[:0])
	if !slices.EqualFunc(ra, rb, func(x, y ref) bool {
		return v.s.dotOf(x) == o.s.dotOf(y) && v.s.valueOf(x).equal(o.s.valueOf(y))
	}) {
		return false
	}
	if v.inner == 0 || o.inner == 0 {
		return true // nothing is below either, or the counts would differ
	}
	return v.s.equalBelow(v.inner, o.s, o.inner)
}

// equalBelow compares what stands below two nodes; both hold as many entries.
func (s *State) equalBelow(a nodeID, o *State, b nodeID) bool {
	s.needNodes()
	o.needNodes()
	if s.nodes[a].n != o.nodes[b].n {
		return false
	}
	same := true
	s.eachIn(a, func(p *page, slot int) bool {
		r := o.find(s.dotOf(p.ref(slot)))
		if same = r != 0; !same {
			return false
		}
		q := o.pageOf(r)
		x, y := p.item(slot), q.item(r.slot())
		same = y.inf.at() == b && x.inf<<32 == y.inf<<32 && x.word == y.word && bytes.Equal(x.rec, y.rec)
		return same
	})
	for seg, k := range s.nodes[a].kids {
		if !same {
			return false
		}
		if other, ok := o.nodes[b].kids[seg]; ok {
			same = s.equalBelow(k, o, other)
		} else {
			same = s.below(k) == 0
		}
	}
	return same
}
