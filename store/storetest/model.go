package storetest

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"

	"pgregory.net/rapid"

	"github.com/dovetail-crdt/dovetail/crdt/untyped"
	"github.com/dovetail-crdt/dovetail/store"
)

// model is what an engine should hold: the frames that were merged, each once.
type model map[string]map[string]bool

func (m model) merge(deltas ...store.Delta) {
	for _, d := range deltas {
		if m[d.Key] == nil {
			m[d.Key] = make(map[string]bool)
		}
		m[d.Key][string(d.Frame)] = true
	}
}

// of returns the frames of key.
func (m model) of(key string) [][]byte {
	var out [][]byte
	for _, f := range slices.Sorted(maps.Keys(m[key])) {
		out = append(out, []byte(f))
	}
	return out
}

// join brings frames into the one form that all with the same meaning share: one
// frame a kind, then those that cannot be joined, as often as they stand there.
func join(frames [][]byte) [][]byte {
	objects := make(map[string]*untyped.Object)
	var kept [][]byte
	for _, f := range frames {
		o, err := untyped.DecodeObject(f)
		if err != nil {
			kept = append(kept, f)
			continue
		}
		if was := objects[o.Kind()]; was == nil {
			objects[o.Kind()] = o
		} else if _, err := was.Merge(o); err != nil {
			kept = append(kept, f)
		}
	}
	var out [][]byte
	for _, k := range slices.Sorted(maps.Keys(objects)) {
		f, err := objects[k].AppendFrame(nil)
		if err != nil {
			panic(fmt.Sprintf("storetest: frame of %s: %v", k, err))
		}
		out = append(out, f)
	}
	slices.SortFunc(kept, bytes.Compare)
	return append(out, kept...)
}

// same fails unless the record holds what the model has under its key.
func (m model) same(t rapid.TB, rec store.Record) {
	t.Helper()
	sameFrames(t, rec.Key, rec.Frames, m.of(rec.Key))
}

func sameFrames(t rapid.TB, key string, got, want [][]byte) {
	t.Helper()
	g, w := join(got), join(want)
	if !slices.EqualFunc(g, w, bytes.Equal) {
		t.Fatalf("object %q: the join of its frames is\n%s\nwant the join of all deltas\n%s", key, list(g), list(w))
	}
}

func list(frames [][]byte) string {
	var b bytes.Buffer
	for _, f := range frames {
		kind, err := untyped.FrameKind(f)
		if err != nil {
			kind = err.Error()
		}
		fmt.Fprintf(&b, "  %s: %x\n", kind, f)
	}
	return b.String()
}

// whole fails unless the engine holds what the model has, no more and no less.
func (m model) whole(ctx context.Context, t rapid.TB, e store.Engine) {
	t.Helper()
	for key := range m {
		m.same(t, load(ctx, t, e, key))
	}
	if got, want := keysOf(ctx, t, e, "", ""), slices.Sorted(maps.Keys(m)); !slices.Equal(got, want) {
		t.Fatalf("Scan of everything yields keys %q, want %q", got, want)
	}
}

func load(ctx context.Context, t rapid.TB, e store.Engine, key string) store.Record {
	t.Helper()
	rec, err := e.Load(ctx, key)
	if err != nil {
		t.Fatalf("Load(%q): %v", key, err)
	}
	if rec.Key != key {
		t.Fatalf("Load(%q) returned the record of %q", key, rec.Key)
	}
	return rec
}

func merge(ctx context.Context, t rapid.TB, e store.Engine, deltas ...store.Delta) {
	t.Helper()
	if err := e.Merge(ctx, deltas...); err != nil {
		t.Fatalf("Merge of %d deltas: %v", len(deltas), err)
	}
}

func keysOf(ctx context.Context, t rapid.TB, e store.Engine, prefix string, after store.Cursor) []string {
	t.Helper()
	var keys []string
	for rec, err := range e.Scan(ctx, prefix, after) {
		if err != nil {
			t.Fatalf("Scan(%q, %q) after %q: %v", prefix, after, keys, err)
		}
		keys = append(keys, rec.Key)
	}
	return keys
}
