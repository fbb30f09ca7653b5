package kernel

import (
	"encoding/binary"
	"hash/maphash"
	"math/bits"
)

// seed keys the hash of segments, so that a peer that chooses the elements of a
// set cannot choose where they stand in a table. It differs from process to
// process, as that of Go's own maps does, and nothing that can be seen from
// outside depends on it: neither bytes nor the order of anything.
var seed = maphash.Bytes(maphash.MakeSeed(), nil) //nolint:gochecknoglobals // see above

const (
	hashA = 0x2d358dccaa6c78a5
	hashB = 0x8bb84b93962eacc9
)

func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

// hashWord is the hash of content of at most eight bytes, given as a word.
func hashWord(role byte, n int, word uint64) uint64 {
	return mix(word^seed, mix(uint64(n)<<8|uint64(role)^hashA, seed^hashB)|1)
}

// hashContent is the hash of a segment: its role byte and its content.
func hashContent(role byte, c []byte) uint64 {
	n := len(c)
	if n <= 8 {
		return hashWord(role, n, wordOf(c))
	}
	h := mix(uint64(n)<<8|uint64(role)^hashA, seed^hashB)
	for len(c) > 8 {
		h = mix(binary.LittleEndian.Uint64(c)^h, hashA^seed)
		c = c[8:]
	}
	// The last eight bytes, which may overlap the ones before.
	return mix(wordOf(c)^h, hashB)
}

// wordOf returns content of at most eight bytes as a little-endian word.
func wordOf(c []byte) (w uint64) {
	if len(c) == 8 {
		return binary.LittleEndian.Uint64(c)
	}
	for i, b := range c {
		w |= uint64(b) << (8 * i)
	}
	return w
}
