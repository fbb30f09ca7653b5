package wire

import (
	"encoding/binary"
	"fmt"
)

// Reader reads fields from the front of a buffer. The first fault sticks: every
// later read returns a zero value, so a decoder can read a whole structure and
// ask once. The zero value is an empty input.
type Reader struct {
	buf []byte
	off int
	err error
}

// NewReader returns a reader of b, which it aliases and never changes.
func NewReader(b []byte) *Reader { return &Reader{buf: b} }

// Err returns the first fault, or nil.
func (r *Reader) Err() error { return r.err }

// Len returns how many bytes are left.
func (r *Reader) Len() int { return len(r.buf) - r.off }

// Offset returns how many bytes were read.
func (r *Reader) Offset() int { return r.off }

// Done returns the first fault, counting bytes that are left over as one.
func (r *Reader) Done() error {
	if r.err == nil && r.Len() > 0 {
		r.Failf("%d bytes left over", r.Len())
	}
	return r.err
}

// Failf records a fault at the present offset unless there is one already.
func (r *Reader) Failf(format string, args ...any) {
	if r.err == nil {
		r.err = &Error{Offset: r.off, What: fmt.Sprintf(format, args...)}
		r.buf = r.buf[:r.off]
	}
}

// Byte reads one byte.
func (r *Reader) Byte() byte {
	if r.Len() < 1 {
		r.Failf("input ends inside a byte field")
		return 0
	}
	r.off++
	return r.buf[r.off-1]
}

// Uvarint reads a minimal LEB128 integer.
func (r *Reader) Uvarint() uint64 {
	v, n := binary.Uvarint(r.buf[r.off:])
	switch {
	case r.err != nil:
		return 0
	case n <= 0:
		r.Failf("input ends inside an integer, or it is longer than 64 bits")
		return 0
	case n > 1 && r.buf[r.off+n-1] == 0:
		r.Failf("integer %d is not in its shortest form", v)
		return 0
	}
	r.off += n
	return v
}

// Varint reads a zig-zag coded integer.
func (r *Reader) Varint() int64 {
	u := r.Uvarint()
	return int64(u>>1) ^ -int64(u&1)
}

// Uint64 reads eight big-endian bytes.
func (r *Reader) Uint64() uint64 {
	if r.Len() < 8 {
		r.Failf("input ends inside a 64-bit field")
		return 0
	}
	r.off += 8
	return binary.BigEndian.Uint64(r.buf[r.off-8:])
}

// Count reads the number of items that follow, each at least size bytes long,
// and refuses a number that the rest of the input cannot hold: what is
// allocated for n items is thereby bounded by the input. Size is at least 1.
func (r *Reader) Count(size int) int {
	n := r.Uvarint()
	if n > uint64(r.Len()/size) {
		r.Failf("%d items of at least %d bytes in %d bytes", n, size, r.Len())
		return 0
	}
	return int(n)
}

// Next reads n bytes, which alias the input.
func (r *Reader) Next(n int) []byte {
	if n < 0 || n > r.Len() {
		r.Failf("%d bytes wanted, %d left", n, r.Len())
		return nil
	}
	r.off += n
	return r.buf[r.off-n : r.off : r.off]
}

// Bytes reads a length and that many bytes, which alias the input.
func (r *Reader) Bytes() []byte { return r.Next(r.Count(1)) }
