package untyped

import (
	"bytes"
	"encoding/binary"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/clock/wire"
	"github.com/dovetail-crdt/dovetail/crdt/internal/envelope"
)

// The frames of a batch are a count and that many records:
//
//	record = code …
//	code   = 0: a frame of another format; its length and bytes follow
//	         2k: of kind k, counted from 1; of a causal kind its context follows; then its body
//	         2k+1: of causal kind k, a delta of one live dot: its event and the rest of its body
//	context = number of rows; of each its replica, number of intervals, and of each
//	         interval its end and its length less one
//	event  = replica, end, and length less one, of the one interval, of which the last dot is live
//	end    = zigzag of how far it lies behind the last end of the same replica
//	body   = front | back<<5, length of the bytes between, those bytes
//
// Integers are LEB128; a replica is its position in the table.
const minRecord = 3

// batchWriter gathers the records and tables of a batch.
type batchWriter struct {
	kinds  map[batchKind]int
	table  []batchKind
	ids    map[clock.ReplicaID]int
	idList []byte
	ends   []uint64 // of each replica, the last number that was named
	last   lasts
	frames []byte
}

// add appends the record of a frame.
func (w *batchWriter) add(frame []byte) error {
	if isForeign(frame) {
		if err := checkForeign(frame); err != nil {
			return err
		}
		w.frames = wire.AppendBytes(append(w.frames, 0), frame)
		return nil
	}
	e, err := envelope.Split(frame)
	if err != nil {
		return err
	}
	kind := batchKind{string(e.Kind), e.Version, e.IsCausal()}
	k, ok := w.kinds[kind]
	if !ok {
		w.table = append(w.table, kind)
		k = len(w.table)
		w.kinds[kind] = k
	}
	code, body := 2*k, e.Body.Bytes()
	if !kind.causal {
		w.frames = wire.AppendUvarint(w.frames, uint64(code))
		w.body(code, body)
		return nil
	}
	r := e.Context.Reader()
	c := clock.ReadContext(&r)
	if err := r.Done(); err != nil {
		return err
	}
	if id, in, ok := onlyRun(c); ok {
		if rest, ok := lastDot(in, body); ok {
			w.frames = wire.AppendUvarint(w.frames, uint64(code+1))
			w.run(w.replica(id), in)
			w.body(code+1, rest)
			return nil
		}
	}
	w.frames = wire.AppendUvarint(w.frames, uint64(code))
	w.context(c)
	w.body(code, body)
	return nil
}

// isForeign reports whether a frame is of another format than this one.
func isForeign(frame []byte) bool {
	return len(frame) >= 2 && envelope.IsArray(frame[0]) && frame[1] >= 1 && frame[1] <= envelope.FixMax && frame[1] != FrameVersion
}

// checkForeign checks a frame of an older format; of newer ones nothing is known.
func checkForeign(frame []byte) error {
	if frame == nil || frame[1] > FrameVersion {
		return nil
	}
	_, err := envelope.Split(frame)
	return err
}

// onlyRun returns the interval of a context of a single one.
func onlyRun(c *clock.Context) (id clock.ReplicaID, in clock.Interval, ok bool) {
	if c.Rows() != 1 {
		return 0, in, false
	}
	id, in, more := c.Row(0)
	return id, in, len(more) == 0
}

// lastDot returns the body behind its dots if of the only interval of its context
// exactly the last dot is live.
func lastDot(in clock.Interval, body []byte) (rest []byte, ok bool) {
	var room [12]byte
	return bytes.CutPrefix(body, appendLastDot(room[:0], in))
}

// appendLastDot appends the dots of a body in which the last of an interval is
// live.
func appendLastDot(b []byte, in clock.Interval) []byte {
	return append(wire.AppendUvarint(append(b, 1), in.Hi-in.Lo), 0)
}

func (w *batchWriter) context(c *clock.Context) {
	w.frames = wire.AppendUvarint(w.frames, uint64(c.Rows()))
	for i := range c.Rows() {
		id, first, rest := c.Row(i)
		k := w.replica(id)
		w.frames = wire.AppendUvarint(w.frames, uint64(1+len(rest)))
		w.run(k, first)
		for _, in := range rest {
			w.run(k, in)
		}
	}
}

// replica appends the position of id in the table, at the end of which it is
// entered if it is new, and returns it.
func (w *batchWriter) replica(id clock.ReplicaID) int {
	k, ok := w.ids[id]
	if !ok {
		k = len(w.ends)
		w.ids[id] = k
		w.idList = binary.BigEndian.AppendUint64(w.idList, uint64(id))
		w.ends = append(w.ends, 0)
	}
	w.frames = wire.AppendUvarint(w.frames, uint64(k))
	return k
}

func (w *batchWriter) run(k int, in clock.Interval) {
	w.frames = wire.AppendVarint(w.frames, int64(in.Hi-w.ends[k])-1)
	w.frames = wire.AppendUvarint(w.frames, in.Hi-in.Lo)
	w.ends[k] = in.Hi
}

func (w *batchWriter) body(code int, b []byte) {
	front, back := sharing(w.last.of(code), b)
	w.frames = append(w.frames, byte(front|back<<5))
	w.frames = wire.AppendBytes(w.frames, b[front:len(b)-back])
	w.last.set(code, b)
}

// append appends the batch.
func (w *batchWriter) append(b []byte) []byte {
	from := len(b)
	b = appendArray(append(b, envelope.Array0|batchFields, FrameVersion), len(w.table))
	for _, k := range w.table {
		b = append(envelope.AppendStr(append(b, envelope.Array0|kindFields), k.name), byte(k.version))
		if k.causal {
			b = append(b, envelope.True)
		} else {
			b = append(b, envelope.False)
		}
	}
	b = envelope.AppendBin(envelope.AppendBin(b, w.idList), w.frames)
	return envelope.AppendSum(b, from)
}

// kindFields is the number of fields of an entry of the table of kinds: name,
// version, whether frames of it have a context.
const kindFields = 3

func appendArray(b []byte, n int) []byte {
	switch {
	case n <= envelope.ArrFix:
		return append(b, envelope.Array0|byte(n))
	case n <= 0xffff:
		return append(b, envelope.Array16, byte(n>>8), byte(n))
	}
	return append(b, envelope.Array32, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
}
