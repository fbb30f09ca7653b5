package store_test

import (
	"context"
	"testing"

	"github.com/dovetail-crdt/dovetail/store"
	"github.com/dovetail-crdt/dovetail/store/memory"
	"github.com/dovetail-crdt/dovetail/store/storetest"
)

// TestObjects runs the suite of typed access over a DB.
func TestObjects(t *testing.T) {
	t.Parallel()
	engines := map[store.Backend]*hooked{}
	storetest.RunObjects(t, storetest.Backends{
		Open: func(t *testing.T) store.Backend {
			t.Helper()
			e := &hooked{Engine: memory.New()}
			db := open(t, nil, "a", "", on(e))
			engines[db] = e
			return db
		},
		Close: func(t *testing.T, b store.Backend) {
			t.Helper()
			if err := b.(*store.DB).Close(); err != nil {
				t.Error(err)
			}
		},
		TokenKey: tokenKey,
		Refuses:  []string{"Newest"},
		Doubt: func(_ *testing.T, b store.Backend) {
			engines[b].batch = func(context.Context, *store.Batch) error { return store.ErrInDoubt }
		},
	})
}
