package memory_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/store"
	"github.com/dovetail-crdt/dovetail/store/memory"
	"github.com/dovetail-crdt/dovetail/store/replication"
	"github.com/dovetail-crdt/dovetail/store/storetest"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(*testing.T) store.Batcher { return memory.New() })
}

// high is a lattice of this test: the largest number.
type high struct{ n byte }

func (h *high) Merge(o *high) bool {
	changed := o.n > h.n
	h.n = max(h.n, o.n)
	return changed
}
func (h *high) Equal(o *high) bool { return h.n == o.n }
func (h *high) Clone() *high       { return &high{h.n} }
func (h *high) IsBottom() bool     { return h.n == 0 }

var highKind = crdt.Kind[*high]{
	Name: "high", Version: 1,
	New:    func() *high { return &high{} },
	Append: func(b []byte, h *high) ([]byte, error) { return append(b, h.n), nil },
	Decode: func(b []byte) (*high, error) {
		if len(b) != 1 {
			return nil, crdt.ErrCorrupt
		}
		return &high{b[0]}, nil
	},
}

func frame(t *testing.T, n byte) []byte {
	t.Helper()
	f, err := crdt.AppendFrame(nil, highKind, &high{n})
	if err != nil {
		t.Fatalf("AppendFrame: %v", err)
	}
	return f
}

// TestKinds: a lattice of one's own is joined if the engine is told its kind, and
// kept side by side if not; either way nothing is lost.
func TestKinds(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		engine *memory.Engine
		frames int
	}{
		{"known", memory.New(highKind), 1},
		{"unknown", memory.New(), 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, n := range []byte{3, 9, 4, 9} {
				if err := tt.engine.Merge(t.Context(), store.Delta{Key: "k", Frame: frame(t, n)}); err != nil {
					t.Fatalf("Merge of %d: %v", n, err)
				}
			}
			rec, err := tt.engine.Load(t.Context(), "k")
			if err != nil || len(rec.Frames) != tt.frames {
				t.Fatalf("Load = %d frames, %v; want %d", len(rec.Frames), err, tt.frames)
			}
			h, err := replication.Join(highKind, "k", rec.Frames)
			if err != nil || h.n != 9 {
				t.Errorf("Join = %v, %v; want 9", h, err)
			}
			if tt.frames == 1 && !bytes.Equal(rec.Frames[0], frame(t, 9)) {
				t.Errorf("Load = %x, want the frame of 9", rec.Frames[0])
			}
		})
	}
}

// TestCloseEndsScan: an engine that is closed during a scan ends it with an error.
func TestCloseEndsScan(t *testing.T) {
	t.Parallel()
	e := memory.New()
	for _, k := range []string{"a", "b"} {
		if err := e.Merge(t.Context(), store.Delta{Key: k, Frame: []byte("x")}); err != nil {
			t.Fatal(err)
		}
	}
	var errs []error
	for _, err := range e.Scan(t.Context(), "", "") {
		errs = append(errs, err)
		if err := e.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	}
	if len(errs) != 2 || errs[0] != nil || !errors.Is(errs[1], store.ErrClosed) {
		t.Errorf("Scan of an engine closed after the first record yields errors %v, want nil, ErrClosed", errs)
	}
}
