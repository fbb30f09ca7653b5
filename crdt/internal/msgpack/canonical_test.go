package msgpack_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"github.com/dovetail-crdt/dovetail/clock/wire"
)

// maxNesting bounds how deep a MessagePack value may nest.
const maxNesting = 64

const (
	mpNil    = 0xc0
	mpStrFix = 0x1f
	mpStr8   = 0xd9
	mpBin8   = 0xc4
	mpBin32  = 0xc6
)

// The canonical form of what the library writes, made in a copy, is the slow and obvious
// twin of canonicalize.

// appendCanonical appends the one MessagePack value that b is, with map entries
// in order of key, and refuses anything that is not one whole value: counts are
// checked against the bytes left, and depth against maxNesting, so that what
// reads it next need not be afraid of it.
func appendCanonical(dst, b []byte) ([]byte, error) {
	r := wire.NewReader(b)
	dst = canonical(dst, r, 0)
	if err := r.Done(); err != nil {
		return nil, fmt.Errorf("MessagePack: %w", err)
	}
	return dst, nil
}

func canonical(dst []byte, r *wire.Reader, depth int) []byte {
	if depth > maxNesting {
		r.Failf("nested deeper than %d", maxNesting)
		return dst
	}
	head := r.Byte()
	dst = append(dst, head)
	switch {
	case head <= 0x7f, head >= 0xe0, head == mpNil, head == 0xc2, head == 0xc3: // small integers, nil, booleans
		return dst
	case head <= 0x8f:
		return canonicalMap(dst, r, int(head&0x0f), depth)
	case head <= 0x9f:
		return canonicalArray(dst, r, int(head&0x0f), depth)
	case head <= 0xbf:
		return append(dst, r.Next(int(head&mpStrFix))...)
	case head <= mpBin32:
		return canonicalBytes(dst, r, 1<<(head-mpBin8), 0)
	case head <= 0xc9: // extensions: length, type, bytes
		return canonicalBytes(dst, r, 1<<(head-0xc7), 1)
	case head == 0xca, head == 0xcb:
		return canonicalFloat(dst, r, head == 0xcb)
	case head <= 0xd3: // integers of one to eight bytes
		return append(dst, r.Next(1<<((head-0xcc)&3))...)
	case head <= 0xd8: // extensions of fixed length
		return append(dst, r.Next(1+1<<(head-0xd4))...)
	case head <= 0xdb:
		return canonicalBytes(dst, r, 1<<(head-mpStr8), 0)
	case head <= 0xdd:
		n, dst := count(dst, r, 2<<(head-0xdc))
		return canonicalArray(dst, r, n, depth)
	default:
		n, dst := count(dst, r, 2<<(head-0xde))
		return canonicalMap(dst, r, n, depth)
	}
}

// count copies a big-endian length of that many bytes and returns it.
func count(dst []byte, r *wire.Reader, size int) (int, []byte) {
	n := 0
	raw := r.Next(size)
	for _, c := range raw {
		n = n<<8 | int(c)
	}
	if n < 0 || n > r.Len() {
		r.Failf("%d items or bytes in %d bytes", uint32(n), r.Len())
		n = 0
	}
	return n, append(dst, raw...)
}

func canonicalBytes(dst []byte, r *wire.Reader, size, extra int) []byte {
	n, dst := count(dst, r, size)
	return append(dst, r.Next(n+extra)...)
}

func canonicalFloat(dst []byte, r *wire.Reader, double bool) []byte {
	var v float64
	var raw []byte
	if double {
		raw = r.Next(8)
	} else {
		raw = r.Next(4)
	}
	switch {
	case r.Err() != nil:
		return dst
	case double:
		v = math.Float64frombits(binary.BigEndian.Uint64(raw))
	default:
		v = float64(math.Float32frombits(binary.BigEndian.Uint32(raw)))
	}
	switch {
	case math.IsNaN(v):
		r.Failf("NaN has no identity")
	case v == 0:
		raw = make([]byte, len(raw)) // -0 is 0
	}
	return append(dst, raw...)
}

func canonicalArray(dst []byte, r *wire.Reader, n, depth int) []byte {
	for range n {
		if r.Err() != nil {
			return dst
		}
		dst = canonical(dst, r, depth+1)
	}
	return dst
}

// canonicalMap sorts the entries by the bytes of their keys, which differ.
func canonicalMap(dst []byte, r *wire.Reader, n, depth int) []byte {
	type entry struct{ key, value []byte }
	var entries []entry
	for range n {
		if r.Err() != nil {
			return dst
		}
		e := entry{key: canonical(nil, r, depth+1)}
		e.value = canonical(nil, r, depth+1)
		entries = append(entries, e)
	}
	slices.SortFunc(entries, func(a, b entry) int { return bytes.Compare(a.key, b.key) })
	for i, e := range entries {
		if i > 0 && bytes.Equal(entries[i-1].key, e.key) {
			r.Failf("a map has the key % x twice", e.key)
		}
		dst = append(append(dst, e.key...), e.value...)
	}
	return dst
}
