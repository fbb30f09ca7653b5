package asdtest

import (
	"slices"
	"sort"
)

// mapSelection is which entries of a map an operation means, and what it wants to
// know of them.
type mapSelection struct {
	at       []int // sorted, distinct
	named    []int // as a list of keys named them
	single   bool  // the operation names one entry: its result is not a list
	absent   bool  // and it failed to name one that exists
	kind     int64 // what to return
	inverted bool
}

// selectMap finds the entries that a removing or reading operation means.
func (o *cdtOp) selectMap(m *mapValue) (*mapSelection, error) {
	kind, err := o.int(0, 0)
	if err != nil || len(o.params) < 2 {
		return nil, errParameter
	}
	s := &mapSelection{kind: kind &^ returnInverted, inverted: kind&returnInverted != 0}
	n := len(m.entries)
	switch o.code {
	case mapRemoveKey, mapGetKey:
		s.single = true
		if i, found := m.find(o.params[1]); found {
			s.at = []int{i}
		}
	case mapRemoveKeys, mapGetKeys:
		err = s.byKeys(m, o.params[1])
	case mapRemoveKeyFrom, mapGetKeyFrom:
		s.byKeyRange(m, o.params[1:])
	case mapRemoveIndex, mapGetIndex:
		s.single = true
		var index int64
		index, err = o.int(1, 0)
		if index < 0 {
			index += int64(n)
		}
		if err == nil && (index < 0 || index >= int64(n)) {
			s.absent = true
		} else {
			s.at = []int{int(index)}
		}
	case mapRemoveIndexes, mapGetIndexes:
		var from, to int
		from, to, err = o.counted(1, n)
		s.add(from, to)
	case mapRemoveValue, mapGetValue:
		s.byValues(m, o.params[1:2])
	case mapRemoveValues, mapGetValues:
		values, ok := cutList(o.params[1])
		if !ok {
			return nil, errParameter
		}
		s.byValues(m, values)
	default:
		return nil, errParameter
	}
	if err != nil {
		return nil, err
	}
	s.invert(n)
	return s, nil
}

func (s *mapSelection) add(from, to int) {
	for i := from; i < to; i++ {
		s.at = append(s.at, i)
	}
}

func (s *mapSelection) byKeys(m *mapValue, list []byte) error {
	keys, ok := cutList(list)
	if !ok {
		return errParameter
	}
	for _, k := range keys {
		if i, found := m.find(k); found {
			s.at = append(s.at, i)
		}
	}
	s.named = slices.Clone(s.at)
	slices.Sort(s.at)
	s.at = slices.Compact(s.at)
	return nil
}

// byKeyRange takes the keys from the first bound to before the second; a bound that
// is nil or missing is open.
func (s *mapSelection) byKeyRange(m *mapValue, bounds [][]byte) {
	at := func(bound []byte) int {
		return sort.Search(len(m.entries), func(i int) bool { return compareElements(m.entries[i].key(), bound) >= 0 })
	}
	from, to := at(bounds[0]), len(m.entries)
	if len(bounds) > 1 {
		to = at(bounds[1])
	}
	s.add(from, max(from, to))
}

func (s *mapSelection) byValues(m *mapValue, values [][]byte) {
	for i, v := range values {
		values[i] = canonical(v)
	}
	for i, e := range m.entries {
		if slices.ContainsFunc(values, func(v []byte) bool { return compareElements(e.val(), v) == 0 }) {
			s.at = append(s.at, i)
		}
	}
}

func (s *mapSelection) invert(n int) {
	if !s.inverted || s.single {
		return
	}
	var rest []int
	for i := range n {
		if _, found := slices.BinarySearch(s.at, i); !found {
			rest = append(rest, i)
		}
	}
	s.at = rest
}

// result builds what the operation returns.
func (s *mapSelection) result(m *mapValue) (value, error) {
	if s.absent || s.single && s.inverted {
		return value{}, errNotApplicable
	}
	switch s.kind {
	case returnNone:
		return value{}, nil
	case returnCount:
		return intValue(int64(len(s.at))), nil
	case returnExists:
		return boolValue(len(s.at) > 0), nil
	case returnIndex, returnRevIndex:
		return s.places(m)
	case returnRank, returnRevRank:
		return value{}, errUnsupported
	case returnKey, returnValue:
		return s.parts(m)
	case returnPairs, returnMap, returnSorted:
		entries := make([]entry, 0, len(s.at))
		out := &mapValue{order: orderKept}
		for _, i := range s.at {
			entries = append(entries, m.entries[i])
		}
		switch s.kind {
		case returnMap:
			out.order = 0
		case returnSorted:
			out.order = orderKey
		}
		out.entries = entries
		return value{kind: kindMap, m: out}, nil
	default:
		return value{}, errParameter
	}
}

// places returns where the entries stand.
func (s *mapSelection) places(m *mapValue) (value, error) {
	at := s.at
	if s.named != nil && !s.inverted {
		at = s.named
	}
	out := make([][]byte, 0, len(at))
	for _, i := range at {
		if s.kind == returnRevIndex {
			i = len(m.entries) - 1 - i
		}
		out = append(out, appendInt(nil, int64(i)))
	}
	if s.kind == returnRevIndex { // the server names places in ascending order
		slices.SortFunc(out, compareElements)
	}
	if !s.single {
		return value{kind: kindList, l: &listValue{items: out}}, nil
	}
	if len(out) == 0 {
		return intValue(-1), nil
	}
	return unpackValue(out[0])
}

// parts returns keys or values.
func (s *mapSelection) parts(m *mapValue) (value, error) {
	out := make([][]byte, 0, len(s.at))
	for _, i := range s.at {
		if s.kind == returnKey {
			out = append(out, m.entries[i].key())
		} else {
			out = append(out, m.entries[i].val())
		}
	}
	if !s.single {
		return value{kind: kindList, l: &listValue{items: out}}, nil
	}
	if len(out) == 0 {
		return value{}, nil
	}
	return unpackValue(out[0])
}
