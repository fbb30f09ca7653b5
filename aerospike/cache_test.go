package aerospike_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/dovetail-crdt/dovetail/aerospike"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/store"
)

// atOnce calls do for 0 to n-1, 32 at a time.
func atOnce(t *testing.T, n int, do func(ctx context.Context, i int) error) {
	t.Helper()
	var wg sync.WaitGroup
	for g := range 32 {
		wg.Go(func() {
			for i := g; i < n; i += 32 {
				if err := do(t.Context(), i); err != nil {
					t.Errorf("%d: %v", i, err)
					return
				}
			}
		})
	}
	wg.Wait()
}

// TestCacheForgetsTypesWithoutContext changes 10,000 counters and sets of types without
// a context, of which an engine remembers no more than it was told. Those that it has
// forgotten go on with what it wrote before, though the records are lost.
func TestCacheForgetsTypesWithoutContext(t *testing.T) {
	c := cluster(t)
	set := newSet(t, c)
	const most = 100
	e := open(t, c, aerospike.Config{Set: set, CacheObjects: most, Watch: -1, Scrub: -1})
	bounded := store.NewObjects(e, "b", crdt.BoundedCounterKind(0, 100))
	totals := store.NewObjects(e, "t", crdt.GCounterKind())
	sets := store.NewObjects(e, "s", crdt.GSetKind(crdt.Uint64))
	atOnce(t, 10_000, func(ctx context.Context, i int) (err error) {
		key := fmt.Sprint(i)
		switch i % 3 {
		case 0:
			_, err = bounded.Update(ctx, key, func(tx *crdt.Tx, b *crdt.BoundedCounter) error { return b.Start(tx, 10) }, store.Blind())
		case 1:
			_, err = totals.Update(ctx, key, func(tx *crdt.Tx, c *crdt.GCounter) error { c.Add(tx, 1); return nil }, store.Blind())
		case 2:
			_, err = sets.Update(ctx, key, func(tx *crdt.Tx, s *crdt.GSet[uint64]) error { s.Add(tx, 1); return nil }, store.Blind())
		}
		return err
	})
	if s := e.Stats(); s.Objects > most || s.CacheBytes > most*64<<10 {
		t.Errorf("the engine remembers %d objects in %d bytes, want %d objects at most", s.Objects, s.CacheBytes, most)
	}
	for _, key := range []string{"t1", "t301", "b0", "b300"} {
		lose(t, c, set, key)
	}
	for i, want := range map[int]uint64{1: 2, 301: 2} {
		key := fmt.Sprint(i)
		if _, err := totals.Update(t.Context(), key, func(tx *crdt.Tx, c *crdt.GCounter) error { c.Add(tx, 1); return nil }); err != nil {
			t.Fatal(err)
		}
		if v, _, err := totals.View(t.Context(), key); err != nil || v.Value() != want {
			t.Errorf("total %s is %v, %v, want %d", key, v, err, want)
		}
	}
	for _, i := range []int{0, 300} {
		key := fmt.Sprint(i)
		spend := func(tx *crdt.Tx, b *crdt.BoundedCounter) error { return b.Spend(tx, 3) }
		for range 3 {
			if _, err := bounded.Update(t.Context(), key, spend); err != nil {
				t.Errorf("counter %s: %v", key, err)
			}
		}
		if _, err := bounded.Update(t.Context(), key, spend); err == nil {
			t.Errorf("counter %s of 10 spent 12", key)
		}
	}
}

// TestCacheIsBoundedInBytes updates and reads sets of 100 KB, of which an engine has room
// for a few.
func TestCacheIsBoundedInBytes(t *testing.T) {
	c := cluster(t)
	const most = 2 << 20
	e := open(t, c, aerospike.Config{Set: newSet(t, c), CacheBytes: most, Watch: -1, Scrub: -1})
	blobs := store.NewObjects(e, "", crdt.MVMapKind(crdt.Uint64, crdt.Bytes))
	const n = 64
	atOnce(t, n, func(ctx context.Context, i int) error {
		_, err := blobs.Update(ctx, fmt.Sprint(i), func(tx *crdt.Tx, m *crdt.MVMap[uint64, []byte]) error {
			m.At(1).Set(tx, make([]byte, 100_000))
			return nil
		})
		return err
	})
	seen := func(when string) {
		t.Helper()
		if s := e.Stats(); s.CacheBytes > most || s.Objects < 2 || s.Objects*100_000 > most {
			t.Errorf("%s the engine remembers %d objects of 100 KB in %d bytes, want %d at most", when, s.Objects, s.CacheBytes, most)
		}
	}
	seen("after updates")
	atOnce(t, n, func(ctx context.Context, i int) error {
		m, _, err := blobs.View(ctx, fmt.Sprint(i))
		if err == nil && m.Len() != 1 {
			err = fmt.Errorf("%d values", m.Len())
		}
		return err
	})
	seen("after views")
}
