package asdtest

import (
	"slices"
)

// Attributes of a map or list, as they stand in its header.
const (
	orderKey     = 0x01 // a map sorted by key, a list sorted by value
	orderValue   = 0x02 // a map that keeps an index by value too
	orderKept    = 0x08 // a result whose order says something
	orderPersist = 0x10 // an index is stored with it
)

// mapValue is a map. Invariants: entries are sorted by key, keys are distinct, and
// neither the slice nor what it holds changes once the map stands in a bin. The
// server keeps unordered maps sorted as well; it only does not say so.
type mapValue struct {
	order   byte
	entries []entry
	content int // bytes of all entries
}

// entry is one pair, encoded one after the other.
type entry struct {
	kv []byte
	n  int // bytes of the key
}

func (e entry) key() []byte { return e.kv[:e.n] }
func (e entry) val() []byte { return e.kv[e.n:] }

// newEntry copies a pair, the value in its canonical form.
func newEntry(key, val []byte) entry {
	val = canonical(val)
	kv := make([]byte, 0, len(key)+len(val))
	return entry{kv: append(append(kv, key...), val...), n: len(key)}
}

// decodeMap reads an encoded map that is all of b, and copies it.
func decodeMap(b []byte) (*mapValue, error) {
	e, ok := readElement(b)
	if !ok || e.class != classMap || len(b) > maxContainer || elementSize(b, 0) != len(b) {
		return nil, errParameter
	}
	b = b[e.size:]
	m := &mapValue{}
	count := e.n
	if count > 0 {
		if h, _ := readElement(b); h.class == classExt {
			m.order = h.body[0] & (orderKey | orderValue)
			_, b, _ = cutElement(b)
			_, b, _ = cutElement(b)
			count--
		}
	}
	m.entries = make([]entry, 0, count)
	for range count {
		var k, v []byte
		k, b, _ = cutElement(b)
		v, b, _ = cutElement(b)
		if !isMapKey(k) {
			return nil, errParameter
		}
		m.entries = append(m.entries, newEntry(k, v))
		m.content += len(k) + len(v)
	}
	slices.SortFunc(m.entries, func(a, b entry) int { return compareElements(a.key(), b.key()) })
	for i := range m.entries {
		if i > 0 && compareElements(m.entries[i-1].key(), m.entries[i].key()) == 0 {
			return nil, errParameter
		}
	}
	return m, nil
}

// isMapKey reports whether an element may be a key: an integer, a string or bytes.
func isMapKey(b []byte) bool {
	e, ok := readElement(b)
	switch e.class {
	case classInt, classString:
		return ok
	case classBlob:
		return ok && len(e.body) > 0 && particle(e.body[0]) == kindBlob
	default:
		return false
	}
}

// append appends the map as a client reads it: an order, if any, is a first entry
// whose key is an extension.
func (m *mapValue) append(b []byte) []byte {
	return appendPairs(b, m.order&^orderPersist, m.entries)
}

func appendPairs(b []byte, order byte, entries []entry) []byte {
	if order != 0 {
		b = append(appendMapHeader(b, len(entries)+1), 0xc7, 0, order, 0xc0)
	} else {
		b = appendMapHeader(b, len(entries))
	}
	for _, e := range entries {
		b = append(b, e.kv...)
	}
	return b
}

func (m *mapValue) storedSize() int {
	n := len(m.entries)
	if m.order != 0 {
		return containerHead(n+1) + 4 + m.content
	}
	return containerHead(n) + m.content
}

// containerHead is the size of the head of a map or list of n elements.
func containerHead(n int) int {
	switch {
	case n < 16:
		return 1
	case n < 1<<16:
		return 3
	}
	return 5
}

// find returns where key is, or would be.
func (m *mapValue) find(key []byte) (int, bool) {
	return slices.BinarySearchFunc(m.entries, key, func(e entry, k []byte) int { return compareElements(e.key(), k) })
}

// clone returns a map that the caller may change, with room for more entries.
func (m *mapValue) clone(more int) *mapValue {
	return &mapValue{
		order: m.order, content: m.content,
		entries: append(make([]entry, 0, len(m.entries)+more), m.entries...),
	}
}

// set puts an entry in. The map must be the caller's own.
func (m *mapValue) set(e entry) {
	i, found := m.find(e.key())
	m.content += len(e.kv)
	if found {
		m.content -= len(m.entries[i].kv)
		m.entries[i] = e
		return
	}
	m.entries = slices.Insert(m.entries, i, e)
}

// without returns a map that lacks the entries at the given positions, which are
// sorted and distinct.
func (m *mapValue) without(at []int) *mapValue {
	out := &mapValue{order: m.order, content: m.content, entries: make([]entry, 0, len(m.entries)-len(at))}
	for i, e := range m.entries {
		if len(at) > 0 && at[0] == i {
			at = at[1:]
			out.content -= len(e.kv)
			continue
		}
		out.entries = append(out.entries, e)
	}
	return out
}
