package envelope

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"
	"unicode/utf8"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/clock/wire"
)

// ReadHead reads how frames, batches and heals begin: an array of so many fields, of
// which the first is the version of the format. Of a newer one only this is known.
// Faults other than its error are the reader's.
func ReadHead(r *wire.Reader, what string, fields, oldest, newest byte) (version int, err error) {
	if r.Len() > MaxFrame {
		return 0, fmt.Errorf("crdt: %s of %d bytes: %w: at most %d", what, r.Len(), clock.ErrCorrupt, MaxFrame)
	}
	head, v := r.Byte(), r.Byte()
	if IsArray(head) && v > newest && v <= FixMax {
		return 0, fmt.Errorf("%w: %s of format %d, newest known %d", ErrVersion, what, v, newest)
	}
	if r.Err() == nil && (head != Array0|fields || v < oldest || v > newest) {
		r.Failf("%s starts with bytes %#02x %#02x", what, head, v)
	}
	return int(v), nil
}

// IsArray reports whether a byte starts a short array that is not empty.
func IsArray(head byte) bool { return head > Array0 && head <= Array0|ArrFix }

// ReadSum reads the checksum of all of b before it.
func ReadSum(r *wire.Reader, b []byte) {
	end := r.Offset()
	head := r.Next(2)
	sum := r.Next(SumSize)
	if r.Err() != nil {
		return
	}
	if head[0] != bin8 || head[1] != SumSize || binary.BigEndian.Uint32(sum) != crc32.Checksum(b[:end], castagnoli) {
		r.Failf("checksum % x % x does not match the %d bytes before it", head, sum, end)
	}
}

// ReadSize reads a big-endian length of n bytes and refuses one that a shorter form
// (up to small) could say.
func ReadSize(r *wire.Reader, n, small int) int {
	v := 0
	for _, c := range r.Next(n) {
		v = v<<8 | int(c)
	}
	if r.Err() == nil && v <= small {
		r.Failf("length %d is not in its shortest form", v)
	}
	return v
}

// ReadStr reads the name of a kind.
func ReadStr(r *wire.Reader) []byte {
	n := 0
	switch head := r.Byte(); {
	case head&^strFix == str0:
		n = int(head & strFix)
	case head == str8:
		n = ReadSize(r, 1, strFix)
	case head == str16:
		n = ReadSize(r, 2, math.MaxUint8)
	default:
		r.Failf("kind name starts with byte %#02x", head)
	}
	s := r.Next(n)
	if r.Err() == nil && (n == 0 || n > MaxName || !utf8.Valid(s)) {
		r.Failf("%v", CheckName("kind name", string(s)))
	}
	return s
}

// Field is where binary stands in a frame. Of nil the size is -1.
type Field struct{ At, Size int }

// Of returns the field as a section of the frame.
func (f Field) Of(frame []byte) Section {
	if f.Size < 0 {
		return Section{}
	}
	end := f.At + f.Size
	return Section{frame[:end:end], f.At}
}

// ReadBin reads binary, or nil where that is allowed.
func ReadBin(r *wire.Reader, orNil bool) Field {
	n := 0
	switch head := r.Byte(); {
	case head == Nil && orNil:
		return Field{r.Offset(), -1}
	case head == bin8:
		n = int(r.Byte())
	case head == bin16:
		n = ReadSize(r, 2, math.MaxUint8)
	case head == bin32:
		n = ReadSize(r, 4, math.MaxUint16)
	default:
		r.Failf("binary starts with byte %#02x", head)
	}
	return Field{r.Offset(), len(r.Next(n))}
}
