package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/store"
)

type set = *crdt.AWSet[string]

func setsOf(b store.Backend) store.Objects[set] {
	return store.NewObjects(b, "set/", crdt.AWSetKind(crdt.String))
}

func adding(items ...string) func(*crdt.Tx, set) error {
	return func(tx *crdt.Tx, s set) error {
		for _, it := range items {
			s.Add(tx, it)
		}
		return nil
	}
}

// mustUpdate fails the test unless the update succeeds.
func mustUpdate(t *testing.T, o store.Objects[set], key string, fn func(*crdt.Tx, set) error, opts ...store.Option) clock.Token {
	t.Helper()
	token, err := o.Update(t.Context(), key, fn, opts...)
	if err != nil {
		t.Fatalf("Update(%q): %v", key, err)
	}
	return token
}

// mustShow fails the test unless the set under k has these items, in order.
func mustShow(t *testing.T, o store.Objects[set], want ...string) {
	t.Helper()
	s, _, err := o.View(t.Context(), "k")
	if err != nil {
		t.Fatalf("View: %v", err)
	}
	if got := slices.Collect(s.All()); !slices.Equal(got, want) {
		t.Errorf("the set shows %q, want %q", got, want)
	}
}

// isAboutK reports whether err is a *store.KeyError of the set under k.
func isAboutK(err error) bool {
	var ke *store.KeyError
	return errors.As(err, &ke) && ke.Key == "set/k"
}

func checkUpdateView(t *testing.T, b *Backends) {
	t.Helper()
	o := setsOf(b.Open(t))
	s, token, err := o.View(t.Context(), "k")
	if err != nil || s.Len() != 0 || !token.IsZero() {
		t.Errorf("View of an absent object = %d items, token %v, %v", s.Len(), token, err)
	}
	if token := mustUpdate(t, o, "k", adding("a", "b")); token.IsZero() {
		t.Error("Update gives no token")
	}
	mustUpdate(t, o, "k", func(tx *crdt.Tx, s set) error {
		if !s.Contains("a") {
			t.Error("an update does not see the one before it")
		}
		s.Remove(tx, "a")
		return nil
	})
	mustShow(t, o, "b")
	mustUpdate(t, o, "k", func(*crdt.Tx, set) error { return nil }) // changes nothing
	mustShow(t, o, "b")
}

func checkTypes(t *testing.T, b *Backends) {
	t.Helper()
	be := b.Open(t)
	for range 3 {
		if _, err := store.NewObjects(be, "", crdt.PNCounterKind()).Update(t.Context(), "pn", func(tx *crdt.Tx, c *crdt.PNCounter) error { c.Add(tx, -2); return nil }); err != nil {
			t.Fatal(err)
		}
		if _, err := store.NewObjects(be, "", crdt.CounterKind()).Update(t.Context(), "count", func(tx *crdt.Tx, c *crdt.Counter) error { c.Add(tx, 3); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	pn, _, err := store.NewObjects(be, "", crdt.PNCounterKind()).View(t.Context(), "pn")
	if err != nil || pn.Value() != -6 {
		t.Errorf("PNCounter = %v, %v, want -6", pn, err)
	}
	c, _, err := store.NewObjects(be, "", crdt.CounterKind()).View(t.Context(), "count")
	if err != nil || c.Value() != 9 {
		t.Errorf("Counter = %v, %v, want 9", c, err)
	}
}

func checkViewsKeys(t *testing.T, b *Backends) {
	t.Helper()
	be := b.Open(t)
	o := setsOf(be)
	var keys []string
	for i := range 5 {
		keys = append(keys, fmt.Sprint("k", i))
		mustUpdate(t, o, keys[i], adding(keys[i]))
	}
	mustUpdate(t, store.NewObjects(be, "other/", crdt.AWSetKind(crdt.String)), "k", adding("x"))
	ask := append(slices.Clone(keys), "absent", keys[0])
	all, err := o.Views(t.Context(), ask)
	if err != nil || len(all) != len(ask) {
		t.Fatalf("Views = %d values, %v", len(all), err)
	}
	for i, key := range ask {
		if (all[i].Len() == 1 && all[i].Contains(key)) != (key != "absent") {
			t.Errorf("Views[%d] of %q = %v", i, key, all[i])
		}
	}
	var found []string
	for key, err := range o.Keys(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, key)
	}
	if !slices.Equal(found, keys) {
		t.Errorf("Keys = %q, want %q", found, keys)
	}
}

func checkAnotherKind(t *testing.T, b *Backends) {
	t.Helper()
	be := b.Open(t)
	mustUpdate(t, setsOf(be), "k", adding("x"))
	o := store.NewObjects(be, "set/", crdt.CounterKind())
	if _, _, err := o.View(t.Context(), "k"); !errors.Is(err, crdt.ErrKind) || !isAboutK(err) {
		t.Errorf("View of a set as a counter = %v, want ErrKind", err)
	}
	if _, err := o.Update(t.Context(), "k", func(*crdt.Tx, *crdt.Counter) error { return nil }); !errors.Is(err, crdt.ErrKind) {
		t.Errorf("Update of a set as a counter = %v, want ErrKind", err)
	}
}

type ownError struct{ code int }

func (e *ownError) Error() string { return fmt.Sprint("refused with code ", e.code) }

func checkOwnError(t *testing.T, b *Backends) {
	t.Helper()
	o := setsOf(b.Open(t))
	mustUpdate(t, o, "k", adding("before"))
	_, err := o.Update(t.Context(), "k", func(tx *crdt.Tx, s set) error {
		s.Add(tx, "never")
		return &ownError{7}
	})
	var own *ownError
	if !errors.As(err, &own) || own.code != 7 || !isAboutK(err) || errors.Is(err, store.ErrInDoubt) {
		t.Errorf("Update whose function fails = %v, want its error in a KeyError", err)
	}
	mustShow(t, o, "before")
}

// checkOthersDoubt has a function report that the change of another object is in doubt:
// the Update that ran the function is not.
func checkOthersDoubt(t *testing.T, b *Backends) {
	t.Helper()
	o := setsOf(b.Open(t))
	mustUpdate(t, o, "k", adding("before"))
	other := store.NewInDoubtError("other", &ownError{7}, nil)
	for _, cause := range []error{other, &store.KeyError{Key: "other", Err: other}, fmt.Errorf("first: %w", other)} {
		_, err := o.Update(t.Context(), "k", func(tx *crdt.Tx, s set) error {
			s.Add(tx, "never")
			return cause
		})
		_, doubt := errors.AsType[*store.InDoubtError](err)
		if own, ok := errors.AsType[*ownError](err); !isAboutK(err) || doubt || errors.Is(err, store.ErrInDoubt) || !ok || own.code != 7 {
			t.Errorf("Update whose function fails with %v = %v, want that in a KeyError, and no doubt", cause, err)
		}
	}
	mustShow(t, o, "before")
}

func checkPanic(t *testing.T, b *Backends) {
	t.Helper()
	for _, opts := range [][]store.Option{nil, {store.Blind()}} {
		if len(opts) > 0 && slices.Contains(b.Refuses, "Blind") {
			continue
		}
		o := setsOf(b.Open(t))
		func() {
			defer func() {
				if p := recover(); p != "at the disco" {
					t.Errorf("a panic in the function comes out as %v", p)
				}
			}()
			_, err := o.Update(t.Context(), "k", func(tx *crdt.Tx, s set) error {
				s.Add(tx, "never")
				panic("at the disco")
			}, opts...)
			t.Errorf("Update whose function panics = %v", err)
		}()
		mustUpdate(t, o, "k", adding("later"), opts...)
		mustShow(t, o, "later")
	}
}

// soon fails the test unless f returns in time.
func soon(t *testing.T, what string, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() { defer close(done); f() }()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	select {
	case <-done:
	case <-ctx.Done():
		t.Fatalf("%s waits", what)
	}
}

func checkViewBeside(t *testing.T, b *Backends) {
	t.Helper()
	o := setsOf(b.Open(t))
	mustUpdate(t, o, "k", adding("before"))
	mustUpdate(t, o, "k", func(tx *crdt.Tx, s set) error {
		s.Add(tx, "after")
		soon(t, "a view of the key", func() { mustShow(t, o, "before") })
		soon(t, "Views of the key", func() {
			if all, err := o.Views(t.Context(), []string{"k"}); err != nil || all[0].Len() != 1 {
				t.Errorf("Views inside an update = %v, %v", all, err)
			}
		})
		soon(t, "an update of another key", func() { mustUpdate(t, o, "other", adding("x")) })
		return nil
	})
	mustShow(t, o, "after", "before")
}

func checkTurns(t *testing.T, b *Backends) {
	t.Helper()
	o := store.NewObjects(b.Open(t), "", crdt.MVRegisterKind(crdt.Int64))
	var wg sync.WaitGroup
	const writers, each = 4, 5
	for range writers {
		wg.Go(func() {
			for range each {
				if _, err := o.Update(t.Context(), "k", func(tx *crdt.Tx, r *crdt.MVRegister[int64]) error {
					last := int64(0)
					for v := range r.Values() {
						last = v
					}
					r.Set(tx, last+1)
					return nil
				}); err != nil {
					t.Errorf("Update: %v", err)
				}
			}
		})
	}
	wg.Wait()
	r, _, err := o.View(t.Context(), "k")
	if got := slices.Collect(r.Values()); err != nil || !slices.Equal(got, []int64{writers * each}) {
		t.Errorf("after %d updates that each add one: %v, %v", writers*each, got, err)
	}
}

func checkContention(t *testing.T, b *Backends) {
	t.Helper()
	o := setsOf(b.Open(t))
	mustUpdate(t, o, "k", func(tx *crdt.Tx, s set) error {
		s.Add(tx, "outer")
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		_, err := o.Update(ctx, "k", adding("inner"))
		if !errors.Is(err, store.ErrContention) || !isAboutK(err) {
			t.Errorf("Update while another of the key runs = %v, want ErrContention in a KeyError", err)
		}
		return nil
	})
	mustShow(t, o, "outer")
}

// checkValueOwned changes and keeps values that were given out.
func checkValueOwned(t *testing.T, b *Backends) {
	t.Helper()
	o := setsOf(b.Open(t))
	token := mustUpdate(t, o, "k", adding("x"))
	kept, _, err := o.View(t.Context(), "k")
	if err != nil {
		t.Fatal(err)
	}
	other, _, err := o.View(t.Context(), "k")
	if err != nil {
		t.Fatal(err)
	}
	w := crdt.NewWriter(1, func() time.Time { return time.Unix(1, 0) })
	if _, err := crdt.Mutate(other, w.On(), func(tx *crdt.Tx, s set) error { s.Clear(tx); s.Add(tx, "mine"); return nil }); err != nil {
		t.Fatal(err)
	}
	mustShow(t, o, "x")
	mustUpdate(t, o, "k", func(tx *crdt.Tx, s set) error { s.Clear(tx); s.Add(tx, "y"); return nil }, store.AtLeast(token))
	if got := slices.Collect(kept.All()); !slices.Equal(got, []string{"x"}) {
		t.Errorf("a value that was given out before an update shows %q, want x", got)
	}
	mustShow(t, o, "y")
}

// checkConcurrentObjects is for the race detector: readers keep values while writers go on.
func checkConcurrentObjects(t *testing.T, b *Backends) {
	t.Helper()
	o := setsOf(b.Open(t))
	var wg sync.WaitGroup
	for w := range 3 {
		wg.Go(func() {
			for i := range 10 {
				if _, err := o.Update(t.Context(), "k", adding(fmt.Sprint(w, "-", i))); err != nil {
					t.Errorf("Update: %v", err)
				}
			}
		})
		wg.Go(func() {
			for range 10 {
				s, _, err := o.View(t.Context(), "k")
				if n := len(slices.Collect(s.All())); err != nil || n != s.Len() {
					t.Errorf("View = %d of %d items, %v", n, s.Len(), err)
				}
			}
		})
	}
	wg.Wait()
	if s, _, err := o.View(t.Context(), "k"); err != nil || s.Len() != 30 {
		t.Errorf("%d items (%v), want 30", s.Len(), err)
	}
}
