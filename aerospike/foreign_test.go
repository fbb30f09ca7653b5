package aerospike_test

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	as "github.com/aerospike/aerospike-client-go/v7"

	"github.com/dovetail-crdt/dovetail/aerospike"
	"github.com/dovetail-crdt/dovetail/aerospike/asdtest"
	"github.com/dovetail-crdt/dovetail/aerospike/internal/astest"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/untyped"
	"github.com/dovetail-crdt/dovetail/store"
)

// newer returns a frame of a format that only a later version reads: the version is
// the first field of the array that a frame is.
func newer(t *testing.T) []byte {
	t.Helper()
	f := astest.Delta(t, crdt.CounterKind(), 7, func(tx *crdt.Tx, c *crdt.Counter) { c.Add(tx, 1) })
	for i := range f {
		g := bytes.Clone(f)
		g[i] = 0x7f
		if _, err := untyped.DecodeObject(g); errors.Is(err, crdt.ErrVersion) {
			return g
		}
	}
	t.Fatal("no byte of a frame is its version")
	return nil
}

// TestForeignDelta leaves a change of a newer version in the queue: it is still there
// after a compaction, and the value is not told without it.
func TestForeignDelta(t *testing.T) {
	c := cluster(t)
	set := newSet(t, c)
	e := open(t, c, aerospike.Config{Set: set, Watch: -1})
	unknown := newer(t)
	known := astest.Delta(t, crdt.CounterKind(), 8, func(tx *crdt.Tx, c *crdt.Counter) { c.Add(tx, 5) })
	if err := e.Merge(t.Context(), store.Delta{Key: "k", Frame: unknown}, store.Delta{Key: "k", Frame: known}); err != nil {
		t.Fatal(err)
	}
	if err := e.Fold(t.Context(), "k"); err != nil {
		t.Fatal(err)
	}
	rec, err := e.Load(t.Context(), "k")
	if err != nil || len(rec.Frames) != 2 || !bytes.Equal(rec.Frames[1], unknown) {
		t.Errorf("after a compaction: %d frames, %v", len(rec.Frames), err)
	}
	counters := store.NewObjects(e, "", crdt.CounterKind())
	if v, _, err := counters.View(t.Context(), "k"); !errors.Is(err, crdt.ErrVersion) {
		t.Errorf("View = %v, %v, want ErrVersion", v, err)
	}
	if _, err := counters.Update(t.Context(), "k", add(1)); !errors.Is(err, crdt.ErrVersion) {
		t.Errorf("Update: %v, want ErrVersion", err)
	}
}

// TestMapShape reads queues as the client gives them: ordered maps, and one that
// somebody has made unordered; and refuses bins that are something else.
func TestMapShape(t *testing.T) {
	c := cluster(t)
	set := newSet(t, c)
	e := open(t, c, aerospike.Config{Set: set, Watch: -1})
	counters := store.NewObjects(e, "", crdt.CounterKind())
	for range 3 {
		if _, err := counters.Update(t.Context(), "k", add(1), store.Blind()); err != nil {
			t.Fatal(err)
		}
	}
	ordered := save(t, c, set, "k")
	if _, ok := ordered.bins["q"].([]as.MapPair); !ok {
		t.Errorf("the queue is a %T", ordered.bins["q"])
	}
	ordered.bring(t, c) // writes a Go map, which has no order
	if _, ok := save(t, c, set, "k").bins["q"].(map[any]any); !ok {
		t.Fatalf("the queue was made a %T", save(t, c, set, "k").bins["q"])
	}
	fresh := store.NewObjects(open(t, c, aerospike.Config{Set: set, Watch: -1}), "", crdt.CounterKind())
	if v, _, err := fresh.View(t.Context(), "k"); err != nil || v.Value() != 3 {
		t.Errorf("unordered: %v, %v", v, err)
	}
	if _, err := fresh.Update(t.Context(), "k", add(1)); err != nil {
		t.Errorf("append to an unordered queue: %v", err)
	}
	for bin, wrong := range map[string]any{"q": "text", "s": 1, "w": []byte("short"), "b": []byte{1}, "x": []byte{0xff}} {
		k, err := as.NewKey(namespace, set, "wrong "+bin)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Put(nil, k, as.BinMap{bin: wrong}); err != nil {
			t.Fatal(err)
		}
		if v, _, err := counters.View(t.Context(), "wrong "+bin); !errors.Is(err, aerospike.ErrCorrupt) {
			t.Errorf("bin %s is %T: View = %v, %v, want ErrCorrupt", bin, wrong, v, err)
		}
	}
}

// TestStaleAfterFresh reads from a copy that has not heard of the last writes: what
// the process remembers is not taken back, and a fresh process asks the newest copy
// when it is told to.
func TestStaleAfterFresh(t *testing.T) {
	s := asdtest.Start(t)
	c := connect(t, s.Addr())
	writer := store.NewObjects(open(t, c, aerospike.Config{Set: "s", Watch: -1}), "", crdt.CounterKind())
	for range 4 {
		if _, err := writer.Update(t.Context(), "k", add(1)); err != nil {
			t.Fatal(err)
		}
	}
	s.Inject(asdtest.Fault{Match: func(o *asdtest.Op) bool { return !o.Write }, Stale: 2})
	if v, _, err := writer.View(t.Context(), "k"); err != nil || v.Value() != 4 {
		t.Errorf("who wrote 4 reads %v, %v from a stale copy", v, err)
	}
	fresh := store.NewObjects(open(t, c, aerospike.Config{Set: "s", Watch: -1}), "", crdt.CounterKind())
	if v, _, err := fresh.View(t.Context(), "k"); err != nil || v.Value() != 2 {
		t.Errorf("a stale read by who knows nothing: %v, %v", v, err)
	}
	if v, _, err := fresh.View(t.Context(), "k", store.Newest()); err != nil || v.Value() != 4 {
		t.Errorf("Newest: %v, %v", v, err)
	}
	if _, err := fresh.Update(t.Context(), "k", add(1)); err != nil {
		t.Fatal(err)
	}
	if v, _, err := writer.View(t.Context(), "k", store.Newest()); err != nil || v.Value() != 5 {
		t.Errorf("after an update on a stale read: %v, %v", v, err)
	}
}

// TestDeadline gives a server that does not answer less time than an attempt has.
func TestDeadline(t *testing.T) {
	s := asdtest.Start(t)
	e := open(t, connect(t, s.Addr()), aerospike.Config{Set: "s", Watch: -1, Attempt: 10 * time.Second})
	counters := store.NewObjects(e, "", crdt.CounterKind())
	if _, err := counters.Update(t.Context(), "k", add(1)); err != nil {
		t.Fatal(err)
	}
	s.Inject(asdtest.Fault{Reply: asdtest.SilentReply})
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	start := time.Now()
	_, _, err := counters.View(ctx, "k")
	if took := time.Since(start); !errors.Is(err, store.ErrContention) || took > 5*time.Second {
		t.Errorf("View ended after %v: %v", took, err)
	}
	ctx, cancel = context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err = counters.Update(ctx, "k", add(1), store.Blind())
	if took := time.Since(start); !errors.Is(err, store.ErrInDoubt) || took > 5*time.Second {
		t.Errorf("Update ended after %v: %v", took, err)
	}
}
