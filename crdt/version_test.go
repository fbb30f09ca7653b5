package crdt_test

import (
	"errors"
	"testing"

	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/internal/envelope"
	"github.com/dovetail-crdt/dovetail/crdt/untyped"
)

// scores and its content: version 1 was one digit, version 2 is a number of four
// bytes.
var (
	oldScores = crdt.Kind[*highest]{
		Name: "acme/score", Version: 1,
		New:    func() *highest { return &highest{} },
		Append: func(b []byte, h *highest) ([]byte, error) { return append(b, byte(h.n)), nil },
		Decode: readDigit,
	}
	newScores = crdt.Kind[*highest]{
		Name: "acme/score", Version: 2,
		New:    oldScores.New,
		Append: func(b []byte, h *highest) ([]byte, error) { return crdt.Uint64.Append(b, h.n) },
		Decode: readScore,
		DecodeOther: func(b []byte, version int) (*highest, error) {
			if version > 2 {
				return nil, crdt.ErrVersion
			}
			return readDigit(b)
		},
	}
	// rollingScores writes what old programs read and reads what new ones write.
	rollingScores = func() crdt.Kind[*highest] {
		k := oldScores
		k.DecodeOther = func(b []byte, version int) (*highest, error) {
			if version != 2 {
				return nil, crdt.ErrVersion
			}
			return readScore(b)
		}
		return k
	}()
)

func readDigit(b []byte) (*highest, error) {
	if len(b) != 1 || b[0] > 9 {
		return nil, crdt.ErrCorrupt
	}
	return &highest{uint64(b[0])}, nil
}

func readScore(b []byte) (*highest, error) {
	n, err := crdt.Uint64.Decode(b)
	return &highest{n}, err
}

func TestKindVersions(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		from, to crdt.Kind[*highest]
		want     error
	}{
		{"old by old", oldScores, oldScores, nil},
		{"old by new", oldScores, newScores, nil},
		{"old by rolling", oldScores, rollingScores, nil},
		{"new by new", newScores, newScores, nil},
		{"new by rolling", newScores, rollingScores, nil},
		{"new by old", newScores, oldScores, crdt.ErrVersion},
	} {
		f := frame(t, tt.from, &highest{7})
		if h, err := crdt.DecodeFrame(tt.to, f); !errors.Is(err, tt.want) || err == nil && h.n != 7 {
			t.Errorf("%s: DecodeFrame = %v, %v, want 7, %v", tt.name, h, err, tt.want)
		}
		if o, err := untyped.DecodeObject(f, tt.to); !errors.Is(err, tt.want) {
			t.Errorf("%s: DecodeObject = %v, want %v", tt.name, err, tt.want)
		} else if err == nil {
			if h, err := crdt.DecodeFrame(tt.to, bytesOf(t, o)); err != nil || h.n != 7 {
				t.Errorf("%s: written again it is %v, %v", tt.name, h, err)
			}
		}
		from, to := crdt.GMapKind(crdt.String, tt.from), crdt.GMapKind(crdt.String, tt.to)
		m := from.New()
		if _, err := crdt.Mutate(m, writer(1), func(tx *crdt.Tx, m *crdt.GMap[string, *highest]) error {
			return m.Apply(tx, "x", func(tx *crdt.Tx, h *highest) error { h.Raise(tx, 7); return nil })
		}); err != nil {
			t.Fatal(err)
		}
		back, err := crdt.DecodeFrame(to, frame(t, from, m))
		if !errors.Is(err, tt.want) {
			t.Errorf("%s in a map: DecodeFrame = %v, want %v", tt.name, err, tt.want)
		}
		if err == nil {
			if h, ok := back.Get("x"); !ok || h.n != 7 {
				t.Errorf("%s in a map: it is %v, want 7", tt.name, h)
			}
		}
	}
	third := newScores
	third.Version = 3
	if _, err := crdt.DecodeFrame(newScores, frame(t, third, &highest{7})); !errors.Is(err, crdt.ErrVersion) {
		t.Errorf("a version that DecodeOther does not know: %v, want ErrVersion", err)
	}
}

// A kind that was not made by this package, of a type that was.
func TestKindOfCausalType(t *testing.T) {
	t.Parallel()
	made := crdt.AWSetKind(crdt.String)
	own := crdt.Kind[*crdt.AWSet[string]]{Name: "acme/cart", Version: 1, New: made.New, Append: made.Append, Decode: made.Decode}
	s := own.New()
	do(t, s, writer(1), func(tx *crdt.Tx, s *crdt.AWSet[string]) { s.Add(tx, "x") })
	if back, err := crdt.DecodeFrame(own, frame(t, own, s)); err != nil || !back.Equal(s) {
		t.Errorf("DecodeFrame = %v, %v", back, err)
	}
	content, err := own.Append(nil, s)
	if back, derr := own.Decode(content); err != nil || derr != nil || !back.Equal(s) {
		t.Errorf("content %x (%v) is %v, %v", content, err, back, derr)
	}
	content[0]++
	if _, err := own.Decode(content); !errors.Is(err, crdt.ErrVersion) {
		t.Errorf("content of a newer format: %v, want ErrVersion", err)
	}
	if content[0] = 1; func() bool { _, err := own.Decode(content); return !errors.Is(err, crdt.ErrCorrupt) }() {
		t.Error("content of format 1, which was never written, is read")
	}
	if _, err := asObject(t, own, s).AppendFrameVersion(nil, envelope.OldestVersion-1); err == nil {
		t.Error("AppendFrameVersion wrote a format that is gone")
	}
	if _, err := asObject(t, own, s).AppendFrameVersion(nil, untyped.FrameVersion+1); err == nil {
		t.Error("AppendFrameVersion wrote a format to come")
	}
}
