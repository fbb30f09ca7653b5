package msgpack

import (
	"encoding/binary"
	"math"
)

// The first bytes of values.
const (
	headNil     = 0xc0
	headFalse   = 0xc2
	headTrue    = 0xc3
	headFloat32 = 0xca
	headFloat64 = 0xcb
	headUint8   = 0xcc // and the next three: integers of 1, 2, 4, 8 bytes
	headInt8    = 0xd0 // the same
	headMinus   = 0xe0 // the first of -32 to -1
	mostFix     = 0x7f // of 0 to 127
)

// A family is the heads of what has a length: up to most in the head itself, or
// behind one of three heads in 1, 2 or 4 bytes.
type family byte

const (
	str family = iota
	bin
	array
	dict
)

func (f family) heads() (fix byte, most int, wide [3]byte) {
	switch f {
	case str:
		return 0xa0, 31, [3]byte{0xd9, 0xda, 0xdb}
	case bin:
		return 0, -1, [3]byte{0xc4, 0xc5, 0xc6}
	case array:
		return 0x90, 15, [3]byte{0, 0xdc, 0xdd}
	default:
		return 0x80, 15, [3]byte{0, 0xde, 0xdf}
	}
}

func (f family) String() string {
	return [...]string{"a string", "bytes", "an array", "a map"}[f]
}

// has reports whether head starts a value of the family.
func (f family) has(head byte) bool {
	fix, most, wide := f.heads()
	return most >= 0 && head >= fix && int(head) <= int(fix)+most || head != 0 && (head == wide[0] || head == wide[1] || head == wide[2])
}

// size appends the head of n bytes, elements or entries.
func (w *writer) size(f family, n int) {
	fix, most, wide := f.heads()
	switch {
	case n <= most:
		w.b = append(w.b, fix|byte(n))
	case n <= math.MaxUint8 && wide[0] != 0:
		w.b = append(w.b, wide[0], byte(n))
	case n <= math.MaxUint16:
		w.b = binary.BigEndian.AppendUint16(append(w.b, wide[1]), uint16(n))
	case n <= math.MaxInt32:
		w.b = binary.BigEndian.AppendUint32(append(w.b, wide[2]), uint32(n))
	default:
		w.failf("%v of length %d", f, n)
	}
}

// size reads what the writer's size appended, and refuses a length beyond the bytes
// that are left.
func (r *reader) size(f family) int {
	head := r.Byte()
	if r.Err() == nil && !f.has(head) {
		r.Failf("byte %#02x where %v begins", head, f)
	}
	return r.sizeBehind(f, head)
}

// sizeBehind is size with the head read.
func (r *reader) sizeBehind(f family, head byte) int {
	fix, most, wide := f.heads()
	n, least := int(head)-int(fix), 0
	switch {
	case r.Err() != nil:
		return 0
	case head == wide[0] && head != 0:
		n, least = int(r.big(1)), most+1
	case head == wide[1]:
		n, least = int(r.big(2)), math.MaxUint8+1
		if wide[0] == 0 {
			least = most + 1
		}
	case head == wide[2]:
		n, least = int(r.big(4)), math.MaxUint16+1
	}
	if n < least || n > r.Len() {
		r.Failf("length %d of %v, which takes another form or more than %d bytes", n, f, r.Len())
		return 0
	}
	return n
}

// big reads a big-endian number of that many bytes.
func (r *reader) big(size int) (v uint64) {
	for _, c := range r.Next(size) {
		v = v<<8 | uint64(c)
	}
	return v
}
