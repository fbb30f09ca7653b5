package aerospike_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	as "github.com/aerospike/aerospike-client-go/v7"
	"github.com/aerospike/aerospike-client-go/v7/types"

	"github.com/dovetail-crdt/dovetail/aerospike"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/store"
)

// unanswered runs an update none of whose attempts is answered, applied or not, and
// returns its doubt.
func unanswered[S crdt.Lattice[S]](
	t *testing.T, f *faulty, applied bool, o store.Objects[S], key string, fn func(*crdt.Tx, S) error,
) *store.InDoubtError {
	t.Helper()
	defer f.set(odds{})
	for {
		ctx, cancel := context.WithCancel(t.Context())
		o3 := odds{lost: 100, limit: 3, over: cancel}
		if applied {
			o3 = odds{unanswered: 100, limit: 3, over: cancel}
		}
		f.set(o3)
		_, err := o.Update(ctx, key, fn)
		cancel()
		d, is := errors.AsType[*store.InDoubtError](err)
		switch {
		case is && errors.Is(err, store.ErrInDoubt):
			return d
		case !errors.Is(err, store.ErrContention): // else the engine's own attempts at another change took the faults
			t.Fatalf("update without an answer: %v", err)
		}
	}
}

// TestDoubtIsSettled leaves changes in doubt, and retries, abandons or leaves them.
func TestDoubtIsSettled(t *testing.T) {
	c := cluster(t)
	set := newSet(t, c)
	f := &faulty{Client: c, rand: rand.New(rand.NewPCG(1, 1))}
	e := open(t, f, aerospike.Config{Set: set, Attempt: 50 * time.Millisecond})
	members := store.NewObjects(e, "", crdt.AWSetKind(crdt.String))
	other := store.NewObjects(open(t, c, aerospike.Config{Set: set}), "", crdt.AWSetKind(crdt.String))
	put := func(name string) func(tx *crdt.Tx, s *crdt.AWSet[string]) error {
		return func(tx *crdt.Tx, s *crdt.AWSet[string]) error { s.Add(tx, name); return nil }
	}
	for _, applied := range []bool{false, true} {
		retried := unanswered(t, f, applied, members, "k", put("retried"))
		dropped := unanswered(t, f, applied, members, "k", put("dropped"))
		left := unanswered(t, f, applied, members, "k", put("left"))
		if err := retried.Retry(t.Context()); err != nil {
			t.Fatalf("Retry: %v", err)
		}
		if err := dropped.Abandon(t.Context()); err != nil {
			t.Fatalf("Abandon: %v", err)
		}
		for range 2 { // the answer stays
			if err := retried.Retry(t.Context()); err != nil {
				t.Errorf("Retry of what is kept: %v", err)
			}
			if err := retried.Abandon(t.Context()); !errors.Is(err, store.ErrApplied) {
				t.Errorf("Abandon of what is kept: %v", err)
			}
			if err := dropped.Abandon(t.Context()); err != nil {
				t.Errorf("Abandon of what is dropped: %v", err)
			}
			if err := dropped.Retry(t.Context()); !errors.Is(err, store.ErrAbandoned) {
				t.Errorf("Retry of what is dropped: %v", err)
			}
		}
		until(t, func() bool { // the engine merges what is left by and by
			s, _, err := other.View(t.Context(), "k")
			if err != nil {
				t.Fatal(err)
			}
			if s.Contains("dropped") || !s.Contains("retried") {
				t.Fatalf("applied %v: %q", applied, slices.Collect(s.All()))
			}
			return s.Contains("left")
		})
		if err := left.Retry(t.Context()); err != nil {
			t.Errorf("settled by now: %v", err)
		}
	}
}

// TestAfterIsIssued issues a change while an earlier one is in doubt, and then
// finishes the earlier one: the claim of the later must not have ended it.
func TestAfterIsIssued(t *testing.T) {
	c := cluster(t)
	set := newSet(t, c)
	f := &faulty{Client: c, rand: rand.New(rand.NewPCG(1, 1))}
	members := store.NewObjects(open(t, f, aerospike.Config{Set: set}), "", crdt.AWSetKind(crdt.String))
	first := unanswered(t, f, false, members, "k", func(tx *crdt.Tx, s *crdt.AWSet[string]) error { s.Add(tx, "a"); return nil })
	if _, err := members.Update(t.Context(), "k", func(tx *crdt.Tx, s *crdt.AWSet[string]) error { s.Add(tx, "b"); return nil }); err != nil {
		t.Fatal(err)
	}
	if err := first.Retry(t.Context()); err != nil {
		t.Fatal(err)
	}
	other := store.NewObjects(open(t, c, aerospike.Config{Set: set}), "", crdt.AWSetKind(crdt.String))
	s, _, err := other.View(t.Context(), "k")
	if err != nil || !slices.Equal(slices.Sorted(s.All()), []string{"a", "b"}) {
		t.Errorf("%q, %v", slices.Sorted(s.All()), err)
	}
}

// TestDoubtSticky fails an attempt in a way that leaves a doubt, and the following
// ones in ways that do not.
func TestDoubtSticky(t *testing.T) {
	c := cluster(t)
	for _, blind := range []bool{false, true} {
		f := &script{Client: c, answers: []as.AerospikeError{{ResultCode: types.TIMEOUT, InDoubt: true}, {ResultCode: types.KEY_BUSY}}}
		counters := store.NewObjects(open(t, f, aerospike.Config{Set: newSet(t, c)}), "", crdt.CounterKind())
		var opts []store.Option
		if blind {
			opts = append(opts, store.Blind())
		}
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		_, err := counters.Update(ctx, "k", add(1), opts...)
		if !errors.Is(err, store.ErrInDoubt) {
			t.Errorf("blind %v: %v", blind, err)
		}
		f = &script{Client: c, answers: []as.AerospikeError{{ResultCode: types.KEY_BUSY}}}
		counters = store.NewObjects(open(t, f, aerospike.Config{Set: newSet(t, c)}), "", crdt.CounterKind())
		ctx, cancel = context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		_, err = counters.Update(ctx, "k", add(1), opts...)
		if errors.Is(err, store.ErrInDoubt) || !errors.Is(err, store.ErrContention) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("blind %v, never in doubt: %v", blind, err)
		}
		f.stop()
		for range 2 {
			if _, err := counters.Update(t.Context(), "k", add(1), opts...); err != nil {
				t.Errorf("blind %v, after a refusal: %v", blind, err)
			}
		}
		if v, _, err := counters.View(t.Context(), "k"); err != nil || v.Value() != 2 {
			t.Errorf("blind %v: %v, %v; the refused increment must not be in it", blind, v, err)
		}
	}
}

// TestCounterAbandon cannot take an increment back, whose amount comes in with the
// next: a reset by somebody who saw it must not make the counter negative.
func TestCounterAbandon(t *testing.T) {
	c := cluster(t)
	set := newSet(t, c)
	f := &faulty{Client: c, rand: rand.New(rand.NewPCG(1, 1))}
	counters := store.NewObjects(open(t, f, aerospike.Config{Set: set}), "", crdt.CounterKind())
	other := store.NewObjects(open(t, c, aerospike.Config{Set: set}), "", crdt.CounterKind())
	d := unanswered(t, f, true, counters, "k", add(64))
	if err := d.Abandon(t.Context()); !errors.Is(err, store.ErrCannotAbandon) {
		t.Errorf("Abandon = %v", err)
	}
	if _, err := other.Update(t.Context(), "k", func(tx *crdt.Tx, c *crdt.Counter) error { c.Reset(tx); return nil }); err != nil {
		t.Fatal(err)
	}
	if _, err := counters.Update(t.Context(), "k", add(16)); err != nil {
		t.Fatal(err)
	}
	if v, _, err := other.View(t.Context(), "k"); err != nil || v.Value() != 16 {
		t.Errorf("after 64 in doubt, a reset that saw it, and 16: %v, %v", v, err)
	}
	d = unanswered(t, f, false, counters, "k", add(100))
	if _, err := counters.Update(t.Context(), "k", add(1)); err != nil {
		t.Fatal(err)
	}
	if v, _, err := other.View(t.Context(), "k"); err != nil || v.Value() != 117 {
		t.Errorf("100 in doubt come in with the next: %v, %v", v, err)
	}
	if err := d.Retry(t.Context()); err != nil {
		t.Error(err)
	}
	if v, _, err := other.View(t.Context(), "k"); err != nil || v.Value() != 117 {
		t.Errorf("and only once: %v, %v", v, err)
	}
}
