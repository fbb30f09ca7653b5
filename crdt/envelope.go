package crdt

import (
	"bytes"
	"fmt"
	"math"

	"github.com/dovetail-crdt/dovetail/clock/wire"
)

// envelope is a frame's fields. Context is nil for a lattice that has none.
type envelope struct {
	kind    string
	version int
	context []byte
	body    []byte
}

// The markers of the MessagePack forms that frames use.
const (
	mpNil     = 0xc0
	mpBin8    = 0xc4
	mpBin16   = 0xc5
	mpBin32   = 0xc6
	mpStr8    = 0xd9
	mpStr16   = 0xda
	mpArray0  = 0x90
	mpStr0    = 0xa0
	mpFixMax  = 0x7f
	mpStrFix  = 0x1f
	mpSumSize = 4
)

func appendEnvelope(b []byte, e envelope) ([]byte, error) {
	if err := checkName("kind name", e.kind); err != nil {
		return nil, err
	}
	if e.version < 1 || e.version > mpFixMax {
		return nil, fmt.Errorf("crdt: version %d of kind %s: want 1 to %d", e.version, e.kind, mpFixMax)
	}
	if n := len(e.context) + len(e.body); n > MaxFrame-MaxName-64 {
		return nil, fmt.Errorf("crdt: %s: %d bytes are too large for a frame of %d", e.kind, n, MaxFrame)
	}
	from := len(b)
	b = append(b, mpArray0|frameFields, FrameVersion)
	b = appendStr(b, e.kind)
	b = append(b, byte(e.version))
	if e.context == nil {
		b = append(b, mpNil)
	} else {
		b = appendBin(b, e.context)
	}
	b = appendBin(b, e.body)
	return appendBin(b, checksum(b[from:])), nil
}

func appendStr(b []byte, s string) []byte {
	switch n := len(s); {
	case n <= mpStrFix:
		b = append(b, mpStr0|byte(n))
	case n <= math.MaxUint8:
		b = append(b, mpStr8, byte(n))
	default: // a name is at most MaxName
		b = append(b, mpStr16, byte(n>>8), byte(n))
	}
	return append(b, s...)
}

func appendBin(b, x []byte) []byte {
	switch n := len(x); {
	case n <= math.MaxUint8:
		b = append(b, mpBin8, byte(n))
	case n <= math.MaxUint16:
		b = append(b, mpBin16, byte(n>>8), byte(n))
	default: // a frame is at most MaxFrame
		b = append(b, mpBin32, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
	}
	return append(b, x...)
}

// splitFrame checks a frame and returns its fields, which alias it.
func splitFrame(frame []byte) (envelope, error) {
	var e envelope
	if len(frame) > MaxFrame {
		return e, fmt.Errorf("crdt: frame of %d bytes: %w: at most %d", len(frame), ErrCorrupt, MaxFrame)
	}
	r := wire.NewReader(frame)
	head, v := r.Byte(), r.Byte()
	if head > mpArray0 && head <= mpArray0|0x0f && v > FrameVersion && v <= mpFixMax {
		// Of a newer format only this is known: an array that starts with its version.
		return e, fmt.Errorf("%w: format %d, newest known %d", ErrVersion, v, FrameVersion)
	}
	if r.Err() == nil && (head != mpArray0|frameFields || v != FrameVersion) {
		r.Failf("frame starts with bytes %#02x %#02x", head, v)
	}
	e.kind = readStr(r)
	if e.version = int(r.Byte()); r.Err() == nil && (e.version < 1 || e.version > mpFixMax) {
		r.Failf("kind version %d", e.version)
	}
	e.context = readBin(r, true)
	e.body = readBin(r, false)
	end := r.Offset()
	sum := readBin(r, false)
	if r.Err() == nil && (len(sum) != mpSumSize || !bytes.Equal(sum, checksum(frame[:end]))) {
		r.Failf("checksum % x does not match the frame", sum)
	}
	if err := r.Done(); err != nil {
		return envelope{}, fmt.Errorf("crdt: frame: %w", err)
	}
	return e, nil
}

// size reads a big-endian length of n bytes and refuses one that a shorter form
// (up to small) could say.
func size(r *wire.Reader, n, small int) int {
	v := 0
	for _, c := range r.Next(n) {
		v = v<<8 | int(c)
	}
	if r.Err() == nil && v <= small {
		r.Failf("length %d is not in its shortest form", v)
	}
	return v
}

func readStr(r *wire.Reader) string {
	n := 0
	switch head := r.Byte(); {
	case head&^mpStrFix == mpStr0:
		n = int(head & mpStrFix)
	case head == mpStr8:
		n = size(r, 1, mpStrFix)
	case head == mpStr16:
		n = size(r, 2, math.MaxUint8)
	default:
		r.Failf("kind name starts with byte %#02x", head)
	}
	s := string(r.Next(n))
	if err := checkName("kind name", s); r.Err() == nil && err != nil {
		r.Failf("%v", err)
	}
	return s
}

// readBin reads binary, or nil where that is allowed. Binary is never nil.
func readBin(r *wire.Reader, orNil bool) []byte {
	n := 0
	switch head := r.Byte(); {
	case head == mpNil && orNil:
		return nil
	case head == mpBin8:
		n = int(r.Byte())
	case head == mpBin16:
		n = size(r, 2, math.MaxUint8)
	case head == mpBin32:
		n = size(r, 4, math.MaxUint16)
	default:
		r.Failf("binary starts with byte %#02x", head)
	}
	return r.Next(n)
}
