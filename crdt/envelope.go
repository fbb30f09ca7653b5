package crdt

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"
	"unicode/utf8"

	"github.com/dovetail-crdt/dovetail/clock/wire"
)

// A frame is one MessagePack array, which any such tool can open:
//
//	[format version, kind name, kind version, context, body, checksum]
//
// Context and body are binary; context is nil for a lattice without one. The
// checksum is CRC-32C over all bytes before it, as four binary bytes. Equal
// states have equal frames.
const frameFields = 6

// The markers of the MessagePack forms that frames use.
const (
	mpNil     = 0xc0
	mpFalse   = 0xc2
	mpTrue    = 0xc3
	mpBin8    = 0xc4
	mpBin16   = 0xc5
	mpBin32   = 0xc6
	mpStr8    = 0xd9
	mpStr16   = 0xda
	mpArray16 = 0xdc
	mpArray32 = 0xdd
	mpArray0  = 0x90
	mpStr0    = 0xa0
	mpFixMax  = 0x7f
	mpStrFix  = 0x1f
	mpArrFix  = 0x0f
	mpSumSize = 4
)

// header is what stands before the context.
type header struct {
	format  int
	kind    string
	version int
}

func (h header) append(b []byte) ([]byte, error) {
	if err := checkName("kind name", h.kind); err != nil {
		return nil, err
	}
	if h.version < 1 || h.version > mpFixMax {
		return nil, fmt.Errorf("crdt: version %d of kind %s: want 1 to %d", h.version, h.kind, mpFixMax)
	}
	if h.format < oldestVersion || h.format > FrameVersion {
		return nil, fmt.Errorf("crdt: frame format %d: want %d to %d", h.format, oldestVersion, FrameVersion)
	}
	return appendHead(b, h.format, h.kind, h.version), nil
}

func appendHead[T ~string | ~[]byte](b []byte, format int, kind T, version int) []byte {
	return append(appendStr(append(b, mpArray0|frameFields, byte(format)), kind), byte(version))
}

// seal appends the checksum of the frame that starts at from.
func (h header) seal(b []byte, from int) ([]byte, error) {
	if n := len(b) - from; n > MaxFrame-2-mpSumSize {
		return nil, fmt.Errorf("crdt: %s: %d bytes are too large for a frame of %d", h.kind, n, MaxFrame)
	}
	return appendSum(b, from), nil
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func appendSum(b []byte, from int) []byte {
	sum := crc32.Checksum(b[from:], castagnoli)
	return binary.BigEndian.AppendUint32(append(b, mpBin8, mpSumSize), sum)
}

func appendStr[T ~string | ~[]byte](b []byte, s T) []byte {
	switch n := len(s); strHead(n) {
	case 1:
		b = append(b, mpStr0|byte(n))
	case 2:
		b = append(b, mpStr8, byte(n))
	default: // a name is at most MaxName
		b = append(b, mpStr16, byte(n>>8), byte(n))
	}
	return append(b, s...)
}

// strHead returns the size of the head of a name of n bytes.
func strHead(n int) int {
	switch {
	case n <= mpStrFix:
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
		h[0], h[1] = mpBin8, byte(n)
	case n <= math.MaxUint16:
		h[0] = mpBin16
		binary.BigEndian.PutUint16(h[1:], uint16(n))
	default: // a frame is at most MaxFrame; what is larger is not kept
		h[0] = mpBin32
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

func appendBin(b, x []byte) []byte {
	head := openBin(b, len(x))
	return head.close(append(head.b, x...))
}

// envelope is the fields of a frame, which it aliases.
type envelope struct {
	format        int
	kind          []byte
	version       int
	context, body section
}

// section is the bytes of b from a position on. Of what is nil b is nil.
type section struct {
	b  []byte
	at int
}

func (p section) bytes() []byte { return p.b[p.at:] }

// reader returns a reader of the section that tells offsets in b.
func (p section) reader() wire.Reader {
	r := wire.NewReader(p.b)
	r.Next(p.at)
	return *r
}

// isCausal reports whether the frame has a context.
func (e *envelope) isCausal() bool { return e.context.b != nil }

// size returns the length of the frame.
func (e *envelope) size() int {
	n := 2 + strHead(len(e.kind)) + len(e.kind) + 1 + 1 + 2 + mpSumSize
	for _, p := range []section{e.context, e.body} {
		if p.b != nil {
			n += binHead(len(p.bytes())) + len(p.bytes())
		}
	}
	if e.isCausal() {
		n-- // no nil
	}
	return n
}

// appendTo appends the frame.
func (e *envelope) appendTo(b []byte) []byte {
	from := len(b)
	b = appendHead(b, e.format, e.kind, e.version)
	if e.isCausal() {
		b = appendBin(b, e.context.bytes())
	} else {
		b = append(b, mpNil)
	}
	return appendSum(appendBin(b, e.body.bytes()), from)
}

// readHead reads how frames, batches and heals begin: an array of so many fields, of
// which the first is the version of the format. Of a newer one only this is known.
// Faults other than its error are the reader's.
func readHead(r *wire.Reader, what string, fields, oldest, newest byte) (version int, err error) {
	if r.Len() > MaxFrame {
		return 0, fmt.Errorf("crdt: %s of %d bytes: %w: at most %d", what, r.Len(), ErrCorrupt, MaxFrame)
	}
	head, v := r.Byte(), r.Byte()
	if isArray(head) && v > newest && v <= mpFixMax {
		return 0, fmt.Errorf("%w: %s of format %d, newest known %d", ErrVersion, what, v, newest)
	}
	if r.Err() == nil && (head != mpArray0|fields || v < oldest || v > newest) {
		r.Failf("%s starts with bytes %#02x %#02x", what, head, v)
	}
	return int(v), nil
}

// splitFrame checks a frame and returns its fields, which alias it.
func splitFrame(frame []byte) (envelope, error) {
	var e envelope
	r := wire.NewReader(frame)
	v, err := readHead(r, "frame", frameFields, oldestVersion, FrameVersion)
	if err != nil {
		return e, err
	}
	e.format = v
	e.kind = readStr(r)
	if e.version = int(r.Byte()); r.Err() == nil && (e.version < 1 || e.version > mpFixMax) {
		r.Failf("kind version %d", e.version)
	}
	e.context = readBin(r, true).of(frame)
	e.body = readBin(r, false).of(frame)
	readSum(r, frame)
	if err := r.Done(); err != nil {
		return e, fmt.Errorf("crdt: frame: %w", err)
	}
	return e, nil
}

// isArray reports whether a byte starts a short array that is not empty.
func isArray(head byte) bool { return head > mpArray0 && head <= mpArray0|mpArrFix }

// readSum reads the checksum of all of b before it.
func readSum(r *wire.Reader, b []byte) {
	end := r.Offset()
	head := r.Next(2)
	sum := r.Next(mpSumSize)
	if r.Err() != nil {
		return
	}
	if head[0] != mpBin8 || head[1] != mpSumSize || binary.BigEndian.Uint32(sum) != crc32.Checksum(b[:end], castagnoli) {
		r.Failf("checksum % x % x does not match the %d bytes before it", head, sum, end)
	}
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

func readStr(r *wire.Reader) []byte {
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
	s := r.Next(n)
	if r.Err() == nil && (n == 0 || n > MaxName || !utf8.Valid(s)) {
		r.Failf("%v", checkName("kind name", string(s)))
	}
	return s
}

// field is where binary stands in a frame. Of nil the size is -1.
type field struct{ at, size int }

func (f field) of(frame []byte) section {
	if f.size < 0 {
		return section{}
	}
	end := f.at + f.size
	return section{frame[:end:end], f.at}
}

// readBin reads binary, or nil where that is allowed.
func readBin(r *wire.Reader, orNil bool) field {
	n := 0
	switch head := r.Byte(); {
	case head == mpNil && orNil:
		return field{r.Offset(), -1}
	case head == mpBin8:
		n = int(r.Byte())
	case head == mpBin16:
		n = size(r, 2, math.MaxUint8)
	case head == mpBin32:
		n = size(r, 4, math.MaxUint16)
	default:
		r.Failf("binary starts with byte %#02x", head)
	}
	return field{r.Offset(), len(r.Next(n))}
}
