package layout

import (
	"fmt"

	"github.com/dovetail-crdt/dovetail/clock/wire"
)

// maxFrames is how many frames a snapshot may have. There is one for each kind
// that was ever written under the key, which is one.
const maxFrames = 64

// SnapshotVersion is the first byte of a snapshot: the layout of the record. It changes
// with the meaning of any of the bins, and writers ask for it.
const SnapshotVersion = 1

// AppendSnapshot appends frames as the snapshot of a record: a version byte, and
// each frame after its length.
func AppendSnapshot(b []byte, frames [][]byte) ([]byte, error) {
	if len(frames) > maxFrames {
		return b, fmt.Errorf("snapshot of %d frames, at most %d", len(frames), maxFrames)
	}
	b = append(b, SnapshotVersion)
	for _, f := range frames {
		b = wire.AppendBytes(b, f)
	}
	return b, nil
}

// ReadSnapshot reads what AppendSnapshot wrote. The frames alias b. It does not
// look into them.
func ReadSnapshot(b []byte) ([][]byte, error) {
	r := wire.NewReader(b)
	if v := r.Byte(); r.Err() == nil && v != SnapshotVersion {
		return nil, &VersionError{Version: int(v), Known: SnapshotVersion}
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
