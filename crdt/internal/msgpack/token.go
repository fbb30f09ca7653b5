package msgpack

import (
	"math"

	"github.com/vmihailenco/msgpack/v5/msgpcode"
)

// A kind is what a value's first byte says of it.
type kind byte

const (
	invalid kind = iota
	null
	boolean
	integer
	single // a number of 32 bits
	double
	str
	bin
	instant
	array
	dict
)

func (k kind) String() string {
	return [...]string{"nothing", "nil", "a boolean", "an integer", "a number of 32 bits", "a number of 64 bits", "a string", "bytes", "a time", "an array", "a map"}[k]
}

const headNil = 0xc0

// token is a whole value, except that the contents of an array or map come behind it.
type token struct {
	kind     kind
	n        uint64 // an integer in two's complement, or a length that the input can hold
	negative bool
}

func (t token) size() int { return int(t.n) }

// next reads a token in its shortest form.
func (r *reader) next() token {
	head := r.Byte()
	switch {
	case r.Err() != nil:
		return token{}
	case head <= msgpcode.PosFixedNumHigh:
		return token{kind: integer, n: uint64(head)}
	case head >= msgpcode.NegFixedNumLow:
		return token{kind: integer, n: uint64(int8(head)), negative: true}
	case head >= msgpcode.Uint8 && head <= msgpcode.Uint64:
		return token{kind: integer, n: r.shortest(1<<(head-msgpcode.Uint8), 1, math.MaxInt8+1)}
	case head >= msgpcode.Int8 && head <= msgpcode.Int64:
		return r.negative(1 << (head - msgpcode.Int8))
	case head == headNil:
		return token{kind: null}
	case head == msgpcode.False, head == msgpcode.True:
		return token{kind: boolean}
	case head == msgpcode.Float:
		return r.float(single, 4)
	case head == msgpcode.Double:
		return r.float(double, 8)
	case msgpcode.IsFixedString(head):
		return r.sized(str, uint64(head&msgpcode.FixedStrMask))
	case head >= msgpcode.Str8 && head <= msgpcode.Str32:
		return r.sized(str, r.shortest(1<<(head-msgpcode.Str8), 1, 32))
	case msgpcode.IsBin(head):
		return r.sized(bin, r.shortest(1<<(head-msgpcode.Bin8), 1, 0))
	case head == msgpcode.FixExt4, head == msgpcode.FixExt8, head == msgpcode.Ext8:
		return r.time(head)
	case msgpcode.IsFixedArray(head):
		return r.sized(array, uint64(head&msgpcode.FixedArrayMask))
	case head == msgpcode.Array16, head == msgpcode.Array32:
		return r.sized(array, r.shortest(2<<(head-msgpcode.Array16), 2, 16))
	case msgpcode.IsFixedMap(head):
		return r.sized(dict, uint64(head&msgpcode.FixedMapMask))
	case head == msgpcode.Map16, head == msgpcode.Map32:
		return r.sized(dict, r.shortest(2<<(head-msgpcode.Map16), 2, 16))
	}
	r.Failf("byte %#02x where a value begins", head)
	return token{}
}

// big reads a big-endian number of that many bytes.
func (r *reader) big(size int) (n uint64) {
	for _, c := range r.Next(size) {
		n = n<<8 | uint64(c)
	}
	return n
}

// shortest reads a number of that many bytes which fewer cannot hold: it is at least
// least if there are forms of the first size and not of fewer bytes.
func (r *reader) shortest(size, first int, least uint64) uint64 {
	if size > first {
		least = 1 << (8 * size / 2)
	}
	n := r.big(size)
	if n < least {
		r.Failf("number or length %d is not in its shortest form", n)
	}
	return n
}

// negative is shortest for integers below 0.
func (r *reader) negative(size int) token {
	unused := 64 - 8*size
	n, below := int64(r.big(size))<<unused>>unused, int64(-32)
	if size > 1 {
		below = -1 << (8*size/2 - 1)
	}
	if n >= below {
		r.Failf("integer %d is not in its shortest form", n)
	}
	return token{kind: integer, n: uint64(n), negative: true}
}

// sized is a token of length n. Strings and bytes are read.
func (r *reader) sized(k kind, n uint64) token {
	if n > uint64(r.Len()) {
		r.Failf("%v of length %d in %d bytes", k, n, r.Len())
		return token{}
	}
	if k == str || k == bin {
		r.Next(int(n))
	}
	return token{kind: k, n: n}
}

// float reads a number that is equal to itself alone.
func (r *reader) float(k kind, size int) token {
	at := r.Offset()
	bits := r.big(size)
	x := math.Float64frombits(bits)
	if k == single {
		x = float64(math.Float32frombits(uint32(bits)))
	}
	switch {
	case r.Err() != nil:
	case math.IsNaN(x):
		r.Failf("NaN has no identity")
	case x == 0 && bits != 0 && r.canonicalizing:
		r.all[at] = 0 // -0 is 0
	case x == 0 && bits != 0:
		r.Failf("-0 is written as 0")
	}
	return token{kind: k}
}

// time reads MessagePack's extension -1: 4 bytes of seconds, or 8 bytes of 30 bits of
// nanoseconds and 34 of seconds, or 12 bytes of 4 of nanoseconds and 8 of seconds.
func (r *reader) time(head byte) token {
	if head == msgpcode.Ext8 && r.Byte() != 12 || r.Byte() != 0xff {
		r.Failf("extension that is not a time")
	}
	isShortest, nano := true, uint64(0)
	switch head {
	case msgpcode.FixExt4:
		r.Next(4)
	case msgpcode.FixExt8:
		v := r.big(8)
		isShortest, nano = v > math.MaxUint32, v>>34
	default:
		nano = r.big(4)
		isShortest = r.big(8)>>34 != 0
	}
	if nano > 999_999_999 || !isShortest {
		r.Failf("time of %d nanoseconds, or not in its shortest form", nano)
	}
	return token{kind: instant}
}
