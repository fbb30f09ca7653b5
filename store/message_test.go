package store_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/store/replication"
)

// messages pins the bytes of every kind of message. A change here means that
// stores of two versions do not understand each other.
var messages = []struct {
	name    string
	message replication.Message
	hex     string
}{
	{"push/empty", &replication.Push{Changes: []replication.Change{}}, "01 01 00 00"},
	{
		"push/one",
		&replication.Push{Changes: []replication.Change{{Key: "k", Span: span(1, 300, 300), After: 299, Time: 128, Frame: []byte("f")}}},
		"01 01 00 01 01 6b 0000000000000001 ac02 00 01 8001 01 66",
	},
	{
		"push/two and a vector",
		&replication.Push{
			Have: spans(span(2, 1, 7)),
			Changes: []replication.Change{
				{Key: "", Span: span(1, 1, 3), After: 0, Frame: []byte{}},
				{Key: "key", Span: span(1<<64-1, clock.MaxSeq, clock.MaxSeq), After: clock.MaxSeq - 1, Time: clock.MaxTimestamp, Frame: []byte("abc")},
			},
		},
		"01 01 01 01 0000000000000002 01 00 06 02 00 0000000000000001 01 02 01 00 00" +
			"03 6b6579 ffffffffffffffff ffffffffffffffff7f 00 01 ffffffffffffffffff01 03 616263",
	},
	{"hello/nothing", &replication.Hello{Have: &replication.Applied{}}, "01 02 00 00"},
	{"hello/gap", &replication.Hello{Have: spans(span(1, 1, 7), span(1, 9, 9))}, "01 02 01 0000000000000001 02 0006 0000 00"},
	{"hello/held", &replication.Hello{Have: &replication.Applied{}, Held: spans(span(1, 2, 2))}, "01 02 00 01 01 0000000000000001 01 01 00"},
	{
		"request/first",
		&replication.Request{Session: 1<<32 + 1, Base: &replication.Applied{}, Held: &replication.Applied{}, Got: &replication.Applied{}},
		"01 03 8180808010 00 00 00 00",
	},
	{
		"request/again",
		&replication.Request{Session: 2, Serve: 9, Base: spans(span(5, 2, 2)), Held: spans(span(6, 1, 1)), Got: spans(span(1, 1, 8))},
		"01 03 02 09 01 0000000000000005 01 01 00 01 0000000000000006 01 00 00 01 0000000000000001 01 00 07",
	},
	{
		"frames/none",
		&replication.Frames{Session: 3, Serve: 7, Snapshot: spans(span(5, 1, 1)), Held: &replication.Applied{}, Items: []replication.Item{}},
		"01 04 03 07 00 00 01 0000000000000005 01 00 00 00 00",
	},
	{
		"frames/one of two",
		&replication.Frames{
			Session: 3, Serve: 7, Index: 1, Count: 2, Snapshot: spans(span(5, 1, 1)), Held: spans(span(5, 2, 2)),
			Items: []replication.Item{
				{Key: "k", Last: []clock.Dot{{Replica: 5, Seq: 1}, {Replica: 6, Seq: 300}}, Frames: [][]byte{[]byte("f"), {}}},
				{Key: "none", Last: []clock.Dot{}, Frames: [][]byte{}},
			},
		},
		"01 04 03 07 01 02 01 0000000000000005 01 00 00 01 0000000000000005 01 01 00 02" +
			"01 6b 02 0000000000000005 01 0000000000000006 ac02 02 01 66 00" + "04 6e6f6e65 00 00",
	},
}

// alike compares messages by all that they say; empty and absent lists are the
// same.
func alike(a, b replication.Message) bool {
	return fmt.Sprintf("%T %+v", a, a) == fmt.Sprintf("%T %+v", b, b)
}

func unhex(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic(err)
	}
	return b
}

func TestMessageGolden(t *testing.T) {
	t.Parallel()
	for _, tt := range messages {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			want := unhex(tt.hex)
			if got := replication.AppendMessage([]byte("head"), tt.message); !bytes.Equal(got, append([]byte("head"), want...)) {
				t.Errorf("AppendMessage(%+v)\n = %x\nwant %x after %x", tt.message, got, want, "head")
			}
			got, err := replication.DecodeMessage(want)
			if err != nil || !alike(got, tt.message) {
				t.Errorf("DecodeMessage(%x)\n = %+v, %v\nwant %+v", want, got, err, tt.message)
			}
		})
	}
}

// TestMessageHostile: what no encoder writes is refused.
func TestMessageHostile(t *testing.T) {
	t.Parallel()
	const huge = "ffffffffffffffffff01"
	for _, tt := range []struct{ name, hex string }{
		{"nothing", ""},
		{"version alone", "01"},
		{"version 0", "00 02 00"},
		{"newer version", "02 02 00"},
		{"kind 0", "01 00 00"},
		{"unknown kind", "01 05 00"},
		{"trailing byte", "01 02 00 00 00"},
		{"marker 2 in a hello", "01 02 00 02"},
		{"marker 2", "01 01 02 00"},
		{"changes without end", "01 01 00 " + huge},
		{"one change more than there is", "01 01 00 01"},
		{"change of replica 0", "01 01 00 01 00 0000000000000000 01 00 01 00 00"},
		{"change of number 0", "01 01 00 01 00 0000000000000001 00 00 01 00 00"},
		{"claim at the event", "01 01 00 01 00 0000000000000001 05 00 00 00 00"},
		{"claim before the first", "01 01 00 01 00 0000000000000001 05 00 06 00 00"},
		{"events beyond the last number", "01 01 00 01 00 0000000000000001 ffffffffffffffff7f 01 01 00 00"},
		{"frame longer than the message", "01 01 00 01 00 0000000000000001 05 00 01 00 7f"},
		{"number in a long form", "01 01 00 8000"},
		{"vector out of order", "01 02 02 0000000000000002 01 00 00 0000000000000001 01 00 00"},
		{"vector without intervals", "01 02 01 0000000000000001 00 00 00"},
		{"vectors without end", "01 02 " + huge},
		{"object 2 of 1", "01 04 03 07 02 01 00 00 01 00 00 01 00"},
		{"two objects of 1", "01 04 03 07 01 01 00 00 02 00 00 01 00 00 00 01 00"},
		{"no object of 1", "01 04 03 07 01 01 00 00 00"},
		{"frame 0 of 1", "01 04 03 07 00 01 00 00 00"},
		{"more frames than numbers", "01 04 03 07 01 " + huge + " 00 00 00"},
		{"items without end", "01 04 03 07 01 01 00 00 " + huge},
		{"item with dots without end", "01 04 03 07 01 01 00 00 01 00 " + huge + " 00"},
		{"item of replica 0", "01 04 03 07 01 01 00 00 01 00 01 0000000000000000 01 00"},
		{"item with frames without end", "01 04 03 07 01 01 00 00 01 00 00 " + huge},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if m, err := replication.DecodeMessage(unhex(tt.hex)); !errors.Is(err, clock.ErrCorrupt) {
				t.Errorf("DecodeMessage(%s) = %+v, %v; want ErrCorrupt", tt.hex, m, err)
			}
		})
	}
	for _, tt := range messages {
		whole := unhex(tt.hex)
		for n := range whole {
			if m, err := replication.DecodeMessage(whole[:n]); err == nil {
				t.Errorf("DecodeMessage of the first %d bytes of %s = %+v", n, tt.name, m)
			}
		}
	}
}

// TestMessageTooLarge: the limit is checked before anything is read.
func TestMessageTooLarge(t *testing.T) {
	t.Parallel()
	if _, err := replication.DecodeMessage(make([]byte, replication.MaxMessage+1)); !errors.Is(err, clock.ErrCorrupt) {
		t.Errorf("DecodeMessage of MaxMessage+1 bytes = %v, want ErrCorrupt", err)
	}
}

type otherMessage struct{ replication.Message }

// TestMessageOfAnotherType: the set of messages is closed.
func TestMessageOfAnotherType(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("AppendMessage of a type that is no message did not panic")
		}
	}()
	replication.AppendMessage(nil, otherMessage{&replication.Hello{Have: &replication.Applied{}}})
}

// TestMessageRoundTrip: what is decoded is what was encoded.
func TestMessageRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		m := drawMessage(rt)
		raw := replication.AppendMessage(nil, m)
		got, err := replication.DecodeMessage(raw)
		if err != nil || !alike(got, m) {
			rt.Fatalf("DecodeMessage of the encoding of\n%+v is\n%+v, %v", m, got, err)
		}
	})
}

func drawMessage(t *rapid.T) replication.Message {
	seq := rapid.OneOf(rapid.Uint64Range(1, 20), rapid.Uint64Range(1, clock.MaxSeq-3))
	replica := rapid.Custom(func(t *rapid.T) clock.ReplicaID { return clock.ReplicaID(rapid.Uint64Min(1).Draw(t, "replica")) })
	blob := rapid.SliceOfN(rapid.Byte(), 0, 9)
	vector := rapid.Custom(func(t *rapid.T) *replication.Applied {
		a := &replication.Applied{}
		for range rapid.IntRange(0, 4).Draw(t, "spans") {
			first := seq.Draw(t, "first")
			a.Add(span(clock.ReplicaID(rapid.IntRange(1, 2).Draw(t, "replica")), first, first+rapid.Uint64Range(0, 3).Draw(t, "more")))
		}
		return a
	})
	change := rapid.Custom(func(t *rapid.T) replication.Change {
		first := seq.Draw(t, "first")
		return replication.Change{
			Key: rapid.String().Draw(t, "key"), Span: span(replica.Draw(t, "replica"), first, first+rapid.Uint64Range(0, 3).Draw(t, "more")),
			After: rapid.Uint64Range(0, first-1).Draw(t, "after"), Time: clock.Timestamp(rapid.Uint64().Draw(t, "time")), Frame: blob.Draw(t, "frame"),
		}
	})
	item := rapid.Custom(func(t *rapid.T) replication.Item {
		dot := rapid.Custom(func(t *rapid.T) clock.Dot {
			return clock.Dot{Replica: replica.Draw(t, "replica"), Seq: seq.Draw(t, "seq")}
		})
		return replication.Item{
			Key: rapid.String().Draw(t, "key"), Last: rapid.SliceOfN(dot, 0, 3).Draw(t, "last"), Frames: rapid.SliceOfN(blob, 0, 3).Draw(t, "frames"),
		}
	})
	switch rapid.IntRange(0, 3).Draw(t, "kind") {
	case 0:
		m := &replication.Push{Changes: rapid.SliceOfN(change, 0, 4).Draw(t, "changes")}
		if rapid.Bool().Draw(t, "has a vector") {
			m.Have = vector.Draw(t, "vector")
		}
		return m
	case 1:
		m := &replication.Hello{Have: vector.Draw(t, "vector")}
		if rapid.Bool().Draw(t, "holds more") {
			m.Held = vector.Draw(t, "held")
		}
		return m
	case 2:
		return &replication.Request{
			Session: rapid.Uint64().Draw(t, "session"), Serve: rapid.Uint64().Draw(t, "serve"),
			Base: vector.Draw(t, "base"), Held: vector.Draw(t, "held"), Got: vector.Draw(t, "got"),
		}
	default:
		items := rapid.SliceOfN(item, 0, 3).Draw(t, "items")
		m := &replication.Frames{
			Session: rapid.Uint64().Draw(t, "session"), Serve: rapid.Uint64().Draw(t, "serve"),
			Snapshot: vector.Draw(t, "snapshot"), Held: vector.Draw(t, "held"), Items: items,
		}
		if n := uint64(len(items)); n > 0 {
			m.Index = rapid.Uint64Range(1, 9).Draw(t, "index")
			m.Count = m.Index + n - 1 + rapid.Uint64Range(0, 9).Draw(t, "more")
		}
		return m
	}
}
