package layout

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"
)

// Hash returns a hash of the frames of a state, in the order of State.Frames.
// Those are canonical, so equal states have equal hashes, wherever they were
// joined: records with one hash and empty queues need not be read to be compared.
// It takes in contexts too, unlike a digest: states that differ in nothing else
// come out equal once they were joined.
func Hash(frames [][]byte) int64 {
	h := sha256.New()
	var n [8]byte
	for _, f := range frames {
		binary.BigEndian.PutUint64(n[:], uint64(len(f)))
		h.Write(n[:])
		h.Write(f)
	}
	return int64(binary.BigEndian.Uint64(h.Sum(nil)))
}

// hashWith is Hash of a state that is made of frames and blocks, of which some were
// given up.
func hashWith(frames [][]byte, names, gone []EntryKey) int64 {
	all := slices.Clip(frames)
	for i := range names {
		all = append(all, names[i][:])
	}
	for i := range gone {
		all = append(all, append([]byte("gone"), gone[i][:]...))
	}
	return Hash(all)
}
