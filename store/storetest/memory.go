package storetest

import (
	"slices"

	"github.com/dovetail-crdt/dovetail/store"
)

func scribble(b []byte) {
	for i := range b {
		b[i] ^= 0xff
	}
}

// checkRecordOwned scribbles over what Load and Scan returned.
func checkRecordOwned(t tb, open func() store.Engine) {
	e := open()
	defer closing(t, e)
	ctx := t.Context()
	m := make(model)
	deltas := []store.Delta{{Key: "k", Frame: addition(1, "a")}, {Key: "k", Frame: amount(1, 5)}}
	for _, f := range strangers() {
		deltas = append(deltas, store.Delta{Key: "k", Frame: f})
	}
	m.merge(deltas...)
	merge(ctx, t, e, deltas...)
	for range 2 {
		rec := load(ctx, t, e, "k")
		m.same(t, rec)
		for i, f := range rec.Frames {
			scribble(f)
			rec.Frames[i] = nil
		}
		for rec, err := range e.Scan(ctx, "", "") {
			if err != nil {
				t.Fatalf("Scan: %v", err)
			}
			m.same(t, rec)
			for i, f := range rec.Frames {
				scribble(f)
				rec.Frames[i] = nil
			}
		}
	}
	m.whole(ctx, t, e)
}

// checkArguments scribbles over what Merge was given.
func checkArguments(t tb, open func() store.Engine) {
	e := open()
	defer closing(t, e)
	ctx := t.Context()
	m := make(model)
	frames := [][]byte{addition(1, "a"), addition(2, "b"), amount(1, 5)}
	for _, f := range strangers() {
		frames = append(frames, f)
	}
	var deltas []store.Delta
	for _, f := range frames {
		m.merge(store.Delta{Key: "k", Frame: slices.Clone(f)})
		deltas = append(deltas, store.Delta{Key: "k", Frame: f})
	}
	merge(ctx, t, e, deltas...)
	for i, d := range deltas {
		want := m.has("k", d.Frame)
		if !want {
			t.Errorf("Merge changed frame %d of its arguments", i)
		}
		scribble(d.Frame)
		deltas[i] = store.Delta{Key: "other", Frame: []byte{1}}
	}
	m.whole(ctx, t, e)
}

func (m model) has(key string, frame []byte) bool { return m[key][string(frame)] }
