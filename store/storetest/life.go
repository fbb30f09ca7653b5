package storetest

import (
	"context"
	"errors"

	"pgregory.net/rapid"

	"github.com/dovetail-crdt/dovetail/store"
)

// refuses fails unless each call of e ends with an error that matches want, and
// a scan with nothing but that.
func refuses(ctx context.Context, t rapid.TB, e store.Engine, want error) {
	t.Helper()
	if _, err := e.Load(ctx, "k"); !errors.Is(err, want) {
		t.Errorf("Load = %v, want %v", err, want)
	}
	if err := e.Merge(ctx, store.Delta{Key: "k", Frame: addition(2, "b")}); !errors.Is(err, want) {
		t.Errorf("Merge = %v, want %v", err, want)
	}
	var last error
	n := 0
	for _, err := range e.Scan(ctx, "", "") {
		if last != nil {
			t.Errorf("Scan goes on after the error %v", last)
		}
		last = err
		n++
	}
	if n != 1 || !errors.Is(last, want) {
		t.Errorf("Scan ends after %d pairs with %v, want at once with %v", n, last, want)
	}
}

// checkCancelled calls the engine with a context that has ended. What was not
// merged must not be there later; what was there must be.
func checkCancelled(t tb, open func() store.Engine) {
	e := open()
	defer closing(t, e)
	m := make(model)
	d := store.Delta{Key: "k", Frame: addition(1, "a")}
	m.merge(d)
	merge(t.Context(), t, e, d)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	refuses(ctx, t, e, context.Canceled)
	m.whole(t.Context(), t, e)
}

func checkClosed(t tb, open func() store.Engine) {
	e := open()
	merge(t.Context(), t, e, store.Delta{Key: "k", Frame: addition(1, "a")})
	for range 2 {
		closing(t, e)
		refuses(t.Context(), t, e, store.ErrClosed)
	}
}
