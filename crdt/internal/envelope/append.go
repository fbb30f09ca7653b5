package envelope

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"
)

// Header is what stands before the context.
type Header struct {
	Format  int // version of the frame format
	Kind    string
	Version int // of the kind
}

func (h Header) append(b []byte) ([]byte, error) {
	if err := CheckName("kind name", h.Kind); err != nil {
		return nil, err
	}
	if h.Version < 1 || h.Version > FixMax {
		return nil, fmt.Errorf("crdt: version %d of kind %s: want 1 to %d", h.Version, h.Kind, FixMax)
	}
	if h.Format < OldestVersion || h.Format > Version {
		return nil, fmt.Errorf("crdt: frame format %d: want %d to %d", h.Format, OldestVersion, Version)
	}
	return appendHead(b, h.Format, h.Kind, h.Version), nil
}

func appendHead[T ~string | ~[]byte](b []byte, format int, kind T, version int) []byte {
	return append(AppendStr(append(b, Array0|frameFields, byte(format)), kind), byte(version))
}

// seal appends the checksum of the frame that starts at from.
func (h Header) seal(b []byte, from int) ([]byte, error) {
	if n := len(b) - from; n > MaxFrame-2-SumSize {
		return nil, fmt.Errorf("crdt: %s: %d bytes are too large for a frame of %d", h.Kind, n, MaxFrame)
	}
	return AppendSum(b, from), nil
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// AppendSum appends the checksum of what starts at from.
func AppendSum(b []byte, from int) []byte {
	sum := crc32.Checksum(b[from:], castagnoli)
	return binary.BigEndian.AppendUint32(append(b, bin8, SumSize), sum)
}

// AppendStr appends a name, which is not longer than MaxName.
func AppendStr[T ~string | ~[]byte](b []byte, s T) []byte {
	switch n := len(s); strHead(n) {
	case 1:
		b = append(b, str0|byte(n))
	case 2:
		b = append(b, str8, byte(n))
	default: // a name is at most MaxName
		b = append(b, str16, byte(n>>8), byte(n))
	}
	return append(b, s...)
}

// strHead returns the size of the head of a name of n bytes.
func strHead(n int) int {
	switch {
	case n <= strFix:
		return 1
	case n <= math.MaxUint8:
		return 2
	}
	return 3
}

// bin is binary that is being appended: its head is written when its size is
// known, and what was appended moved up if the head is larger than was guessed.
type bin struct {
	b        []byte
	at, head int
}

// openBin makes room in b for the head of at least so many bytes.
func openBin(b []byte, atLeast int) bin {
	head := binHead(atLeast)
	return bin{append(b, make([]byte, head)...), len(b), head}
}

// close returns b, which is x.b with the bytes appended, complete.
func (x bin) close(b []byte) []byte {
	n := len(b) - x.at - x.head
	if head := binHead(n); head != x.head {
		if head > x.head {
			b = append(b, make([]byte, head-x.head)...)
		}
		copy(b[x.at+head:], b[x.at+x.head:x.at+x.head+n])
		b = b[:x.at+head+n]
	}
	switch h := b[x.at:]; {
	case n <= math.MaxUint8:
		h[0], h[1] = bin8, byte(n)
	case n <= math.MaxUint16:
		h[0] = bin16
		binary.BigEndian.PutUint16(h[1:], uint16(n))
	default: // a frame is at most MaxFrame; what is larger is not kept
		h[0] = bin32
		binary.BigEndian.PutUint32(h[1:], uint32(n))
	}
	return b
}

// binHead returns the size of the head of n bytes.
func binHead(n int) int {
	switch {
	case n <= math.MaxUint8:
		return 2
	case n <= math.MaxUint16:
		return 3
	}
	return 5
}

// AppendBin appends x as binary.
func AppendBin(b, x []byte) []byte {
	head := openBin(b, len(x))
	return head.close(append(head.b, x...))
}
