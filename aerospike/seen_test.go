package aerospike_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/dovetail-crdt/dovetail/aerospike"
	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/store"
)

// readers are processes of one cluster and what a client of theirs does.
type readers struct {
	*testing.T
	open func() *aerospike.Engine
}

func newReaders(t *testing.T) *readers {
	t.Helper()
	c := cluster(t)
	cfg := aerospike.Config{Set: newSet(t, c), Watch: -1, TokenKey: []byte("what all processes of this test know")}
	return &readers{t, func() *aerospike.Engine { return open(t, c, cfg) }}
}

func (r *readers) register() store.Objects[*crdt.MVRegister[string]] {
	return store.NewObjects(r.open(), "r/", crdt.MVRegisterKind(crdt.String))
}

func (r *readers) set() store.Objects[*crdt.AWSet[string]] {
	return store.NewObjects(r.open(), "s/", crdt.AWSetKind(crdt.String))
}

// TestSeenOverwrites writes on behalf of a reader, through a process that knows more
// than he, less, or the same: what he saw is over, and what was written since stays.
func TestSeenOverwrites(t *testing.T) {
	for _, tt := range []struct {
		name  string
		knows bool // the process has read the value that the reader has not seen
		opts  []store.Option
		seen  bool
		want  []string
	}{
		{"blind, by one who knows nothing", false, []store.Option{store.Blind()}, true, []string{"mine", "theirs"}},
		{"blind, by one who knows all", true, []store.Option{store.Blind()}, true, []string{"mine", "theirs"}},
		{"after a read", false, nil, true, []string{"mine", "theirs"}},
		{"after a read, on nobody's behalf", false, nil, false, []string{"mine"}},
		{"blind, on nobody's behalf", false, []store.Option{store.Blind()}, false, []string{"mine", "old", "theirs"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newReaders(t)
			write := func(o store.Objects[*crdt.MVRegister[string]], v string, opts ...store.Option) {
				t.Helper()
				if _, err := o.Update(t.Context(), "k", func(tx *crdt.Tx, r *crdt.MVRegister[string]) error {
					r.Set(tx, v)
					return nil
				}, opts...); err != nil {
					t.Fatal(err)
				}
			}
			write(r.register(), "old")
			_, saw, err := r.register().View(t.Context(), "k")
			if err != nil {
				t.Fatal(err)
			}
			write(r.register(), "theirs", store.Blind()) // concurrent with what the reader does

			by, opts := r.register(), tt.opts
			if tt.knows {
				if v, _, err := by.View(t.Context(), "k"); err != nil || v.Len() != 2 {
					t.Fatalf("%v, %v", v, err)
				}
			}
			if tt.seen {
				opts = append(slices.Clip(opts), store.Seen(saw))
			}
			write(by, "mine", opts...)
			v, _, err := r.register().View(t.Context(), "k")
			if got := slices.Sorted(v.Values()); err != nil || !slices.Equal(got, tt.want) {
				t.Errorf("%q, %v, want %q", got, err, tt.want)
			}
		})
	}
}

// TestSeenRemoves removes on behalf of a reader an element that was added again
// since: that addition stays. A process that does not know what he saw cannot tell
// it apart, and says so, with nothing changed.
func TestSeenRemoves(t *testing.T) {
	r := newReaders(t)
	update := func(o store.Objects[*crdt.AWSet[string]], fn func(*crdt.Tx, *crdt.AWSet[string]), opts ...store.Option) error {
		_, err := o.Update(t.Context(), "k", func(tx *crdt.Tx, s *crdt.AWSet[string]) error { fn(tx, s); return nil }, opts...)
		return err
	}
	addBoth := func(tx *crdt.Tx, s *crdt.AWSet[string]) { s.Add(tx, "eggs"); s.Add(tx, "milk") }
	addMilk := func(tx *crdt.Tx, s *crdt.AWSet[string]) { s.Add(tx, "milk") }
	removeBoth := func(tx *crdt.Tx, s *crdt.AWSet[string]) { s.Remove(tx, "eggs"); s.Remove(tx, "milk") }
	shows := func(want ...string) {
		t.Helper()
		v, _, err := r.set().View(t.Context(), "k")
		if got := slices.Sorted(v.All()); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q, %v, want %q", got, err, want)
		}
	}
	if err := update(r.set(), addBoth); err != nil {
		t.Fatal(err)
	}
	_, saw, err := r.set().View(t.Context(), "k")
	if err != nil {
		t.Fatal(err)
	}
	if err := update(r.set(), addMilk); err != nil { // over what the reader saw
		t.Fatal(err)
	}
	if err := update(r.set(), removeBoth, store.Blind(), store.Seen(saw)); !errors.Is(err, crdt.ErrBehind) {
		t.Errorf("blind, by one who knows nothing: %v", err)
	}
	shows("eggs", "milk")
	if err := update(r.set(), removeBoth, store.Seen(saw)); err != nil {
		t.Fatal(err)
	}
	shows("milk")
	if err := update(r.set(), removeBoth); err != nil {
		t.Fatal(err)
	}
	shows()
}

// TestSeenTokenOfAnother refuses the token of another object, which would end what it
// happens to name.
func TestSeenTokenOfAnother(t *testing.T) {
	r := newReaders(t)
	o := r.register()
	set := func(tx *crdt.Tx, r *crdt.MVRegister[string]) error { r.Set(tx, "v"); return nil }
	token, err := o.Update(t.Context(), "j", set)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.Update(t.Context(), "k", set, store.Seen(token)); !errors.Is(err, clock.ErrToken) {
		t.Errorf("Update with the token of another object: %v", err)
	}
	if v, _, err := o.View(t.Context(), "k"); err != nil || v.Len() != 0 {
		t.Errorf("after it %d values, %v", v.Len(), err)
	}
}
