package store_test

import (
	"bytes"
	"errors"
	"runtime"
	"testing"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/store/replication"
)

// seedMessages adds the goldens, and messages with real frames, to a corpus.
func seedMessages(f *testing.F) {
	f.Helper()
	for _, tt := range messages {
		f.Add(unhex(tt.hex))
	}
	for _, m := range realMessages() {
		f.Add(replication.AppendMessage(nil, m))
	}
}

// realMessages are what a peer might send to the core of fuzzCore.
func realMessages() []replication.Message {
	delta, err := crdt.Mutate(words.New(), crdt.NewWriter(7, wall).On(), func(tx *crdt.Tx, s *crdt.AWSet[string]) error {
		s.Add(tx, "x")
		return nil
	})
	if err != nil {
		panic(err)
	}
	frame, err := crdt.AppendFrame(nil, words, delta)
	if err != nil {
		panic(err)
	}
	newer := bytes.Clone(frame)
	newer[1]++
	return []replication.Message{
		&replication.Push{Changes: []replication.Change{{Key: "k", Span: span(7, 1, 1), Frame: frame}}, Have: spans(span(7, 1, 1))},
		&replication.Push{Changes: []replication.Change{{Key: "k", Span: span(7, 2, 4), After: 1, Frame: newer}, {Key: "k1", Span: span(9, 1, 1), Frame: frame}}},
		&replication.Hello{Have: spans(span(7, 1, 9), span(9, 5, 5))},
		&replication.Hello{Have: spans(span(1, 1, 99))},
		&replication.Request{Session: 1, Base: &replication.Applied{}, Held: &replication.Applied{}, Got: &replication.Applied{}},
		&replication.Request{Session: 1, Base: &replication.Applied{}, Held: &replication.Applied{}, Got: spans(span(1, 1, 1))},
		&replication.Request{Session: 2, Base: spans(span(1, 1, 1)), Held: &replication.Applied{}, Got: spans(span(3, 2, 2))},
		&replication.Frames{
			Session: 1<<32 + 1, Index: 1, Count: 1, Snapshot: spans(span(7, 1, 9)), Held: spans(span(9, 1, 1)),
			Items: []replication.Item{{Key: "k", Last: []clock.Dot{{Replica: 7, Seq: 1}, {Replica: 1, Seq: 70}}, Frames: [][]byte{frame, newer}}},
		},
		&replication.Frames{Session: 1<<32 + 1, Index: 2, Count: 3, Snapshot: spans(span(7, 1, 9)), Held: &replication.Applied{}},
		&replication.Frames{Session: 1<<32 + 1, Snapshot: spans(span(1, 1, 99)), Held: &replication.Applied{}},
	}
}

// FuzzMessage decodes arbitrary bytes: no panic, a refusal is ErrCorrupt, what is
// accepted encodes to the same bytes, and memory is bounded by the input.
func FuzzMessage(f *testing.F) {
	seedMessages(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		in := bytes.Clone(b)
		m, err := replication.DecodeMessage(b)
		if !bytes.Equal(in, b) {
			t.Fatalf("DecodeMessage(%x) changed its argument to %x", in, b)
		}
		if err != nil {
			if m != nil || !errors.Is(err, clock.ErrCorrupt) {
				t.Fatalf("DecodeMessage(%x) = %v, %v; want nil, ErrCorrupt", b, m, err)
			}
			return
		}
		if again := replication.AppendMessage(nil, m); !bytes.Equal(again, b) {
			t.Fatalf("DecodeMessage(%x) = %+v, which has bytes %x", b, m, again)
		}
	})
}

// TestMessageMemory: counts that promise more than the message holds cost
// nothing, and a message full of the smallest parts costs a small multiple.
func TestMessageMemory(t *testing.T) {
	const size = 1 << 20
	for _, tt := range []struct{ name, head string }{
		{"changes", "01 01 00"},
		{"vector", "01 02"},
		{"items", "01 04 03 01 01 00 00"},
		{"dots of an item", "01 04 03 01 01 00 00 01 00"},
		{"frames of an item", "01 04 03 01 01 00 00 01 00 00"},
	} {
		for _, per := range []int{1, 3, 9, 11, 14} {
			head := unhex(tt.head)
			n := size / per
			b := append(head, byte(n)|0x80, byte(n>>7)|0x80, byte(n>>14)) // a count
			b = append(b, make([]byte, size)...)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := replication.DecodeMessage(b)
			runtime.ReadMemStats(&after)
			if got := after.TotalAlloc - before.TotalAlloc; got > 40*size {
				t.Errorf("%s, %d of them: decoding %d bytes (%v) allocates %d", tt.name, n, len(b), err, got)
			}
		}
	}
}

// fuzzCore returns a core with some state: objects and events of its own, of a
// peer, and a session that it has asked for.
func fuzzCore(tb testing.TB) *node {
	tb.Helper()
	w := newWorld(tb)
	a := w.open("a", "bc", func(c *replication.CoreConfig) { c.Fresh, c.SessionKeys, c.LogBytes = 1, 1, 1 })
	return a
}

// FuzzStep gives an arbitrary message to a core that has state, between others,
// with time passing: no panic, and what the core sends decodes.
func FuzzStep(f *testing.F) {
	seedMessages(f)
	sent := realMessages()
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := replication.DecodeMessage(b)
		if err != nil {
			return
		}
		a := fuzzCore(t)
		drive := func(m replication.Message) {
			if err := a.core.Step("b", m); err != nil && !errors.Is(err, clock.ErrCorrupt) {
				t.Fatalf("Step(%+v): %v", m, err)
			}
			a.core.Tick()
			r, _ := a.core.Ready()
			if err := a.engine.Batch(t.Context(), &r.Batch); err != nil {
				t.Fatalf("Batch: %v", err)
			}
			for _, e := range r.Messages {
				if _, err := replication.DecodeMessage(replication.AppendMessage(nil, e.Message)); err != nil {
					t.Fatalf("after %+v the core sends %+v, which does not decode: %v", m, e.Message, err)
				}
			}
		}
		a.put("k", "x")
		a.put("k2", "y")
		drive(sent[0])
		drive(sent[2]) // the peer has more: a session is asked for
		for range 60 {
			a.core.Tick()
		}
		drive(m)
		drive(sent[4]) // a request
		drive(m)
		drive(sent[5])
		drive(m)
		for range 200 {
			a.core.Tick()
		}
		r, _ := a.core.Ready()
		if err := a.engine.Batch(t.Context(), &r.Batch); err != nil {
			t.Fatalf("Batch: %v", err)
		}
		if _, err := replication.NewCore(a.cfg, a.books()); err != nil {
			t.Fatalf("after %+v the books cannot be read: %v", m, err)
		}
	})
}
