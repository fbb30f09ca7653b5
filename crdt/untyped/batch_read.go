package untyped

import (
	"encoding/binary"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/clock/wire"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/internal/envelope"
)

// readKinds reads the table of kinds, each once.
func readKinds(r *wire.Reader) []envelope.Frame {
	n := 0
	switch head := r.Byte(); {
	case head&^envelope.ArrFix == envelope.Array0:
		n = int(head & envelope.ArrFix)
	case head == envelope.Array16:
		n = envelope.ReadSize(r, 2, envelope.ArrFix)
	case head == envelope.Array32:
		n = envelope.ReadSize(r, 4, 0xffff)
	default:
		r.Failf("table of kinds starts with byte %#02x", head)
	}
	if n > r.Len()/minKind {
		r.Failf("%d kinds in %d bytes", n, r.Len())
		return nil
	}
	kinds := make([]envelope.Frame, 0, n)
	seen := make(map[batchKind]bool, n)
	for range n {
		if head := r.Byte(); r.Err() == nil && head != envelope.Array0|kindFields {
			r.Failf("kind starts with byte %#02x", head)
		}
		e := envelope.Frame{Format: FrameVersion, Kind: envelope.ReadStr(r), Version: int(r.Byte())}
		causal := r.Byte()
		if r.Err() == nil && (e.Version < 1 || e.Version > envelope.FixMax || causal != envelope.True && causal != envelope.False) {
			r.Failf("kind version %d, context %#02x", e.Version, causal)
		}
		if causal == envelope.True {
			e.Context.B = []byte{}
		}
		k := batchKind{string(e.Kind), e.Version, e.IsCausal()}
		if r.Err() == nil && seen[k] {
			r.Failf("kind %s is there twice", k.name)
		}
		if r.Err() != nil {
			return nil
		}
		seen[k] = true
		kinds = append(kinds, e)
	}
	return kinds
}

const idSize = 8 // bytes of a replica id

const minKind = 5 // bytes of an entry: array, a name of one letter, version, context

// check reads all frames of the batch, of which nothing is known, and counts them.
func (b *Batch) check() error {
	x := newBatchReader(b)
	b.n = x.n
	seen := make(map[clock.ReplicaID]bool, len(x.ends))
	for k := range x.ends {
		id := b.replica(k)
		if !id.IsValid() || seen[id] {
			x.r.Failf("replica %v in the table twice, or not valid", id)
		}
		seen[id] = true
	}
	if len(b.replicas)%idSize != 0 {
		x.r.Failf("replica ids of %d bytes", len(b.replicas))
	}
	total := 0
	for range b.n {
		f := x.next()
		if x.r.Err() != nil {
			return x.r.Err()
		}
		if err := checkForeign(f.whole); err != nil {
			x.r.Failf("%v", err)
		}
		if total += f.size(); total > crdt.MaxFrame {
			x.r.Failf("frames of more than %d bytes", crdt.MaxFrame)
		}
	}
	if x.kinds < len(b.kinds) || x.ids < len(x.ends) {
		x.r.Failf("%d kinds of %d and %d replicas of %d are used", x.kinds, len(b.kinds), x.ids, len(x.ends))
	}
	return x.r.Done()
}

func (b *Batch) replica(k int) clock.ReplicaID {
	return clock.ReplicaID(binary.BigEndian.Uint64(b.replicas[k*idSize:]))
}

// batchReader reads the records of a batch in order.
type batchReader struct {
	b          *Batch
	r          wire.Reader
	n          int      // records
	kinds, ids int      // of the tables, how many were used
	ends       []uint64 // of each replica, the last number that was named
	last       lasts
	context    []byte // of the frame at hand
	body       []byte
}

func newBatchReader(b *Batch) *batchReader {
	x := &batchReader{b: b, r: b.frames.Reader(), ends: make([]uint64, len(b.replicas)/idSize)}
	x.n = x.r.Count(minRecord)
	return x
}

// batchFrame is a frame of a batch, until the next is read.
type batchFrame struct {
	envelope.Frame
	whole []byte // of another format
}

func (f *batchFrame) appendTo(b []byte) []byte {
	if f.whole != nil {
		return append(b, f.whole...)
	}
	return f.AppendTo(b)
}

func (f *batchFrame) size() int {
	if f.whole != nil {
		return len(f.whole)
	}
	return f.Size()
}

func (f *batchFrame) object(kinds []crdt.AnyKind) (*Object, error) {
	if f.whole != nil {
		return DecodeObject(f.whole, kinds...)
	}
	return decode(&f.Frame, kinds)
}

// next reads a record. It refuses what AppendBatch does not write.
func (x *batchReader) next() (f batchFrame) {
	code := x.r.Uvarint()
	if code == 0 {
		if f.whole = x.r.Bytes(); x.r.Err() == nil && !isForeign(f.whole) {
			x.r.Failf("a frame of this format that is whole")
		}
		return f
	}
	k := code/2 - 1
	if k > uint64(x.kinds) || k >= uint64(len(x.b.kinds)) {
		x.r.Failf("code %d behind %d kinds of %d", code, x.kinds, len(x.b.kinds))
		return f
	}
	x.kinds = max(x.kinds, int(k)+1)
	f.Frame = x.b.kinds[k]
	switch {
	case code&1 == 1 && !f.IsCausal():
		x.r.Failf("a dot without a context")
	case code&1 == 1:
		x.dot(&f.Frame, int(code))
	case f.IsCausal():
		x.causal(&f.Frame, int(code))
	default:
		f.Body = x.rest(nil, int(code))
	}
	return f
}

// dot reads the frame of a delta of one live dot.
func (x *batchReader) dot(e *envelope.Frame, code int) {
	k := x.replica()
	in := x.run(k, 0)
	if x.r.Err() != nil {
		return
	}
	c := append(x.context[:0], 1)
	c = wire.AppendUint64(c, uint64(x.b.replica(k)))
	x.context = appendRun(append(c, 1), in, 0)
	e.Context = envelope.Section{B: x.context}
	e.Body = x.rest(appendLastDot(x.body[:0], in), code)
}

// causal reads any other frame that has a context.
func (x *batchReader) causal(e *envelope.Frame, code int) {
	rows := x.r.Count(minRecordRow)
	c := wire.AppendUvarint(x.context[:0], uint64(rows))
	var id clock.ReplicaID
	var in clock.Interval
	one := rows == 1
	for range rows {
		k := x.replica()
		n := x.r.Count(2)
		if x.r.Err() == nil && (n == 0 || x.b.replica(k) <= id) {
			x.r.Failf("%d intervals of %v behind %v", n, x.b.replica(k), id)
		}
		if x.r.Err() != nil {
			return
		}
		id = x.b.replica(k)
		c = wire.AppendUvarint(wire.AppendUint64(c, uint64(id)), uint64(n))
		one = one && n == 1
		end := uint64(0)
		for i := range n {
			floor := end
			if i > 0 {
				floor++
			}
			in = x.run(k, floor)
			c = appendRun(c, in, floor)
			end = in.Hi
		}
	}
	x.context = c
	e.Context = envelope.Section{B: c}
	e.Body = x.rest(nil, code)
	if one && x.r.Err() == nil {
		if _, ok := lastDot(in, e.Body.Bytes()); ok {
			x.r.Failf("a delta of one dot written as any frame")
		}
	}
}

const minRecordRow = 4 // bytes of a row of a context: replica, number of intervals, end, length

// appendRun appends an interval of a context, above floor.
func appendRun(b []byte, in clock.Interval, floor uint64) []byte {
	return wire.AppendUvarint(wire.AppendUvarint(b, in.Lo-floor-1), in.Hi-in.Lo)
}

// replica reads a position in the table of replicas. Positions are taken in order
// of first use.
func (x *batchReader) replica() int {
	k := x.r.Uvarint()
	if k > uint64(x.ids) || k >= uint64(len(x.ends)) {
		x.r.Failf("replica %d behind %d of %d", k, x.ids, len(x.ends))
		return 0
	}
	x.ids = max(x.ids, int(k)+1)
	return int(k)
}

// run reads an interval of a replica above floor.
func (x *batchReader) run(k int, floor uint64) clock.Interval {
	hi := x.r.Varint()
	more := x.r.Uvarint()
	if x.r.Err() != nil {
		return clock.Interval{Lo: floor + 1, Hi: floor + 1}
	}
	end := x.ends[k] + uint64(hi) + 1
	if end > clock.MaxSeq || end <= floor || more >= end-floor {
		x.r.Failf("interval of %d numbers up to %d, above %d", more, end, floor)
		return clock.Interval{Lo: floor + 1, Hi: floor + 1}
	}
	x.ends[k] = end
	return clock.Interval{Lo: end - more, Hi: end}
}

// rest reads the rest of a body behind what is already there. It aliases the
// batch if it can.
func (x *batchReader) rest(b []byte, code int) envelope.Section {
	share := x.r.Byte()
	front, back := int(share&maxFront), int(share>>5)
	from := x.r.Offset()
	own := x.r.Bytes()
	last := x.last.of(code)
	if x.r.Err() == nil && front+back > len(last) {
		x.r.Failf("%d bytes shared of %d", front+back, len(last))
	}
	if x.r.Err() != nil {
		return envelope.Section{B: []byte{}}
	}
	var out envelope.Section
	rest := own
	if len(b) == 0 && front+back == 0 {
		end := x.r.Offset()
		out = envelope.Section{B: x.b.frames.B[:end:end], At: end - len(own)}
	} else {
		n := len(b)
		b = append(append(append(b, last[:front]...), own...), last[len(last)-back:]...)
		x.body, rest, out = b, b[n:], envelope.Section{B: b}
	}
	if f, k := sharing(last, rest); f != front || k != back {
		x.r.Failf("%d and %d bytes shared from byte %d on, not %d and %d", front, back, from, f, k)
	}
	x.last.set(code, rest)
	return out
}
