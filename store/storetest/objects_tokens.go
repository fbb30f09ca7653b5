package storetest

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/store"
)

func clearing(tx *crdt.Tx, s set) error { s.Clear(tx); return nil }

func checkSeen(t *testing.T, b *Backends) {
	t.Helper()
	o := setsOf(b.Open(t))
	token := mustUpdate(t, o, "k", adding("seen"))
	mustUpdate(t, o, "k", adding("later"))
	mustUpdate(t, o, "k", clearing, store.Seen(token))
	mustShow(t, o, "later")
	mustUpdate(t, o, "k", clearing, store.Seen(clock.Token{})) // who has seen nothing ends nothing
	mustShow(t, o, "later")
}

func checkAtLeast(t *testing.T, b *Backends) {
	t.Helper()
	o := setsOf(b.Open(t))
	token := mustUpdate(t, o, "k", adding("x"))
	s, again, err := o.View(t.Context(), "k", store.AtLeast(token, clock.Token{}))
	if err != nil || !s.Contains("x") {
		t.Errorf("View of what was written = %v, %v", s, err)
	}
	mustUpdate(t, o, "k", adding("y"), store.AtLeast(token), store.AtLeast(again), store.Seen(again))
	mustShow(t, o, "x", "y")
}

func checkBehind(t *testing.T, b *Backends) {
	t.Helper()
	o := setsOf(b.Open(t))
	mustUpdate(t, o, "k", adding("x"))
	ahead := &clock.Context{}
	ahead.Add(clock.Dot{Replica: 1, Seq: 7})
	token, err := clock.SealToken(b.TokenKey, "set/k", ahead)
	if err != nil {
		t.Fatal(err)
	}
	late := func(what string, call func(ctx context.Context) error) {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		err := call(ctx)
		var behind *crdt.BehindError
		if !errors.Is(err, crdt.ErrBehind) || !errors.As(err, &behind) || !behind.Missing.Equal(ahead) || !isAboutK(err) {
			t.Errorf("%s with a token of an event that never comes = %v, want a BehindError of %v", what, err, ahead)
		}
	}
	late("View", func(ctx context.Context) error { _, _, err := o.View(ctx, "k", store.AtLeast(token)); return err })
	late("Views", func(ctx context.Context) error {
		_, err := o.Views(ctx, []string{"other", "k"}, store.AtLeast(token))
		return err
	})
	late("Update", func(ctx context.Context) error {
		_, err := o.Update(ctx, "k", func(*crdt.Tx, set) error { t.Error("the function ran"); return nil }, store.AtLeast(token))
		return err
	})
	mustShow(t, o, "x")
}

func checkAtLeastMany(t *testing.T, b *Backends) {
	t.Helper()
	o := setsOf(b.Open(t))
	keys := []string{"k0", "k1", "k2"}
	var tokens []clock.Token
	for _, key := range keys {
		tokens = append(tokens, mustUpdate(t, o, key, adding(key)))
	}
	for range 2 {
		all, err := o.Views(t.Context(), keys, store.AtLeast(tokens...))
		if err != nil {
			t.Fatal(err)
		}
		for i, key := range keys {
			if !all[i].Contains(key) {
				t.Errorf("%q is %v", key, all[i])
			}
		}
		slices.Reverse(tokens)
	}
}

func checkForeignToken(t *testing.T, b *Backends) {
	t.Helper()
	o := setsOf(b.Open(t))
	token := mustUpdate(t, o, "other", adding("x"))
	_, _, view := o.View(t.Context(), "k", store.AtLeast(token))
	_, views := o.Views(t.Context(), []string{"k", "l"}, store.AtLeast(token))
	ran := func(*crdt.Tx, set) error { t.Error("the function ran"); return nil }
	_, least := o.Update(t.Context(), "k", ran, store.AtLeast(token))
	_, seen := o.Update(t.Context(), "k", ran, store.Seen(token))
	for what, err := range map[string]error{"View": view, "Views": views, "Update, AtLeast": least, "Update, Seen": seen} {
		if !errors.Is(err, clock.ErrToken) {
			t.Errorf("%s with the token of another object = %v, want ErrToken", what, err)
		}
	}
}

// checkOptions holds a backend to what it says it refuses.
func checkOptions(t *testing.T, b *Backends) {
	t.Helper()
	o := setsOf(b.Open(t))
	token := mustUpdate(t, o, "k", adding("x"))
	for name, opt := range map[string]store.Option{
		"Seen": store.Seen(token), "AtLeast": store.AtLeast(token), "Blind": store.Blind(), "Newest": store.Newest(),
	} {
		ran := false
		_, err := o.Update(t.Context(), "k", func(tx *crdt.Tx, s set) error { ran = true; s.Add(tx, name); return nil }, opt)
		refused(t, b, "Update", name, err)
		if errors.Is(err, store.ErrUnsupported) && ran {
			t.Errorf("Update with %s is refused after its function ran", name)
		}
		_, _, err = o.View(t.Context(), "k", opt)
		_, err2 := o.Views(t.Context(), []string{"k"}, opt)
		if name == "Seen" || name == "Blind" { // which no read can honour
			if !errors.Is(err, store.ErrUnsupported) || !errors.Is(err2, store.ErrUnsupported) {
				t.Errorf("View with %s = %v, Views = %v, want ErrUnsupported", name, err, err2)
			}
			continue
		}
		refused(t, b, "View", name, err)
		refused(t, b, "Views", name, err2)
	}
}

func refused(t *testing.T, b *Backends, call, option string, err error) {
	t.Helper()
	var ue *store.UnsupportedError
	switch {
	case !slices.Contains(b.Refuses, option):
		if err != nil {
			t.Errorf("%s with %s: %v", call, option, err)
		}
	case !errors.Is(err, store.ErrUnsupported) || !errors.As(err, &ue) || ue.Option != option || ue.By == "":
		t.Errorf("%s with %s = %v, want an UnsupportedError", call, option, err)
	}
}

func checkDoubt(t *testing.T, b *Backends) {
	t.Helper()
	if b.Doubt == nil {
		t.Skip("the backend cannot be made to leave a write in doubt")
	}
	be := b.Open(t)
	o := setsOf(be)
	mustUpdate(t, o, "k", adding("before"))
	b.Doubt(t, be)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	_, err := o.Update(ctx, "k", adding("x"))
	var in *store.InDoubtError
	if !errors.Is(err, store.ErrInDoubt) || !errors.As(err, &in) || in.Key != "set/k" || in.Err == nil {
		t.Fatalf("Update whose write is in doubt = %v, want an InDoubtError of the key", err)
	}
	short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	switch err := in.Retry(short); {
	case err == nil:
		if err := in.Abandon(t.Context()); !errors.Is(err, store.ErrApplied) {
			t.Errorf("Abandon after Retry = %v, want ErrApplied", err)
		}
	case !errors.Is(err, store.ErrInDoubt):
		t.Errorf("Retry = %v, want nil or ErrInDoubt", err)
	}
}

func checkClosedObjects(t *testing.T, b *Backends) {
	t.Helper()
	be := b.Open(t)
	o := setsOf(be)
	mustUpdate(t, o, "k", adding("x"))
	b.Close(t, be)
	_, update := o.Update(t.Context(), "k", adding("y"))
	_, _, view := o.View(t.Context(), "k")
	_, views := o.Views(t.Context(), []string{"k"})
	var keys error
	for _, err := range o.Keys(t.Context()) {
		keys = err
	}
	for call, err := range map[string]error{"Update": update, "View": view, "Views": views, "Keys": keys} {
		if !errors.Is(err, store.ErrClosed) {
			t.Errorf("%s after Close = %v, want ErrClosed", call, err)
		}
	}
}
