package aerospike_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/dovetail-crdt/dovetail/aerospike"
	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/store"
)

func write(v string) func(*crdt.Tx, *crdt.MVRegister[string]) error {
	return func(tx *crdt.Tx, r *crdt.MVRegister[string]) error { r.Set(tx, v); return nil }
}

// TestAtLeastOverwritten: A writes v and x over it, B writes y over x; the record
// goes back to v, and B's write comes again. The record knows that x is dead, and
// shows v, which x had ended: who saw y alone must wait for x.
func TestAtLeastOverwritten(t *testing.T) {
	for _, folded := range []bool{false, true} {
		c := cluster(t)
		s := newSet(t, c)
		cfg := aerospike.Config{Set: s, Watch: -1, TokenKey: []byte("0123456789abcdef")}
		a, b := open(t, c, cfg), open(t, c, cfg)
		regs := func(e *aerospike.Engine) store.Objects[*crdt.MVRegister[string]] {
			return store.NewObjects(e, "", crdt.MVRegisterKind(crdt.String))
		}
		update := func(e *aerospike.Engine, v string) clock.Token {
			t.Helper()
			tok, err := regs(e).Update(t.Context(), "k", write(v))
			if err != nil {
				t.Fatal(err)
			}
			return tok
		}
		update(a, "v")
		old := save(t, c, s, "k")
		update(a, "x")
		token := update(b, "y")
		fresh := regs(open(t, c, cfg))
		if v, _, err := fresh.View(t.Context(), "k", store.AtLeast(token)); err != nil || v.Len() != 1 {
			t.Fatalf("before the rollback: %d values, %v", v.Len(), err)
		}
		old.bring(t, c)
		if n, err := b.Remerge(t.Context()); err != nil || n != 1 {
			t.Fatalf("Remerge = %d, %v", n, err)
		}
		if folded {
			if err := b.Fold(t.Context(), "k"); err != nil {
				t.Fatal(err)
			}
		}
		fresh = regs(open(t, c, cfg))
		v, behind, err := fresh.View(t.Context(), "k")
		if err != nil || !slices.Equal(slices.Sorted(v.Values()), []string{"v", "y"}) {
			t.Fatalf("the record shows %q, %v", slices.Sorted(v.Values()), err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, _, err = fresh.View(ctx, "k", store.AtLeast(token))
		var b1 *crdt.BehindError
		if !errors.As(err, &b1) || !errors.Is(err, crdt.ErrBehind) {
			t.Fatalf("AtLeast of what is not applied: %v", err)
		}
		if want := (clock.Dot{Replica: a.Replica(), Seq: 2}); !b1.Missing.Contains(want) || b1.Missing.Contains(clock.Dot{Replica: a.Replica(), Seq: 1}) {
			t.Errorf("missing %v, want %v", b1.Missing, want)
		}
		ctx, cancel = context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := fresh.Update(ctx, "k", write("z"), store.AtLeast(token)); !errors.Is(err, crdt.ErrBehind) {
			t.Errorf("Update of what is behind: %v", err)
		}
		// Who saw it like this asks for no more than that.
		if _, _, err := fresh.View(t.Context(), "k", store.AtLeast(behind)); err != nil {
			t.Errorf("AtLeast of what was seen here: %v", err)
		}
		done := make(chan error, 1)
		go func() {
			_, _, err := fresh.View(t.Context(), "k", store.AtLeast(token))
			done <- err
		}()
		if n, err := a.Remerge(t.Context()); err != nil || n == 0 {
			t.Fatalf("Remerge = %d, %v", n, err)
		}
		if err := <-done; err != nil {
			t.Errorf("AtLeast once it is there: %v", err)
		}
		if v, _, err := fresh.View(t.Context(), "k"); err != nil || !slices.Equal(slices.Collect(v.Values()), []string{"y"}) {
			t.Errorf("in the end %q, %v", slices.Collect(v.Values()), err)
		}
	}
}

// TestAtLeastLost waits for a write that nobody has any more: the error names it.
func TestAtLeastLost(t *testing.T) {
	c := cluster(t)
	s := newSet(t, c)
	cfg := aerospike.Config{Set: s, Watch: -1, TokenKey: []byte("0123456789abcdef")}
	e := open(t, c, cfg)
	sets := store.NewObjects(e, "", crdt.AWSetKind(crdt.String))
	put := func(v string) clock.Token {
		t.Helper()
		tok, err := sets.Update(t.Context(), "k", func(tx *crdt.Tx, s *crdt.AWSet[string]) error { s.Add(tx, v); return nil })
		if err != nil {
			t.Fatal(err)
		}
		return tok
	}
	put("a")
	old := save(t, c, s, "k")
	token := put("b")
	lost := clock.Dot{Replica: e.Replica(), Seq: 2}
	old.bring(t, c)
	if err := e.Close(); err != nil { // and its journal
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	_, _, err := store.NewObjects(open(t, c, cfg), "", crdt.AWSetKind(crdt.String)).View(ctx, "k", store.AtLeast(token))
	var behind *crdt.BehindError
	if !errors.As(err, &behind) || !behind.Missing.Contains(lost) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("AtLeast of a lost write: %v", err)
	}
}
