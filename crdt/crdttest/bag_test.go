package crdttest_test

import (
	"errors"
	"iter"
	"maps"
	"math/rand/v2"
	"slices"

	"github.com/dovetail-crdt/dovetail/clock/wire"
	"github.com/dovetail-crdt/dovetail/crdt"
)

// fault is what is wrong with a bag.
type fault string

const (
	sound            fault = ""
	keepsArgument    fault = "Merge keeps its argument"
	changesArgument  fault = "Merge changes its argument"
	takesLast        fault = "Merge takes the last value"
	adds             fault = "Merge adds"
	evicts           fault = "Merge evicts"
	changedAlways    fault = "Merge always reports a change"
	changedByLength  fault = "Merge reports only new elements"
	wholeState       fault = "the delta is the whole state"
	bypassesRecord   fault = "a mutator changes the value itself"
	changesThenFails fault = "a mutator that fails has changed what clones share"
	draws            fault = "a mutator depends on chance"
	encodesInOrder   fault = "Append depends on the order of a map"
	keepsInput       fault = "Decode keeps its input"
	acceptsTail      fault = "Decode accepts bytes behind the end"
	acceptsAnyOrder  fault = "Decode accepts any order"
	panicsOnDamage   fault = "Decode panics"
	sharesClone      fault = "Clone shares"
	equalByLength    fault = "Equal compares lengths"
	neverBottom      fault = "IsBottom is always false"
	oneNew           fault = "New returns one value"
)

// bag is the largest number that was put for each element, with a fault.
type bag struct {
	has   map[string]uint64
	fails *uint64 // of changesThenFails: puts that failed
	raw   []byte  // of keepsInput: what it was decoded from
	fault fault
}

func (f fault) bag() *bag { return &bag{map[string]uint64{}, new(uint64), nil, f} }

func (s *bag) Put(tx *crdt.Tx, e string, n uint64) {
	switch s.fault {
	case bypassesRecord:
		s.has[e] = max(s.has[e], n)
	case draws:
		n += rand.Uint64N(100)
	case changesThenFails:
		if n == 0 {
			*s.fails++
		}
	default:
	}
	if n == 0 {
		tx.Fail(errors.New("bag: none"))
		return
	}
	if n <= s.has[e] {
		return
	}
	d := s.fault.bag()
	if s.fault == wholeState {
		maps.Copy(d.has, s.has)
	}
	d.has[e] = n
	crdt.Record(tx, s, d)
}

func (s *bag) Merge(delta *bag) (changed bool) {
	if delta == nil || s == delta {
		return false
	}
	if s.fault == keepsArgument && len(s.has) == 0 {
		s.has = delta.has
		return len(s.has) > 0
	}
	if len(delta.has) > 0 {
		s.raw = nil
	}
	length := len(s.has)
	for e, n := range delta.has {
		changed = s.join(e, n) || changed
		if s.fault == changesArgument {
			delete(delta.has, e)
		}
	}
	if s.fault == evicts && len(s.has) > 2 {
		delete(s.has, slices.Max(slices.Collect(maps.Keys(s.has))))
	}
	switch s.fault {
	case changedAlways:
		return true
	case changedByLength:
		return len(s.has) > length
	default:
		return changed
	}
}

func (s *bag) join(e string, n uint64) (changed bool) {
	was := s.has[e]
	switch s.fault {
	case takesLast:
		s.has[e] = n
	case adds:
		s.has[e] += n
	default:
		s.has[e] = max(was, n)
	}
	return s.has[e] != was
}

func (s *bag) Equal(o *bag) bool {
	if s.fault == equalByLength {
		return len(s.has) == len(o.has)
	}
	return maps.Equal(s.has, o.has) && *s.fails == *o.fails
}

func (s *bag) Clone() *bag {
	c := &bag{maps.Clone(s.has), new(uint64), s.raw, s.fault}
	*c.fails = *s.fails
	switch s.fault {
	case sharesClone:
		c.has = s.has
	case changesThenFails:
		c.fails = s.fails
	default:
	}
	return c
}

func (s *bag) IsBottom() bool {
	return s == nil || len(s.has) == 0 && *s.fails == 0 && s.fault != neverBottom
}

// Parts implements untyped.Decomposer.
func (s *bag) Parts() iter.Seq[*bag] {
	return func(yield func(*bag) bool) {
		for _, e := range slices.Sorted(maps.Keys(s.has)) {
			p := s.fault.bag()
			if p.has[e] = s.has[e]; !yield(p) {
				return
			}
		}
	}
}

// Without implements untyped.Decomposer.
func (s *bag) Without(o *bag) *bag {
	rest := s.fault.bag()
	for p := range s.Parts() {
		if o.Clone().Merge(p) {
			rest.Merge(p)
		}
	}
	return rest
}

// kind returns the kind of bags with that fault.
func (f fault) kind() crdt.Kind[*bag] {
	one := f.bag()
	return crdt.Kind[*bag]{
		Name:    "bag",
		Version: 1,
		New: func() *bag {
			if f == oneNew {
				return one
			}
			return f.bag()
		},
		Append: f.append,
		Decode: f.decode,
	}
}

func (f fault) append(b []byte, s *bag) ([]byte, error) {
	if s.raw != nil {
		return append(b, s.raw...), nil
	}
	elements := slices.Sorted(maps.Keys(s.has))
	if f == encodesInOrder {
		elements = slices.Collect(maps.Keys(s.has))
	}
	b = wire.AppendUvarint(b, *s.fails)
	b = wire.AppendUvarint(b, uint64(len(elements)))
	for _, e := range elements {
		b = wire.AppendUvarint(wire.AppendBytes(b, e), s.has[e])
	}
	return b, nil
}

func (f fault) decode(b []byte) (*bag, error) {
	s, last := f.bag(), ""
	r := wire.NewReader(b)
	*s.fails = r.Uvarint()
	if f != changesThenFails && *s.fails > 0 {
		r.Failf("failures")
	}
	for range r.Count(2) {
		e, n := string(r.Bytes()), r.Uvarint()
		_, twice := s.has[e]
		if r.Err() == nil && (n == 0 || twice || e <= last && f != acceptsAnyOrder && f != encodesInOrder) {
			r.Failf("%q behind %q", e, last)
		}
		s.has[e], last = n, e
	}
	if f == keepsInput {
		s.raw = b
	}
	if f == panicsOnDamage && r.Err() != nil {
		panic(r.Err())
	}
	if f == acceptsTail {
		return s, r.Err()
	}
	return s, r.Done()
}
