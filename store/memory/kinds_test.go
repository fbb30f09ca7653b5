package memory_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/store"
	"github.com/dovetail-crdt/dovetail/store/memory"
)

// TestManyAdds: what is added to an object of a type without a context is joined, not
// kept side by side.
func TestManyAdds(t *testing.T) {
	t.Parallel()
	e := memory.New()
	db, err := store.Open(t.Context(), store.Config{Engine: e, Self: "a"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	o := store.NewObjects(db, "", crdt.GSetKind(crdt.Int64))
	for i := range int64(2000) {
		if _, err := o.Update(t.Context(), "k", func(tx *crdt.Tx, s *crdt.GSet[int64]) error { s.Add(tx, i); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	if rec, err := e.Load(t.Context(), "k"); err != nil || len(rec.Frames) != 1 {
		t.Errorf("2,000 adds leave %d frames, %v", len(rec.Frames), err)
	}
	if n := e.Unknown(); len(n) != 0 {
		t.Errorf("frames of unknown kinds: %v", n)
	}
}

// TestUnknownKind: frames of a kind that the engine does not know are kept, counted, and
// logged once.
func TestUnknownKind(t *testing.T) {
	t.Parallel()
	var said bytes.Buffer
	e := memory.New()
	e.LogTo(slog.New(slog.NewTextHandler(&said, nil)))
	k := crdt.GSetKind(crdt.Int64)
	k.Name = "tags"
	for i := range int64(3) {
		s := k.New()
		if _, err := crdt.Mutate(s, crdt.NewWriter(1, time.Now).On(), func(tx *crdt.Tx, s *crdt.GSet[int64]) error { s.Add(tx, i); return nil }); err != nil {
			t.Fatal(err)
		}
		f, err := crdt.AppendFrame(nil, k, s)
		if err == nil {
			err = e.Merge(t.Context(), store.Delta{Key: fmt.Sprint(i), Frame: f})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if n := e.Unknown()["tags"]; n != 3 || strings.Count(said.String(), "kind=tags") != 1 {
		t.Errorf("%d frames counted, logged %q; want 3, and once", n, said.String())
	}
}
