package storetest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"pgregory.net/rapid"

	"github.com/dovetail-crdt/dovetail/store"
)

// checkScan compares scans with a sorted list, for keys that share prefixes and
// that hold the smallest and largest bytes.
func checkScan(t tb, open func() store.Engine) {
	ctx := t.Context()
	key := rapid.StringOfN(rapid.RuneFrom([]rune("\x00ab/\u00ff\U0010ffff")), 1, 4, -1)
	rapid.Check(t, func(rt *rapid.T) {
		e := open()
		m := make(model)
		for i, k := range rapid.SliceOfNDistinct(key, 0, 12, rapid.ID).Draw(rt, "keys") {
			if rapid.IntRange(0, 3).Draw(rt, "raw") == 0 {
				k += "\xff"
			}
			d := store.Delta{Key: k, Frame: addition(1, fmt.Sprint(i))}
			m.merge(d)
			merge(ctx, rt, e, d)
		}
		m.whole(ctx, rt, e)
		after := rapid.OneOf(key, rapid.Just("")).Draw(rt, "after")
		if len(m) > 0 && rapid.Bool().Draw(rt, "after a key") {
			after = rapid.SampledFrom(slices.Sorted(maps.Keys(m))).Draw(rt, "after")
		}
		for _, prefix := range []string{"", "a", "a/", "\x00", "\u00ff", "b", "\xff"} {
			m.scan(ctx, rt, e, prefix, "")
			m.scan(ctx, rt, e, prefix, after)
		}
		closing(rt, e)
	})
}

// scan compares one scan with the model.
func (m model) scan(ctx context.Context, t rapid.TB, e store.Engine, prefix, after string) {
	t.Helper()
	want := slices.DeleteFunc(slices.Sorted(maps.Keys(m)), func(k string) bool {
		return !strings.HasPrefix(k, prefix) || k <= after
	})
	if got := keysOf(ctx, t, e, prefix, store.Cursor(after)); !slices.Equal(got, want) {
		t.Fatalf("Scan(%q, after %q) yields keys %q, want %q", prefix, after, got, want)
	}
	for rec, err := range e.Scan(ctx, prefix, store.Cursor(after)) {
		if err != nil {
			t.Fatalf("Scan: %v", err)
		}
		m.same(t, rec)
	}
	if l, ok := e.(store.KeyLister); ok && after == "" {
		var got []string
		for key, err := range l.Keys(ctx, prefix) {
			if err != nil {
				t.Fatalf("Keys: %v", err)
			}
			got = append(got, key)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("Keys(%q) yields %q, want %q", prefix, got, want)
		}
	}
}

// checkScanStops ends scans early, and uses the engine from inside one.
func checkScanStops(t tb, open func() store.Engine) {
	e := open()
	defer closing(t, e)
	ctx := t.Context()
	for i := range 5 {
		merge(ctx, t, e, store.Delta{Key: fmt.Sprintf("k%d", i), Frame: addition(1, "a")})
	}
	for stop := 1; stop <= 5; stop++ {
		n := 0
		for rec, err := range e.Scan(ctx, "k", "") {
			if err != nil {
				t.Fatalf("Scan: %v", err)
			}
			merge(ctx, t, e, store.Delta{Key: rec.Key, Frame: addition(2, "b")})
			load(ctx, t, e, rec.Key)
			if n++; n == stop {
				break
			}
		}
		if n != stop {
			t.Errorf("Scan of five keys that should stop after %d stopped after %d", stop, n)
		}
	}
	scan := e.Scan(ctx, "k", "")
	for range 2 { // the sequence may be used again
		n := 0
		for _, err := range scan {
			if n++; err != nil {
				t.Fatalf("Scan: %v", err)
			}
		}
		if n != 5 {
			t.Errorf("Scan of five keys yields %d", n)
		}
	}
}
