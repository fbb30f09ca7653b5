package kernel

import (
	"iter"
	"maps"
	"slices"

	"github.com/dovetail-crdt/dovetail/clock"
)

// Schema says what a type can hold at one place and below.
type Schema interface {
	// Below returns the schema of what stands at the segment of that role and
	// content, or an error.
	Below(role byte, content []byte) (Schema, error)
	// Value returns an error for a value that cannot stand here.
	Value(d clock.Dot, v Value) error
	// Bases returns an error if counter bases cannot stand here.
	Bases() error
}

// Uniform is a Schema that need not look at each child: Plain reports whether
// every content of that role may stand below without a value; eight says that all
// are of eight bytes.
type Uniform interface {
	Schema
	Plain(role byte, eight bool) bool
}

// Validate returns the first thing in s that the schema of its root does not
// allow. O(n).
func (s *State) Validate(top Schema) error {
	v := validator{s: s, of: make([]Schema, max(len(s.nodes), 2))}
	v.of[root] = top
	for p := range s.inOrder() {
		if err := v.page(p); err != nil {
			return err
		}
	}
	for pl := range s.allBases() {
		at, err := v.at(pl)
		if err == nil {
			err = at.Bases()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

type validator struct {
	s  *State
	of []Schema // of nodes, as far as they were asked for
}

func (v *validator) page(p *page) error {
	if p.inf == nil && p.all.value() == valueNone && p.all.at() != outside {
		top, err := v.node(p.all.at())
		if err != nil {
			return err
		}
		if u, ok := top.(Uniform); ok && u.Plain(p.all.role(), p.all&infoWide != 0) {
			return nil
		}
	}
	var err error
	var buf []byte
	p.eachLive(func(p *page, slot int) bool {
		inf, word := p.infoOf(slot), p.word(slot)
		var at Schema
		if inf.at() == outside {
			at = v.of[root]
		} else if at, err = v.node(inf.at()); err == nil {
			buf = appendContent(buf[:0], inf, word, p.recOf(word, inf))
			at, err = at.Below(inf.role(), buf)
		}
		if err == nil {
			err = at.Value(v.s.dotOf(p.ref(slot)), p.value(slot))
		}
		return err == nil
	})
	return err
}

func (v *validator) node(id nodeID) (Schema, error) {
	if v.of[id] == nil {
		n := &v.s.nodes[id]
		up, err := v.node(n.up)
		if err != nil {
			return nil, err
		}
		if v.of[id], err = up.Below(n.seg[0], []byte(n.seg[1:])); err != nil {
			return nil, err
		}
	}
	return v.of[id], nil
}

func (v *validator) at(pl place) (Schema, error) {
	if pl.at == outside {
		return v.of[root], nil
	}
	up, err := v.node(pl.at)
	if err != nil {
		return nil, err
	}
	return up.Below(pl.seg[0], []byte(pl.seg[1:]))
}

// Kids yields all children, also those that hold only denials or bases, in order
// of their bytes: those there at the start. O(n log n).
func (v Node) Kids() iter.Seq2[string, Node] {
	return func(yield func(string, Node) bool) {
		if v.s == nil || v.inner == 0 {
			return
		}
		segs := map[string]bool{}
		v.s.eachIn(v.inner, func(p *page, slot int) bool {
			segs[string(p.appendSegment(nil, slot))] = true
			return true
		})
		for seg := range v.s.kidsOf(v.inner) {
			segs[seg] = true
		}
		if v.s.nbases > 0 {
			for seg := range v.s.nodes[v.inner].bases {
				segs[seg] = true
			}
		}
		for _, seg := range slices.Sorted(maps.Keys(segs)) {
			if !yield(seg, v.Kid(seg)) {
				return
			}
		}
	}
}
