package replication

import (
	"fmt"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/clock/wire"
	"github.com/dovetail-crdt/dovetail/crdt"
)

// messageVersion is the version of the messages that this package writes and
// reads.
const messageVersion = 1

// MaxMessage is the largest encoded message, in bytes: room for the largest frame
// behind a full message of others.
const MaxMessage = crdt.MaxFrame + 64<<20

// AppendMessage appends the encoding of m.
func AppendMessage(b []byte, m Message) []byte {
	b = append(b, messageVersion, m.kind())
	switch m := m.(type) {
	case *Push:
		b = appendOptional(b, m.Have)
		b = wire.AppendUvarint(b, uint64(len(m.Changes)))
		for i := range m.Changes {
			b = appendChange(b, &m.Changes[i])
		}
	case *Hello:
		b = appendOptional(m.Have.append(b), m.Held)
	case *Request:
		b = wire.AppendUvarint(wire.AppendUvarint(b, m.Session), m.Serve)
		b = m.Got.append(m.Held.append(m.Base.append(b)))
	case *Frames:
		b = wire.AppendUvarint(wire.AppendUvarint(b, m.Session), m.Serve)
		b = wire.AppendUvarint(wire.AppendUvarint(b, m.Index), m.Count)
		b = m.Held.append(m.Snapshot.append(b))
		b = wire.AppendUvarint(b, uint64(len(m.Items)))
		for i := range m.Items {
			b = appendItem(b, &m.Items[i])
		}
	default:
		panic(fmt.Sprintf("replication: message of type %T", m))
	}
	return b
}

func appendOptional(b []byte, a *Applied) []byte {
	if a == nil {
		return append(b, 0)
	}
	return a.append(append(b, 1))
}

func appendChange(b []byte, c *Change) []byte {
	b = wire.AppendBytes(b, c.Key)
	b = wire.AppendUint64(b, uint64(c.Span.Replica))
	b = wire.AppendUvarint(b, c.Span.First)
	b = wire.AppendUvarint(b, c.Span.Last-c.Span.First)
	b = wire.AppendUvarint(b, c.Span.First-c.After)
	b = wire.AppendUvarint(b, uint64(c.Time))
	return wire.AppendBytes(b, c.Frame)
}

func appendItem(b []byte, it *Item) []byte {
	b = wire.AppendBytes(b, it.Key)
	b = wire.AppendUvarint(b, uint64(len(it.Last)))
	for _, d := range it.Last {
		b, _ = d.AppendBinary(b) // never fails
	}
	b = wire.AppendUvarint(b, uint64(len(it.Frames)))
	for _, f := range it.Frames {
		b = wire.AppendBytes(b, f)
	}
	return b
}

// DecodeMessage reads what AppendMessage wrote. Memory is bounded by the length
// of the input, which the message aliases. Frames are not looked into.
func DecodeMessage(b []byte) (Message, error) {
	r := wire.NewReader(b)
	if len(b) > MaxMessage {
		r.Failf("message of %d bytes, at most %d", len(b), MaxMessage)
	}
	if v := r.Byte(); r.Err() == nil && v != messageVersion {
		r.Failf("message version %d, want %d", v, messageVersion)
	}
	m := readMessage(r)
	if err := r.Done(); err != nil {
		return nil, fmt.Errorf("replication: message: %w", err)
	}
	return m, nil
}

func readMessage(r *wire.Reader) Message {
	switch kind := r.Byte(); kind {
	case kindPush:
		m := &Push{Have: readOptional(r)}
		m.Changes = make([]Change, 0, r.Count(14))
		for range cap(m.Changes) {
			m.Changes = append(m.Changes, readChange(r))
		}
		return m
	case kindHello:
		return &Hello{Have: readApplied(r), Held: readOptional(r)}
	case kindRequest:
		return &Request{Session: r.Uvarint(), Serve: r.Uvarint(), Base: readApplied(r), Held: readApplied(r), Got: readApplied(r)}
	case kindFrames:
		m := &Frames{Session: r.Uvarint(), Serve: r.Uvarint(), Index: r.Uvarint(), Count: r.Uvarint(), Snapshot: readApplied(r), Held: readApplied(r)}
		m.Items = make([]Item, 0, r.Count(3))
		if n := uint64(cap(m.Items)); r.Err() == nil && (m.Count > clock.MaxSeq || n > m.Count || m.Index > m.Count-n+1 ||
			(m.Count > 0) != (n > 0) || (m.Count > 0) != (m.Index > 0)) {
			r.Failf("%d objects from number %d of %d", n, m.Index, m.Count)
		}
		for range cap(m.Items) {
			m.Items = append(m.Items, readItem(r))
		}
		return m
	default:
		r.Failf("message kind %d", kind)
		return nil
	}
}

func readOptional(r *wire.Reader) *Applied {
	switch has := r.Byte(); has {
	case 0:
	case 1:
		return readApplied(r)
	default:
		r.Failf("marker %d for a vector", has)
	}
	return nil
}

func readChange(r *wire.Reader) Change {
	c := Change{Key: string(r.Bytes())}
	first := clock.ReadDot(r)
	n, back := r.Uvarint(), r.Uvarint()
	if r.Err() == nil && (n > clock.MaxSeq-first.Seq || back == 0 || back > first.Seq) {
		r.Failf("%d events from %v with a claim of %d", n, first, back)
		return c
	}
	c.Span = Span{first.Replica, first.Seq, first.Seq + n}
	c.After = first.Seq - back
	c.Time = clock.Timestamp(r.Uvarint())
	c.Frame = r.Bytes()
	return c
}

func readItem(r *wire.Reader) Item {
	it := Item{Key: string(r.Bytes())}
	it.Last = make([]clock.Dot, 0, r.Count(9))
	for range cap(it.Last) {
		it.Last = append(it.Last, clock.ReadDot(r))
	}
	it.Frames = make([][]byte, 0, r.Count(1))
	for range cap(it.Frames) {
		it.Frames = append(it.Frames, r.Bytes())
	}
	return it
}
