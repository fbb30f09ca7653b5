package asdtest

import "slices"

// listValue is a list. Nothing of it changes once it stands in a bin; an ordered
// one is sorted.
type listValue struct {
	order   byte
	items   [][]byte
	content int
}

// decodeList reads an encoded list that is all of b, and copies it.
func decodeList(b []byte) (*listValue, error) {
	items, ok := cutList(b)
	if !ok {
		return nil, errParameter
	}
	l := &listValue{}
	if len(items) > 0 {
		if h, _ := readElement(items[0]); h.class == classExt {
			l.order = h.body[0] & orderKey
			items = items[1:]
		}
	}
	return l.with(len(items), items), nil
}

// with returns the list with items put in before position at, or in their places
// if the list is ordered. It copies items.
func (l *listValue) with(at int, items [][]byte) *listValue {
	out := &listValue{order: l.order, content: l.content, items: make([][]byte, 0, len(l.items)+len(items))}
	at = min(at, len(l.items))
	out.items = append(out.items, l.items[:at]...)
	for _, v := range items {
		out.items = append(out.items, slices.Clone(canonical(v)))
		out.content += len(v)
	}
	out.items = append(out.items, l.items[at:]...)
	out.sort()
	return out
}

func (l *listValue) sort() {
	if l.order&orderKey != 0 {
		slices.SortStableFunc(l.items, compareElements)
	}
}

// without returns the list without the items [from, to).
func (l *listValue) without(from, to int) *listValue {
	out := &listValue{order: l.order, content: l.content}
	for _, v := range l.items[from:to] {
		out.content -= len(v)
	}
	out.items = slices.Concat(l.items[:from], l.items[to:])
	return out
}

// append appends the list as a client reads it.
func (l *listValue) append(b []byte) []byte {
	if l.order&orderKey != 0 {
		b = append(appendListHeader(b, len(l.items)+1), 0xc7, 0, orderKey)
	} else {
		b = appendListHeader(b, len(l.items))
	}
	for _, v := range l.items {
		b = append(b, v...)
	}
	return b
}

func (l *listValue) storedSize() int {
	if l.order != 0 {
		return containerHead(len(l.items)+1) + 3 + l.content
	}
	return containerHead(len(l.items)) + l.content
}
