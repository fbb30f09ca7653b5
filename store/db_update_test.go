package store_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/store"
	"github.com/dovetail-crdt/dovetail/store/memory"
)

// TestUpdateIsDurable: Update returns after the write, and no peer hears of the
// change before it.
func TestUpdateIsDurable(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hub := store.NewHub()
		write := make(chan struct{})
		e := &hooked{Engine: memory.New()}
		a, b := open(t, hub, "a", "b", on(e)), open(t, hub, "b", "a")
		e.batch = func(_ context.Context, b *store.Batch) error {
			if hasDelta(b, "set/k") {
				<-write
			}
			return nil
		}
		returned := false
		go func() {
			mustAdd(t, a, "k", "x")
			returned = true
		}()
		synctest.Wait()
		if returned {
			t.Error("Update returned while its write was under way")
		}
		mustShow(t, b, "b", "k")
		write <- struct{}{}
		synctest.Wait()
		if !returned {
			t.Fatal("Update did not return after its write")
		}
		if _, err := e.Load(t.Context(), "set/k"); err != nil {
			t.Errorf("Load after Update: %v", err)
		}
		mustShow(t, b, "b", "k", "x")
	})
}

// TestUpdateFails: a function that fails or panics leaves nothing, and the key
// free.
func TestUpdateFails(t *testing.T) {
	t.Parallel()
	e := memory.New()
	db := open(t, nil, "a", "", on(e))
	broken := errors.New("broken")
	tok, err := sets(db).Update(t.Context(), "k", func(tx *crdt.Tx, s *crdt.AWSet[string]) error {
		s.Add(tx, "x")
		return broken
	})
	if !errors.Is(err, broken) || !tok.IsZero() {
		t.Errorf("Update with a function that fails = %v, %v; want its error", tok, err)
	}
	func() {
		defer func() {
			if p := recover(); p != "oops" {
				t.Errorf("Update with a function that panics: recovered %v", p)
			}
		}()
		sets(db).Update(t.Context(), "k", func(tx *crdt.Tx, s *crdt.AWSet[string]) error { //nolint:errcheck // panics
			s.Add(tx, "x")
			panic("oops")
		})
	}()
	if _, err := counts(db).Update(t.Context(), "n", func(tx *crdt.Tx, c *crdt.Counter) error {
		c.Add(tx, 1<<62)
		c.Add(tx, 1<<62)
		return nil
	}); !errors.Is(err, crdt.ErrOverflow) {
		t.Errorf("Update whose mutator fails = %v, want ErrOverflow", err)
	}
	for _, key := range []string{"set/k", "count/n"} {
		if rec, err := e.Load(t.Context(), key); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("after failed updates Load(%q) = %d frames, %v", key, len(rec.Frames), err)
		}
	}
	if v := db.Applied(); !v.IsEmpty() {
		t.Errorf("failed updates issued events: %v", v)
	}
	mustAdd(t, db, "k", "y")
	mustShow(t, db, "a", "k", "y")
}

// TestUpdateChangesNothing: an update that changes nothing writes nothing.
func TestUpdateChangesNothing(t *testing.T) {
	t.Parallel()
	e := &hooked{Engine: memory.New()}
	db := open(t, nil, "a", "", on(e))
	e.batch = func(_ context.Context, b *store.Batch) error {
		t.Errorf("written: %d deltas, %d books", len(b.Deltas), len(b.Puts))
		return nil
	}
	if _, err := sets(db).Update(t.Context(), "k", func(tx *crdt.Tx, s *crdt.AWSet[string]) error {
		s.Remove(tx, "absent")
		return nil
	}); err != nil {
		t.Errorf("Update: %v", err)
	}
}

// TestConcurrentUpdates: no update is lost, on one key and on many, and more
// than are reserved at a time.
func TestConcurrentUpdates(t *testing.T) {
	t.Parallel()
	hub := store.NewHub()
	a, b := open(t, hub, "a", "b"), open(t, hub, "b", "a")
	const writers, rounds = 4, 200
	var all sync.WaitGroup
	for _, db := range []*store.DB{a, b} {
		for i := range writers {
			all.Go(func() {
				for j := range rounds {
					for _, key := range []string{"hot", fmt.Sprint("cold", i), fmt.Sprint("warm", j%3)} {
						if _, err := counts(db).Update(t.Context(), key, increment); err != nil {
							t.Errorf("Update(%q): %v", key, err)
						}
					}
				}
			})
		}
	}
	all.Wait()
	poll(t, func() bool { return a.Applied().Equal(b.Applied()) })
	for _, db := range []*store.DB{a, b} {
		mustCount(t, db, "hot", 2*writers*rounds)
		var warm int64
		for i := range 3 {
			c, _, err := counts(db).View(t.Context(), fmt.Sprint("warm", i))
			if err != nil {
				t.Fatal(err)
			}
			warm += c.Value()
		}
		if warm != 2*writers*rounds {
			t.Errorf("three counters come to %d, want %d", warm, 2*writers*rounds)
		}
		for i := range writers {
			mustCount(t, db, fmt.Sprint("cold", i), 2*rounds)
		}
	}
}

// TestViewIsACopy: what is done to a view reaches neither the store nor another
// view.
func TestViewIsACopy(t *testing.T) {
	t.Parallel()
	db := open(t, nil, "a", "")
	mustAdd(t, db, "k", "x")
	s, _, err := sets(db).View(t.Context(), "k")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := crdt.Mutate(s, crdt.NewWriter(9, wall), addTo("mine")); err != nil {
		t.Fatal(err)
	}
	mustShow(t, db, "a", "k", "x")
	empty, tok, err := sets(db).View(t.Context(), "absent")
	if err != nil || empty.Len() != 0 || !tok.IsZero() {
		t.Errorf("View of an absent object = %d items, token %q, %v; want none of them", empty.Len(), tok, err)
	}
}

// TestWrongKind: an object of another kind is not overwritten, and not shown.
func TestWrongKind(t *testing.T) {
	t.Parallel()
	db := open(t, nil, "a", "")
	mustAdd(t, db, "k", "x")
	wrong := store.NewObjects(db, "set/", crdt.CounterKind())
	var ke *store.KeyError
	if _, err := wrong.Update(t.Context(), "k", increment); !errors.Is(err, crdt.ErrKind) || !errors.As(err, &ke) || ke.Key != "set/k" {
		t.Errorf("Update as another kind = %v, want a KeyError of set/k, ErrKind", err)
	}
	if _, _, err := wrong.View(t.Context(), "k"); !errors.Is(err, crdt.ErrKind) {
		t.Errorf("View as another kind = %v, want ErrKind", err)
	}
	mustShow(t, db, "a", "k", "x")
}

func TestKeys(t *testing.T) {
	t.Parallel()
	db := open(t, nil, "a", "")
	for _, k := range []string{"b", "", "a/1", "a"} {
		mustAdd(t, db, k, "x")
	}
	if _, err := counts(db).Update(t.Context(), "n", increment); err != nil {
		t.Fatal(err)
	}
	var got []string
	for k, err := range sets(db).Keys(t.Context()) {
		if err != nil {
			t.Fatalf("Keys: %v", err)
		}
		got = append(got, k)
	}
	if want := []string{"", "a", "a/1", "b"}; !slices.Equal(got, want) {
		t.Errorf("Keys yields %q, want %q", got, want)
	}
	for _, err := range sets(db).Keys(t.Context()) {
		if err != nil {
			t.Errorf("Keys: %v", err)
		}
		break
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	n := 0
	for _, err := range sets(db).Keys(ctx) {
		if n++; !errors.Is(err, context.Canceled) {
			t.Errorf("Keys under a cancelled context yields %v", err)
		}
	}
	if n != 1 {
		t.Errorf("Keys under a cancelled context yields %d pairs, want the error alone", n)
	}
}

// unread is an engine whose records nobody may scan.
type unread struct {
	*memory.Engine
	t *testing.T
}

func (e *unread) Scan(ctx context.Context, prefix string, after store.Cursor) iter.Seq2[store.Record, error] {
	e.t.Errorf("Scan(%q)", prefix)
	return e.Engine.Scan(ctx, prefix, after)
}

// TestKeysReadNoRecord asks for keys, which costs nothing of what the objects are.
func TestKeysReadNoRecord(t *testing.T) {
	t.Parallel()
	e := &unread{memory.New(), t}
	db := open(t, nil, "a", "", on(e))
	mustAdd(t, db, "k", "x")
	n := 0
	for k, err := range sets(db).Keys(t.Context()) {
		if n++; k != "k" || err != nil {
			t.Errorf("Keys yields %q, %v", k, err)
		}
	}
	if n != 1 {
		t.Errorf("Keys yields %d keys", n)
	}
}

// TestTokens: what Update and View give out opens under the shared key at any
// store, for its own object only, and is the context of what was shown.
func TestTokens(t *testing.T) {
	t.Parallel()
	db := open(t, nil, "a", "")
	tok, err := sets(db).Update(t.Context(), "k", addTo("x"))
	if err != nil {
		t.Fatal(err)
	}
	s, seen, err := sets(db).View(t.Context(), "k")
	if err != nil || seen != tok {
		t.Errorf("View after Update gives token %v (%v), Update gave %v", seen, err, tok)
	}
	ctx, err := tok.Open(tokenKey, "set/k")
	if err != nil || !ctx.Equal(crdt.ContextOf(s)) {
		t.Errorf("token opens as %v, %v; want the context %v", ctx, err, crdt.ContextOf(s))
	}
	for _, tt := range []struct{ key, scope string }{
		{string(tokenKey), "set/other"},
		{string(tokenKey), "k"},
		{"another key, also long", "set/k"},
	} {
		if _, err := tok.Open([]byte(tt.key), tt.scope); !errors.Is(err, clock.ErrToken) {
			t.Errorf("token opens under %q for %q: %v, want ErrToken", tt.key, tt.scope, err)
		}
	}
	other := open(t, nil, "b", "", func(c *store.Config) { c.TokenKey = nil })
	tok, err = sets(other).Update(t.Context(), "k", addTo("x"))
	if err != nil || tok.IsZero() {
		t.Fatalf("Update of a store that draws its own key = %v, %v", tok, err)
	}
	if _, err := tok.Open(tokenKey, "set/k"); !errors.Is(err, clock.ErrToken) {
		t.Errorf("token under a drawn key opens under another: %v", err)
	}
	totals := store.NewObjects(db, "total/", crdt.PNCounterKind())
	tok, err = totals.Update(t.Context(), "k", func(tx *crdt.Tx, c *crdt.PNCounter) error { c.Add(tx, 1); return nil })
	if err != nil || !tok.IsZero() {
		t.Errorf("Update of an object without a context gives token %v, %v", tok, err)
	}
}
