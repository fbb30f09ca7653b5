package store_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/store"
	"github.com/dovetail-crdt/dovetail/store/memory"
)

var tokenKey = []byte("sixteen bytes or more")

// open opens a store that the end of the test closes. The letters of peers are
// its peers; without them it has no transport.
func open(t *testing.T, hub *store.Hub, self store.PeerID, peers string, opts ...func(*store.Config)) *store.DB {
	t.Helper()
	cfg := store.Config{Engine: memory.New(), Self: self, TokenKey: tokenKey}
	for _, p := range peers {
		cfg.Peers = append(cfg.Peers, store.PeerID(p))
	}
	if hub != nil {
		cfg.Transport = hub.Join(self)
	}
	for _, o := range opts {
		o(&cfg)
	}
	db, err := store.Open(t.Context(), cfg)
	if err != nil {
		t.Fatalf("Open %s: %v", self, err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("Close %s: %v", self, err)
		}
	})
	return db
}

func on(e store.Batcher) func(*store.Config) { return func(c *store.Config) { c.Engine = e } }

// sets and counts are the objects of these tests.
func sets(db *store.DB) store.Objects[*crdt.AWSet[string]] {
	return store.NewObjects(db, "set/", crdt.AWSetKind(crdt.String))
}

func counts(db *store.DB) store.Objects[*crdt.Counter] {
	return store.NewObjects(db, "count/", crdt.CounterKind())
}

func addTo(item string) func(*crdt.Tx, *crdt.AWSet[string]) error {
	return func(tx *crdt.Tx, s *crdt.AWSet[string]) error { s.Add(tx, item); return nil }
}

func increment(tx *crdt.Tx, c *crdt.Counter) error { c.Add(tx, 1); return nil }

func mustAdd(t *testing.T, db *store.DB, key string, items ...string) {
	t.Helper()
	for _, it := range items {
		if _, err := sets(db).Update(t.Context(), key, addTo(it)); err != nil {
			t.Fatalf("add %q to %q: %v", it, key, err)
		}
	}
}

// mustShow fails unless the set under key shows these items, in order.
func mustShow(t *testing.T, db *store.DB, name, key string, want ...string) {
	t.Helper()
	s, _, err := sets(db).View(t.Context(), key)
	if err != nil {
		t.Fatalf("%s: View(%q): %v", name, key, err)
	}
	if got := slices.Collect(s.All()); !slices.Equal(got, want) {
		t.Errorf("%s shows %q under %q, want %q", name, got, key, want)
	}
}

func mustCount(t *testing.T, db *store.DB, key string, want int64) {
	t.Helper()
	c, _, err := counts(db).View(t.Context(), key)
	if err != nil || c.Value() != want {
		t.Errorf("count %q is %v (%v), want %d", key, c, err, want)
	}
}

// hooked is a memory engine with hooks.
type hooked struct {
	*memory.Engine
	batch func(context.Context, *store.Batch) error // before, or instead if it fails
	load  func(key string) error
}

func (h *hooked) Batch(ctx context.Context, b *store.Batch) error {
	if h.batch != nil {
		if err := h.batch(ctx, b); err != nil {
			return err
		}
	}
	return h.Engine.Batch(ctx, b)
}

func (h *hooked) Load(ctx context.Context, key string) (store.Record, error) {
	if h.load != nil {
		if err := h.load(key); err != nil {
			return store.Record{}, err
		}
	}
	return h.Engine.Load(ctx, key)
}

// hasDelta reports whether b changes an object whose key starts with prefix.
func hasDelta(b *store.Batch, prefix string) bool {
	return slices.ContainsFunc(b.Deltas, func(d store.Delta) bool { return strings.HasPrefix(d.Key, prefix) })
}
