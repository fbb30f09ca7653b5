package kernel

import (
	"encoding/binary"
	"fmt"
)

// An entry is kept as an info and a word. The info says where it stands, in which
// role, and which form its content and value have; the word is the content of
// the last segment of its path if that is short and the value empty, and else the
// length of the content, which then stands with the value in the bytes of the
// page (a record). Every (path, value) has exactly one form.
type info uint64

// Layout of an info: node in the upper half, then the role byte, then flags.
const (
	valueNone  info = 0
	valueBytes info = 1
	valueTotal info = 2
	valueDeny  info = 3

	valueMask = 3
	infoWide  = 4 // the word is eight bytes of content

	wordRecord = 1 << 63 // the word is wordRecord | length<<32 | offset in the bytes of the page
	wordShort  = 7       // longest content in a word that is not wide: the length takes a byte

	totalSize = 24
	// MaxContent bounds the content of a segment, and a value, in bytes.
	MaxContent = 1 << 28
)

func makeInfo(at nodeID, role byte, flags info) info {
	return info(at)<<32 | info(role)<<8 | flags
}

func (i info) at() nodeID  { return nodeID(i >> 32) }
func (i info) role() byte  { return byte(i >> 8) }
func (i info) value() info { return i & valueMask }

// plain reports whether the entry shows by itself: it is neither a total, which
// may not count, nor a denial.
func (i info) plain() bool { return i&2 == 0 }

// item is an entry by itself, apart from any page. Rec aliases where it came
// from.
type item struct {
	inf  info
	word uint64 // of a record, without offset
	rec  []byte
}

// makeItem returns the item of a value at (at, role, content). It may use buf for
// the record.
func makeItem(buf []byte, at nodeID, role byte, content []byte, v Value) item {
	n := len(content)
	if v.isPlain() {
		switch {
		case n == 8:
			return item{inf: makeInfo(at, role, flagsOf(v)|infoWide), word: wordOf(content)}
		case n <= wordShort:
			return item{inf: makeInfo(at, role, flagsOf(v)), word: uint64(n)<<56 | wordOf(content)}
		}
	}
	rec := appendRecord(buf[:0], content, v)
	return item{inf: makeInfo(at, role, flagsOf(v)), word: wordRecord | uint64(n)<<32, rec: rec}
}

// appendRecord appends a content and its value as they stand in the bytes of a page.
func appendRecord(b, content []byte, v Value) []byte {
	b = append(b, content...)
	switch {
	case v.Total != nil:
		b = binary.LittleEndian.AppendUint64(b, v.Total.Run)
		b = binary.LittleEndian.AppendUint64(b, v.Total.Lo)
		b = binary.LittleEndian.AppendUint64(b, v.Total.Sum)
	case len(v.Put) > 0:
		b = append(binary.AppendUvarint(b, uint64(len(v.Put))), v.Put...)
	}
	return b
}

// isPlain reports whether v takes no bytes.
func (v Value) isPlain() bool { return v.Total == nil && len(v.Put) == 0 }

func flagsOf(v Value) info {
	switch {
	case v.Deny:
		return valueDeny
	case v.Total != nil:
		return valueTotal
	case len(v.Put) > 0:
		return valueBytes
	}
	return valueNone
}

// contentLen returns the length of the content of an entry.
func contentLen(inf info, word uint64) int {
	switch {
	case inf&infoWide != 0:
		return 8
	case word&wordRecord != 0:
		return int(word >> 32 &^ (1 << 31))
	}
	return int(word >> 56)
}

// hash returns the hash of the item's segment.
func (x *item) hash() uint64 { return hashEntry(x.inf, x.word, x.rec) }

// hashEntry is the hash of an entry's segment; rec starts with its content if the
// word is a record.
func hashEntry(inf info, word uint64, rec []byte) uint64 {
	switch {
	case inf&infoWide != 0:
		return hashWord(inf.role(), 8, word)
	case word&wordRecord != 0:
		return hashContent(inf.role(), rec[:contentLen(inf, word)])
	}
	return hashWord(inf.role(), int(word>>56), word&(1<<56-1))
}

// appendContent appends the content of an entry.
func appendContent(b []byte, inf info, word uint64, rec []byte) []byte {
	switch {
	case inf&infoWide != 0:
		return binary.LittleEndian.AppendUint64(b, word)
	case word&wordRecord != 0:
		return append(b, rec[:contentLen(inf, word)]...)
	}
	for n := word >> 56; n > 0; n-- {
		b, word = append(b, byte(word)), word>>8
	}
	return b
}

// recordLen returns the length of the record that rec starts with.
func recordLen(inf info, word uint64, rec []byte) int {
	n := contentLen(inf, word)
	switch inf.value() {
	case valueTotal:
		n += totalSize
	case valueBytes:
		v, k := binary.Uvarint(rec[n:])
		n += k + int(v)
	case valueNone, valueDeny:
	}
	return n
}

// total reads the total of a record.
func readTotal(b []byte) Total {
	_ = b[totalSize-1]
	return Total{
		Run: binary.LittleEndian.Uint64(b), Lo: binary.LittleEndian.Uint64(b[8:]),
		Sum: binary.LittleEndian.Uint64(b[16:]),
	}
}

// tooLarge returns an error if content or value cannot be kept.
func tooLarge(content []byte, v Value) error {
	if n := max(len(content), len(v.Put)); n > MaxContent {
		return fmt.Errorf("%w: %d bytes, at most %d", ErrTooLarge, n, MaxContent)
	}
	return nil
}
