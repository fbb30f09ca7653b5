package untyped

import (
	"fmt"
	"iter"
	"math"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/clock/wire"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/internal/envelope"
)

// A Batch is frames that share one envelope, for sending or storing many small
// ones: each kind name and replica id is written once, and of each frame what
// differs from the one before it. It is read in order.
//
// Like a frame it is one MessagePack array:
//
//	[format version, kinds, replica ids, frames, checksum]
//
// Equal frames in equal order have equal batches. FORMAT.md specifies the rest.
type Batch struct {
	kinds    []envelope.Frame // of each, what all its frames have in common
	replicas []byte           // ids of eight bytes
	frames   envelope.Section
	n        int
}

const batchFields = 5

// batchKind is an entry of the table of kinds.
type batchKind struct {
	name    string
	version int
	causal  bool // with a context
}

// Len returns the number of frames.
func (b *Batch) Len() int { return b.n }

// AppendBatch appends the frames as a batch. Frames of this format are checked as
// FrameKind does, and their contexts are read; frames of older and newer formats
// go whole, so what this program cannot read can be sent on. The frames together
// are at most crdt.MaxFrame bytes. O(bytes).
func AppendBatch(b []byte, frames ...[]byte) ([]byte, error) {
	w := batchWriter{
		kinds:  make(map[batchKind]int),
		ids:    make(map[clock.ReplicaID]int),
		frames: wire.AppendUvarint(nil, uint64(len(frames))),
	}
	total := 0
	for i, f := range frames {
		if total += len(f); total > crdt.MaxFrame {
			return nil, fmt.Errorf("crdt: batch: %d frames are of more than %d bytes", i+1, crdt.MaxFrame)
		}
		if err := w.add(f); err != nil {
			return nil, fmt.Errorf("crdt: batch: frame %d: %w", i, err)
		}
	}
	return w.append(b), nil
}

// DecodeBatch reads what AppendBatch wrote, and keeps and aliases it: b must not be
// changed while the Batch is in use. A batch of a newer format is crdt.ErrVersion; any
// other fault matches crdt.ErrCorrupt. What it accepts has no fault but those that
// DecodeFrame finds in single frames. Memory is bounded by the length of b, and
// the frames together are at most crdt.MaxFrame bytes.
func DecodeBatch(b []byte) (*Batch, error) {
	r := wire.NewReader(b)
	if _, err := envelope.ReadHead(r, "batch", batchFields, FrameVersion, FrameVersion); err != nil {
		return nil, err
	}
	d := &Batch{kinds: readKinds(r), replicas: envelope.ReadBin(r, false).Of(b).Bytes(), frames: envelope.ReadBin(r, false).Of(b)}
	envelope.ReadSum(r, b)
	err := r.Done()
	if err == nil {
		err = d.check()
	}
	if err != nil {
		return nil, fmt.Errorf("crdt: batch: %w", err)
	}
	return d, nil
}

// Frames yields the position and bytes of each frame. The bytes are valid until
// the next step of the loop, and the caller may change them; to keep them, clone
// them. O(bytes of the frames).
func (b *Batch) Frames() iter.Seq2[int, []byte] {
	return func(yield func(int, []byte) bool) {
		x := newBatchReader(b)
		var buf []byte
		for i := range b.n {
			f := x.next()
			if buf = f.appendTo(buf[:0]); x.r.Err() != nil || !yield(i, buf) {
				return
			}
		}
	}
}

// Objects yields each frame as DecodeObject would return it, without making the
// frame. After an error, which is about that frame alone, it goes on.
func (b *Batch) Objects(kinds ...crdt.AnyKind) iter.Seq2[*Object, error] {
	return func(yield func(*Object, error) bool) {
		x := newBatchReader(b)
		for range b.n {
			f := x.next()
			if x.r.Err() != nil || !yield(f.object(kinds)) {
				return
			}
		}
	}
}

// Frames of one kind and shape are alike in their first and last bytes, which are
// written as how many of them are those of the last such frame. The limits keep a
// short batch from being a long list of long frames.
const (
	maxFront  = 31
	maxBack   = 7
	maxShared = math.MaxUint8 // longest rest of a frame that is shared, or shared with
)

// front and back tell how many bytes b shares with those before it.
func sharing(last, b []byte) (front, back int) {
	if len(b) > maxShared {
		return 0, 0
	}
	n := min(len(last), len(b))
	for front < min(n, maxFront) && last[front] == b[front] {
		front++
	}
	for back < min(n-front, maxBack) && last[len(last)-1-back] == b[len(b)-1-back] {
		back++
	}
	return front, back
}

// lasts is the last rest of each kind and shape that was short enough to share.
type lasts [][]byte

func (l *lasts) of(code int) []byte {
	if code < len(*l) {
		return (*l)[code]
	}
	return nil
}

func (l *lasts) set(code int, b []byte) {
	if len(b) > maxShared {
		return
	}
	for len(*l) <= code {
		*l = append(*l, nil)
	}
	(*l)[code] = append((*l)[code][:0], b...)
}
