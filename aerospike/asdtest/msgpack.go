package asdtest

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"math"
	"slices"
)

// maxDepth bounds how deep maps and lists may nest. Deeper ones are refused when
// they arrive, so what is stored can be walked by recursion.
const maxDepth = 32

// class is the kind of an element, in the order in which the server sorts elements
// of different kinds.
type class byte

const (
	classNil class = iota + 1
	classBool
	classInt
	classString
	classList
	classMap
	classBlob
	classFloat
	classGeo
	classExt
	classWildcard
	classInf
)

// element is the head of an encoded element.
type element struct {
	class class
	n     uint64  // a bool, an integer, or how many elements follow
	big   bool    // the integer is above the largest signed one
	f     float64 // a float
	body  []byte  // the bytes of a string or extension, type byte included
	size  int     // bytes of the head and the body, without elements that follow
}

// readElement reads the head of the first element of b.
func readElement(b []byte) (e element, ok bool) {
	if len(b) == 0 {
		return e, false
	}
	c := b[0]
	switch {
	case c < 0x80:
		return element{class: classInt, n: uint64(c), size: 1}, true
	case c < 0x90:
		return element{class: classMap, n: uint64(c & 0x0f), size: 1}, true
	case c < 0xa0:
		return element{class: classList, n: uint64(c & 0x0f), size: 1}, true
	case c < 0xc0:
		return stringElement(b, 1, int(c&0x1f))
	case c >= 0xe0:
		return element{class: classInt, n: uint64(int64(int8(c))), size: 1}, true
	}
	return readLong(b)
}

// readLong reads the head of an element whose first byte is only a type.
func readLong(b []byte) (e element, ok bool) {
	c := b[0]
	switch c {
	case 0xc0:
		return element{class: classNil, size: 1}, true
	case 0xc2, 0xc3:
		return element{class: classBool, n: uint64(c - 0xc2), size: 1}, true
	case 0xca, 0xcb, 0xcc, 0xcd, 0xce, 0xcf, 0xd0, 0xd1, 0xd2, 0xd3:
		return readNumber(b)
	case 0xd4, 0xd5, 0xd6, 0xd7, 0xd8:
		return extElement(b, 1, 1<<(c-0xd4))
	}
	// What is left has a length of 1, 2 or 4 bytes.
	var width int
	switch c {
	case 0xc4, 0xc7, 0xd9:
		width = 1
	case 0xc5, 0xc8, 0xda, 0xdc, 0xde:
		width = 2
	case 0xc6, 0xc9, 0xdb, 0xdd, 0xdf:
		width = 4
	default:
		return e, false
	}
	if len(b) < 1+width {
		return e, false
	}
	n := bigEndian(b[1 : 1+width])
	switch c {
	case 0xdc, 0xdd:
		return element{class: classList, n: n, size: 1 + width}, true
	case 0xde, 0xdf:
		return element{class: classMap, n: n, size: 1 + width}, true
	case 0xc7, 0xc8, 0xc9:
		return extElement(b, 1+width, int(n))
	}
	return stringElement(b, 1+width, int(n))
}

// readNumber reads a float or an integer with a type byte before it.
func readNumber(b []byte) (e element, ok bool) {
	c := b[0]
	if c <= 0xcb {
		width := 4 << (c - 0xca)
		if len(b) < 1+width {
			return e, false
		}
		f := math.Float64frombits(bigEndian(b[1 : 1+width]))
		if c == 0xca {
			f = float64(math.Float32frombits(binary.BigEndian.Uint32(b[1:])))
		}
		return element{class: classFloat, f: f, size: 1 + width}, true
	}
	width := 1 << ((c - 0xcc) & 3)
	if len(b) < 1+width {
		return e, false
	}
	n := bigEndian(b[1 : 1+width])
	if c >= 0xd0 { // signed: extend the sign
		shift := 64 - 8*width
		n = uint64(int64(n<<shift) >> shift)
	}
	return element{class: classInt, n: n, big: c == 0xcf && n > math.MaxInt64, size: 1 + width}, true
}

func bigEndian(b []byte) (n uint64) {
	for _, c := range b {
		n = n<<8 | uint64(c)
	}
	return n
}

// stringElement is a string of n bytes after a head of at bytes. Its first byte
// says what it really is.
func stringElement(b []byte, at, n int) (e element, ok bool) {
	if n < 0 || n > len(b)-at {
		return e, false
	}
	e = element{class: classBlob, body: b[at : at+n], size: at + n}
	if n > 0 {
		switch particle(b[at]) {
		case kindString:
			e.class = classString
		case kindGeo:
			e.class = classGeo
		default: // bytes, of whatever kind
		}
	}
	return e, true
}

// extElement is an extension of n bytes; its type byte stands before them.
func extElement(b []byte, at, n int) (e element, ok bool) {
	if n < 0 || n > len(b)-at-1 {
		return e, false
	}
	e = element{class: classExt, body: b[at : at+1+n], size: at + 1 + n}
	if n == 1 && b[at] == 0xff { // values that compare, but are never stored
		switch b[at+1] {
		case 0:
			e.class = classWildcard
		case 1:
			e.class = classInf
		}
	}
	return e, true
}

// elementSize returns how many bytes the first element of b takes with all that it
// holds, and 0 if b is not well formed or nests too deep.
func elementSize(b []byte, depth int) int {
	e, ok := readElement(b)
	if !ok || depth > maxDepth {
		return 0
	}
	size, n := e.size, e.n
	switch e.class {
	case classMap:
		n *= 2
	case classList:
	default:
		return size
	}
	if n > uint64(len(b)) { // every element takes a byte
		return 0
	}
	for range n {
		k := elementSize(b[size:], depth+1)
		if k == 0 {
			return 0
		}
		size += k
	}
	return size
}

// cutElement splits b after its first element.
func cutElement(b []byte) (first, rest []byte, ok bool) {
	n := elementSize(b, 0)
	if n == 0 {
		return nil, nil, false
	}
	return b[:n], b[n:], true
}

// maxContainer bounds a map or list, since no record can be larger. An element of one
// byte takes many in memory, so a message could otherwise ask for gigabytes.
const maxContainer = 8 << 20

// cutList splits the list b, which must be all of b, into its elements.
func cutList(b []byte) ([][]byte, bool) {
	e, ok := readElement(b)
	if !ok || e.class != classList || e.n > uint64(len(b)) || len(b) > maxContainer {
		return nil, false
	}
	out := make([][]byte, 0, e.n)
	b = b[e.size:]
	for range e.n {
		first, rest, ok := cutElement(b)
		if !ok {
			return nil, false
		}
		out = append(out, first)
		b = rest
	}
	return out, len(b) == 0
}

// canonical returns an element with the maps in it sorted by key, as the server stores
// and compares it. An element without maps or lists is returned as it is.
func canonical(b []byte) []byte {
	e, _ := readElement(b)
	if e.class != classMap && e.class != classList {
		return b
	}
	out := append(make([]byte, 0, len(b)), b[:e.size]...)
	rest := b[e.size:]
	if e.class == classList {
		for range e.n {
			var item []byte
			item, rest, _ = cutElement(rest)
			out = append(out, canonical(item)...)
		}
		return out
	}
	entries := make([]entry, 0, e.n)
	for range e.n {
		var k, v []byte
		k, rest, _ = cutElement(rest)
		v, rest, _ = cutElement(rest)
		if h, _ := readElement(k); h.class == classExt { // says how the map is sorted
			out = append(append(out, k...), v...)
			continue
		}
		entries = append(entries, newEntry(k, v))
	}
	slices.SortStableFunc(entries, func(a, b entry) int { return compareElements(a.key(), b.key()) })
	for _, e := range entries {
		out = append(out, e.kv...)
	}
	return out
}

// compareElements orders two well-formed elements as the server does: by class,
// then by value. A wildcard equals everything.
func compareElements(a, b []byte) int {
	var c comparer
	n, _, _ := c.first(a, b)
	return n
}

// comparer compares elements and remembers whether it met a map without an order.
type comparer struct{ unordered bool }

// meet looks at a map of n entries, the first of which says whether it has an order.
func (c *comparer) meet(b []byte, n uint64) {
	if n == 0 {
		return
	}
	e, _ := readElement(b)
	if e.class != classExt || e.body[0]&orderKey == 0 {
		c.unordered = true
	}
}

// first compares the first elements of a and b and returns what follows them, which
// is right only if they are equal.
func (c *comparer) first(a, b []byte) (n int, restA, restB []byte) {
	x, _ := readElement(a)
	y, _ := readElement(b)
	if x.class == classWildcard || y.class == classWildcard {
		return 0, a[elementSize(a, 0):], b[elementSize(b, 0):]
	}
	if x.class != y.class {
		return cmp.Compare(x.class, y.class), nil, nil
	}
	a, b = a[x.size:], b[y.size:]
	switch x.class {
	case classBool:
		return cmp.Compare(x.n, y.n), a, b
	case classInt:
		return compareInts(x, y), a, b
	case classFloat:
		return cmp.Compare(x.f, y.f), a, b
	case classString, classBlob, classGeo, classExt:
		return bytes.Compare(x.body, y.body), a, b
	case classList:
		return c.many(a, b, x.n, y.n)
	case classMap:
		c.meet(a, x.n)
		c.meet(b, y.n)
		if x.n != y.n {
			return cmp.Compare(x.n, y.n), nil, nil
		}
		return c.many(a, b, 2*x.n, 2*y.n)
	default: // of these there is only one
		return 0, a, b
	}
}

func compareInts(x, y element) int {
	switch {
	case x.big != y.big:
		if x.big {
			return 1
		}
		return -1
	case x.big:
		return cmp.Compare(x.n, y.n)
	}
	return cmp.Compare(int64(x.n), int64(y.n))
}

// many compares runs of n and m elements: element by element, then by
// length.
func (c *comparer) many(a, b []byte, n, m uint64) (int, []byte, []byte) {
	for range min(n, m) {
		var d int
		if d, a, b = c.first(a, b); d != 0 {
			return d, nil, nil
		}
	}
	return cmp.Compare(n, m), a, b
}

// appendInt appends an integer in its shortest form.
func appendInt(b []byte, n int64) []byte {
	switch {
	case n >= 0 && n < 1<<7:
		return append(b, byte(n))
	case n >= 0 && n < 1<<8:
		return append(b, 0xcc, byte(n))
	case n >= 0 && n < 1<<16:
		return binary.BigEndian.AppendUint16(append(b, 0xcd), uint16(n))
	case n >= 0 && n < 1<<32:
		return binary.BigEndian.AppendUint32(append(b, 0xce), uint32(n))
	case n >= 0:
		return binary.BigEndian.AppendUint64(append(b, 0xcf), uint64(n))
	case n >= -32:
		return append(b, byte(n))
	case n >= math.MinInt8:
		return append(b, 0xd0, byte(n))
	case n >= math.MinInt16:
		return binary.BigEndian.AppendUint16(append(b, 0xd1), uint16(n))
	case n >= math.MinInt32:
		return binary.BigEndian.AppendUint32(append(b, 0xd2), uint32(n))
	}
	return binary.BigEndian.AppendUint64(append(b, 0xd3), uint64(n))
}

func appendStringHeader(b []byte, n int) []byte {
	switch {
	case n < 32:
		return append(b, 0xa0|byte(n))
	case n < 1<<8:
		return append(b, 0xd9, byte(n))
	case n < 1<<16:
		return binary.BigEndian.AppendUint16(append(b, 0xda), uint16(n))
	}
	return binary.BigEndian.AppendUint32(append(b, 0xdb), uint32(n))
}

func appendListHeader(b []byte, n int) []byte {
	switch {
	case n < 16:
		return append(b, 0x90|byte(n))
	case n < 1<<16:
		return binary.BigEndian.AppendUint16(append(b, 0xdc), uint16(n))
	}
	return binary.BigEndian.AppendUint32(append(b, 0xdd), uint32(n))
}

func appendMapHeader(b []byte, n int) []byte {
	switch {
	case n < 16:
		return append(b, 0x80|byte(n))
	case n < 1<<16:
		return binary.BigEndian.AppendUint16(append(b, 0xde), uint16(n))
	}
	return binary.BigEndian.AppendUint32(append(b, 0xdf), uint32(n))
}
