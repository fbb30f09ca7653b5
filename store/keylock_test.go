package store

import (
	"context"
	"errors"
	"sync"
	"testing"
)

// TestKeyLocksLeaveNothing: locks that nobody holds or waits for are forgotten.
func TestKeyLocksLeaveNothing(t *testing.T) {
	t.Parallel()
	var l keyLocks
	unlock, err := l.lock(t.Context(), "k")
	if err != nil {
		t.Fatalf("lock: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := l.lock(ctx, "k"); !errors.Is(err, context.Canceled) {
		t.Errorf("lock of a key that is held, under a cancelled context = %v", err)
	}
	if len(l.locks) != 1 {
		t.Errorf("%d locks while one key is held", len(l.locks))
	}
	unlock()
	if len(l.locks) != 0 {
		t.Errorf("%d locks are left when nobody holds any", len(l.locks))
	}
}

// TestKeyLocksExclude: of one key one holder at a time.
func TestKeyLocksExclude(t *testing.T) {
	t.Parallel()
	var l keyLocks
	var all sync.WaitGroup
	counts := map[string]*int{"a": new(int), "b": new(int)}
	for range 8 {
		all.Go(func() {
			for range 200 {
				for k, n := range counts {
					unlock, err := l.lock(t.Context(), k)
					if err != nil {
						t.Errorf("lock(%q): %v", k, err)
						return
					}
					*n++
					unlock()
				}
			}
		})
	}
	all.Wait()
	for k, n := range counts {
		if *n != 1600 {
			t.Errorf("1600 holders of %q counted %d", k, *n)
		}
	}
	if len(l.locks) != 0 {
		t.Errorf("%d locks are left when nobody holds any", len(l.locks))
	}
}
