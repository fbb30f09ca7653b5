package unit

import (
	"fmt"

	"github.com/dovetail-crdt/dovetail/clock/wire"
)

// maxFrames is how many frames a snapshot may have. There is one for each kind
// that was ever written under the key, which is one.
const maxFrames = 64

// snapshotVersion is the first byte of a snapshot.
const snapshotVersion = 1

// AppendSnapshot appends frames as the snapshot of a record: a version byte, and
// each frame after its length.
func AppendSnapshot(b []byte, frames [][]byte) ([]byte, error) {
	if len(frames) > maxFrames {
		return b, fmt.Errorf("snapshot of %d frames, at most %d", len(frames), maxFrames)
	}
	b = append(b, snapshotVersion)
	for _, f := range frames {
		b = wire.AppendBytes(b, f)
	}
	return b, nil
}

// ReadSnapshot reads what AppendSnapshot wrote. The frames alias b. It does not
// look into them.
func ReadSnapshot(b []byte) ([][]byte, error) {
	r := wire.NewReader(b)
	if v := r.Byte(); r.Err() == nil && v != snapshotVersion {
		return nil, fmt.Errorf("snapshot of version %d, known is %d", v, snapshotVersion)
	}
	var frames [][]byte
	for r.Err() == nil && r.Len() > 0 {
		if frames = append(frames, r.Bytes()); len(frames) > maxFrames {
			r.Failf("more than %d frames", maxFrames)
		}
	}
	if err := r.Done(); err != nil {
		return nil, fmt.Errorf("snapshot: %w", err)
	}
	return frames, nil
}
