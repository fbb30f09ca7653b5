package store_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/store"
	"github.com/dovetail-crdt/dovetail/store/replication"
)

// TestConfigFaults: a bad configuration is refused with all its faults at once.
func TestConfigFaults(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		cfg  replication.CoreConfig
		want []string // parts of the error
	}{
		{"nothing", replication.CoreConfig{}, []string{"no Self", "no Fresh"}},
		{
			"peers",
			replication.CoreConfig{Self: "a", Fresh: 1, Peers: []store.PeerID{"b", "a", "", "b"}},
			[]string{`peer "a"`, `peer ""`, `peer "b"`},
		},
		{
			"sizes",
			replication.CoreConfig{Self: "a", Fresh: 1, LogBytes: -1, PushBytes: -2, SessionKeys: -3},
			[]string{"size -1", "size -2", "size -3"},
		},
		{"all at once", replication.CoreConfig{Fresh: 1, Peers: []store.PeerID{""}, LogBytes: -7}, []string{"no Self", `peer ""`, "-7"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			core, err := replication.NewCore(tt.cfg, nil)
			if err == nil || core != nil {
				t.Fatalf("NewCore = %v, %v; want an error", core, err)
			}
			for _, part := range tt.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("error %q says nothing of %s", err, part)
				}
			}
		})
	}
}

// TestDamagedBooks: a book that cannot be read is an error that names it. A core
// made without it would claim to have applied what it has not, or would give out
// numbers again.
func TestDamagedBooks(t *testing.T) {
	t.Parallel()
	w, a, _ := pair(t)
	a.put("k", "x")
	w.drop(anything)
	sound := a.books()
	replace := func(key string, with ...byte) func([]store.Book) []store.Book {
		return func(bs []store.Book) []store.Book {
			out := []store.Book{{Key: key, Value: with}}
			for _, b := range bs {
				if b.Key != key {
					out = append(out, b)
				}
			}
			return out
		}
	}
	cut := func(key string) func([]store.Book) []store.Book {
		return func(bs []store.Book) []store.Book {
			for i, b := range bs {
				if strings.HasPrefix(b.Key, key) {
					bs[i].Value = b.Value[:len(b.Value)-1]
				}
			}
			return bs
		}
	}
	index := func(tail string) func([]store.Book) []store.Book {
		return func(bs []store.Book) []store.Book {
			return append(bs, store.Book{Key: "index/" + tail, Value: []byte("k")})
		}
	}
	for _, tt := range []struct {
		name, names string
		damage      func([]store.Book) []store.Book
	}{
		{"identity cut", `"identity"`, cut("identity")},
		{"identity empty", `"identity"`, replace("identity")},
		{"identity of nobody", `"identity"`, replace("identity", 0, 0, 0, 0, 0, 0, 0, 0, 1, 1)},
		{"identity beyond all numbers", `"identity"`, replace("identity", 0, 0, 0, 0, 0, 0, 0, 1, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1, 1)},
		{"identity too long", `"identity"`, replace("identity", 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1)},
		{"vector cut", `"applied"`, cut("applied")},
		{"vector too long", `"applied"`, replace("applied", 0, 0)},
		{"held damaged", `"held"`, replace("held", 9)},
		{"index cut", `"index/`, index("1234567")},
		{"index too long", `"index/`, index("0123456789abcdefg")},
		{"index of nobody", `"index/`, index("\x00\x00\x00\x00\x00\x00\x00\x0000000000")},
		{"index of number 0", `"index/`, index("00000000\x00\x00\x00\x00\x00\x00\x00\x00")},
		{"unknown", `"mystery"`, replace("mystery", 1)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			books := make([]store.Book, len(sound))
			for i, b := range sound {
				books[i] = store.Book{Key: b.Key, Value: append([]byte(nil), b.Value...)}
			}
			core, err := replication.NewCore(a.cfg, tt.damage(books))
			if core != nil || !errors.Is(err, clock.ErrCorrupt) || !strings.Contains(err.Error(), tt.names) {
				t.Errorf("NewCore = %v, %v; want an error that matches ErrCorrupt and names book %s", core != nil, err, tt.names)
			}
		})
	}
}

// TestLocalPanics: Local takes only events that Issue gave.
func TestLocalPanics(t *testing.T) {
	t.Parallel()
	w, a, _ := pair(t)
	frame := w.frame(t)
	for name, ev := range map[string]clock.Event{
		"number not issued": {Dot: clock.Dot{Replica: a.core.Replica(), Seq: 1}},
		"another replica":   {Dot: clock.Dot{Replica: 9, Seq: 1}},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("Local of a %s did not panic", name)
				}
			}()
			a.core.Local("k", ev, 1, frame)
		}()
	}
}

// TestStrangers: messages from others than peers, and damaged frames, are refused
// as a whole and leave no trace.
func TestStrangers(t *testing.T) {
	t.Parallel()
	w, a, b := pair(t)
	b.put("k", "x")
	push := w.one(of[*replication.Push]()).message.(*replication.Push)
	for _, from := range []store.PeerID{"c", "a", ""} {
		if err := a.core.Step(from, push); err == nil || !strings.Contains(err.Error(), `"`+string(from)+`"`) {
			t.Errorf("Step of a message from %q = %v, want an error that names the sender", from, err)
		}
	}
	good := push.Changes[0]
	bad := good
	bad.Span, bad.Key = span(good.Span.Replica, 2, 2), "damaged"
	bad.Frame = append([]byte(nil), good.Frame...)
	bad.Frame[len(bad.Frame)/2] ^= 1
	items := []replication.Item{{Key: "damaged", Frames: [][]byte{good.Frame, bad.Frame}}}
	for _, m := range []replication.Message{
		&replication.Push{Changes: []replication.Change{good, bad}, Have: spans(span(77, 1, 1))},
		&replication.Frames{Session: 1, Index: 1, Count: 1, Snapshot: spans(good.Span), Held: &replication.Applied{}, Items: items},
	} {
		var ke *store.KeyError
		if err := a.core.Step("b", m); !errors.Is(err, clock.ErrCorrupt) || !errors.As(err, &ke) || ke.Key != "damaged" {
			t.Errorf("Step of a %T with a damaged frame = %v, want a KeyError of the object, ErrCorrupt", m, err)
		}
	}
	if r, ok := a.core.Ready(); ok {
		t.Errorf("after refused messages the core wants %d deltas, %d books and %d messages", len(r.Batch.Deltas), len(r.Batch.Puts), len(r.Messages))
	}
	if !a.core.Applied().IsEmpty() {
		t.Errorf("after refused messages the vector is %v", a.vector())
	}
}

// TestNewerFrames: a frame of a format that only a newer binary understands is
// kept, passed on and acknowledged like any other.
func TestNewerFrames(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, b, c := w.open("a", "b"), w.open("b", "ac", shortLog), w.open("c", "b")
	frame := w.frame(t)
	frame[1]++
	ev, err := a.core.Issue("k", 1)
	if err != nil {
		t.Fatalf("Issue: %v", err)
	}
	a.core.Local("k", ev, 1, frame)
	a.local = []change{{key: "k", span: span(ev.Dot.Replica, 1, 1)}}
	a.carryOut()
	a.put("k2", "x")
	w.converge(300)
	if !c.has("k", frame) || !b.has("k", frame) {
		t.Errorf("b has the newer frame: %t, c: %t", b.has("k", frame), c.has("k", frame))
	}
}
