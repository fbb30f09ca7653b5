package store_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/store"
	"github.com/dovetail-crdt/dovetail/store/memory"
)

// TestAtLeastAtAnother: a client that wrote at one store reads its own write at another,
// which waits for it, and not longer.
func TestAtLeastAtAnother(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hub := store.NewHub()
		a, b := open(t, hub, "a", "b"), open(t, hub, "b", "a")
		settle(time.Second)
		hub.Cut(func(store.PeerID, store.PeerID) bool { return true })
		token, err := sets(a).Update(t.Context(), "k", addTo("x"))
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, _, err = sets(b).View(ctx, "k", store.AtLeast(token))
		var behind *crdt.BehindError
		if !errors.Is(err, crdt.ErrBehind) || !errors.Is(err, context.DeadlineExceeded) || !errors.As(err, &behind) ||
			!behind.Missing.Contains(clock.Dot{Replica: a.Replica(), Seq: 1}) {
			t.Fatalf("View in a cut = %v, want a BehindError of event 1 of %v", err, a.Replica())
		}
		type result struct {
			n   int
			err error
		}
		views := make(chan result, 2)
		go func() {
			s, _, err := sets(b).View(t.Context(), "k", store.AtLeast(token))
			views <- result{s.Len(), err}
		}()
		go func() {
			_, err := sets(b).Update(t.Context(), "k", func(_ *crdt.Tx, s *crdt.AWSet[string]) error {
				views <- result{s.Len(), nil}
				return nil
			}, store.AtLeast(token))
			if err != nil {
				t.Error(err)
			}
		}()
		synctest.Wait()
		if len(views) > 0 {
			t.Fatalf("a view did not wait: %v", <-views)
		}
		hub.Cut(nil)
		for range 2 {
			if r := <-views; r.n != 1 || r.err != nil {
				t.Errorf("read with %d items, %v; want the one that was written", r.n, r.err)
			}
		}
	})
}

// TestAtLeastOfMany: Views waits for the tokens of many keys, in any order; a token of
// none of them is refused.
func TestAtLeastOfMany(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hub := store.NewHub()
		a, b := open(t, hub, "a", "b"), open(t, hub, "b", "a")
		var tokens []clock.Token
		keys := []string{"k0", "k1", "k2", "never written"}
		for _, key := range keys[:3] {
			token, err := sets(a).Update(t.Context(), key, addTo(key))
			if err != nil {
				t.Fatal(err)
			}
			tokens = append(tokens, token)
		}
		for _, order := range [][]clock.Token{tokens, {tokens[2], {}, tokens[0], tokens[1]}} {
			all, err := sets(b).Views(t.Context(), keys, store.AtLeast(order...))
			if err != nil {
				t.Fatal(err)
			}
			for i, key := range keys {
				if all[i].Contains(key) != (i < 3) {
					t.Errorf("%q is %v", key, all[i])
				}
			}
		}
		if _, err := sets(b).Views(t.Context(), keys[1:], store.AtLeast(tokens...)); !errors.Is(err, clock.ErrToken) {
			t.Errorf("Views with a token of another key = %v, want ErrToken", err)
		}
		if _, _, err := sets(b).View(t.Context(), "k0", store.AtLeast(tokens[1])); !errors.Is(err, clock.ErrToken) {
			t.Errorf("View with a token of another key = %v, want ErrToken", err)
		}
	})
}

// TestTokenOfWhatIsOnlyCovered: A writes x over v; B overwrites x and tells c, which has
// v, so c knows that x is dead and not that v is. A reader of c has not seen A's write
// applied: its token waits for nothing at b; a token of a's waits at c.
func TestTokenOfWhatIsOnlyCovered(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hub := store.NewHub()
		a, b, c := open(t, hub, "a", "bc"), open(t, hub, "b", "ac"), open(t, hub, "c", "ab")
		regs := func(db *store.DB) store.Objects[*crdt.MVRegister[string]] {
			return store.NewObjects(db, "", crdt.MVRegisterKind(crdt.String))
		}
		set := func(db *store.DB, v string) clock.Token {
			token, err := regs(db).Update(t.Context(), "k", func(tx *crdt.Tx, r *crdt.MVRegister[string]) error { r.Set(tx, v); return nil })
			if err != nil {
				t.Fatal(err)
			}
			return token
		}
		set(a, "v")
		settle(10 * time.Second)
		hub.Cut(func(from, to store.PeerID) bool { return from != "a" || to != "b" }) // b alone hears of x
		ofA := set(a, "x")
		settle(10 * time.Second)
		hub.Cut(func(from, to store.PeerID) bool { return from != "b" || to != "c" }) // c alone hears of y
		set(b, "y")
		settle(10 * time.Second)
		r, token, err := regs(c).View(t.Context(), "k")
		if err != nil || r.Len() != 2 {
			t.Fatalf("c shows %v (%v), want v beside y", r, err)
		}
		seen, err := token.Open(tokenKey, "k")
		if err != nil || seen.Contains(clock.Dot{Replica: a.Replica(), Seq: 2}) {
			t.Errorf("the token of c has %v (%v), with a's second write, which c has not applied", seen, err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, _, err := regs(c).View(ctx, "k", store.AtLeast(ofA)); !errors.Is(err, crdt.ErrBehind) {
			t.Errorf("View at c with a's token = %v, want ErrBehind", err)
		}
		hub.Cut(nil)
		if r, _, err := regs(c).View(t.Context(), "k", store.AtLeast(ofA)); err != nil || r.Len() != 1 {
			t.Errorf("c shows %v (%v) with all of it, want y alone", r, err)
		}
	})
}

// TestSeen: what a write on behalf of a reader ends is what that reader saw.
func TestSeen(t *testing.T) {
	t.Parallel()
	db := open(t, nil, "a", "")
	token, err := sets(db).Update(t.Context(), "k", addTo("seen"))
	if err != nil {
		t.Fatal(err)
	}
	mustAdd(t, db, "k", "later")
	clearAll := func(tx *crdt.Tx, s *crdt.AWSet[string]) error { s.Clear(tx); return nil }
	if _, err := sets(db).Update(t.Context(), "k", clearAll, store.Seen(token)); err != nil {
		t.Fatal(err)
	}
	mustShow(t, db, "a", "k", "later")
	var ke *store.KeyError
	if _, err := sets(db).Update(t.Context(), "other", clearAll, store.Seen(token)); !errors.Is(err, clock.ErrToken) || !errors.As(err, &ke) {
		t.Errorf("Update with a token of another key = %v, want ErrToken in a KeyError", err)
	}
}

// large returns an engine with a set whose context is too large for a token.
func large(t *testing.T) *memory.Engine {
	t.Helper()
	s := crdt.AWSetKind(crdt.String).New()
	for i := range 4000 {
		w := crdt.NewWriter(clock.ReplicaID(i+1), wall)
		if _, err := crdt.Mutate(s, w.On(), addTo(fmt.Sprint(i))); err != nil {
			t.Fatal(err)
		}
	}
	frame, err := crdt.AppendFrame(nil, words, s)
	if err != nil {
		t.Fatal(err)
	}
	e := memory.New()
	if err := e.Merge(t.Context(), store.Delta{Key: "set/k", Frame: frame}); err != nil {
		t.Fatal(err)
	}
	return e
}

// TestTokenTooLarge: the update is kept and the view shows what there is, and the error
// says that there is no token. What comes in its place is no token that waits for
// nothing.
func TestTokenTooLarge(t *testing.T) {
	t.Parallel()
	db := open(t, nil, "a", "", on(large(t)))
	var te *store.TokenError
	token, err := sets(db).Update(t.Context(), "k", addTo("y"))
	if !errors.As(err, &te) || te.Key != "set/k" || !errors.Is(err, clock.ErrTokenSize) {
		t.Fatalf("Update = %v, want a TokenError", err)
	}
	s, _, err := sets(db).View(t.Context(), "k")
	if !errors.As(err, &te) || !s.Contains("y") {
		t.Errorf("View = %v, %v; want the value that was acknowledged, and a TokenError", s, err)
	}
	if all, err := sets(db).Views(t.Context(), []string{"k"}); err != nil || !all[0].Contains("y") {
		t.Errorf("Views, which give no tokens = %v, %v", all, err)
	}
	if _, _, err := sets(db).View(t.Context(), "k", store.AtLeast(token)); !errors.Is(err, clock.ErrToken) {
		t.Errorf("View with what was given = %v, want ErrToken", err)
	}
}

func TestShortTokenKey(t *testing.T) {
	t.Parallel()
	for n := range 16 {
		if db, err := store.Open(t.Context(), store.Config{Engine: memory.New(), Self: "a", TokenKey: make([]byte, n)}); err == nil {
			t.Errorf("Open with a token key of %d bytes = %v", n, db.Close())
		}
	}
}

// TestUnsupportedOptions: an option that cannot be honoured is refused, and nothing done.
func TestUnsupportedOptions(t *testing.T) {
	t.Parallel()
	db := open(t, nil, "a", "")
	o := sets(db)
	_, err := o.Update(t.Context(), "k", func(*crdt.Tx, *crdt.AWSet[string]) error {
		t.Error("the function ran")
		return nil
	}, store.Newest())
	_, _, seen := o.View(t.Context(), "k", store.Seen(clock.Token{}))
	_, blind := o.Views(t.Context(), []string{"k"}, store.Blind())
	for i, err := range []error{err, seen, blind} {
		var ue *store.UnsupportedError
		if !errors.Is(err, store.ErrUnsupported) || !errors.As(err, &ue) || ue.Option == "" || ue.By == "" {
			t.Errorf("option %d: %v, want an UnsupportedError", i, err)
		}
	}
	if _, err := o.Update(t.Context(), "k", addTo("x"), store.Blind()); err != nil {
		t.Errorf("a blind update, as all are here: %v", err)
	}
}

// TestOwnError: the error of an update's function comes back in a KeyError.
func TestOwnError(t *testing.T) {
	t.Parallel()
	db := open(t, nil, "a", "")
	own := fmt.Errorf("not today")
	_, err := sets(db).Update(t.Context(), "k", func(tx *crdt.Tx, s *crdt.AWSet[string]) error { s.Add(tx, "x"); return own })
	var ke *store.KeyError
	if !errors.Is(err, own) || !errors.As(err, &ke) || ke.Key != "set/k" {
		t.Errorf("Update whose function fails = %v, want its error in a KeyError", err)
	}
	mustShow(t, db, "a", "k")
}
