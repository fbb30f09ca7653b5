package crdt

import "slices"

// DecodeSnapshot reads the body of a sealed snapshot, without version and seal.
func DecodeSnapshot(body []byte) (*Snapshot, error) { return readSnapshot(body) }

// SnapshotBody is the body of s.
func SnapshotBody(s *Snapshot) []byte { return s.appendBody(nil) }

// ForgeSnapshot seals any bytes as a holder of the key could.
func ForgeSnapshot(raw, key []byte, scope string) []byte {
	return sealSnapshot(slices.Clone(raw), key, scope)
}
