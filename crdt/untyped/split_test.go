package untyped_test

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/untyped"
)

// The events of replicas that are gone can be kept apart, once and for all.
func ExampleObject_Split() {
	set := crdt.AWSetKind(crdt.String).New()
	for id := range clock.ReplicaID(3) {
		mutate(set, crdt.NewWriter(id+1, time.Now).On(), func(tx *crdt.Tx, s *crdt.AWSet[string]) { s.Add(tx, fmt.Sprint(id)) })
	}
	frame, _ := crdt.AppendFrame(nil, crdt.AWSetKind(crdt.String), set)
	whole, _ := untyped.DecodeObject(frame)

	rest, part := whole.Split(func(id clock.ReplicaID) bool { return id < 3 })
	fmt.Println(rest.Context(), part.Context())
	_, _ = rest.Merge(part)
	again, _ := rest.AppendFrame(nil)
	fmt.Println(bytes.Equal(again, frame))
	// Output:
	// {0000000000000003:1} {0000000000000001:1 0000000000000002:1}
	// true
}

// TestSplit splits maps of counters and sets at random. The halves make the whole,
// know of nothing in common, and take later changes in place of the whole.
func TestSplit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kind := crdt.AWMapKind(crdt.String, crdt.AWMapKind(crdt.String, crdt.CounterKind()))
		type object = *crdt.AWMap[string, *crdt.AWMap[string, *crdt.Counter]]
		var states [3]object
		var src [6]crdt.Source
		for i := range states {
			states[i] = kind.New()
		}
		for i := range src {
			src[i] = crdt.NewWriter(clock.ReplicaID(i+1), time.Now).On()
		}
		key := rapid.SampledFrom([]string{"a", "b"})
		change := func(at int) object {
			delta, err := crdt.Mutate(states[at], src[at+3*rapid.IntRange(0, 1).Draw(t, "writer")], func(tx *crdt.Tx, m object) error {
				k := key.Draw(t, "key")
				switch rapid.IntRange(0, 3).Draw(t, "what") {
				case 0:
					m.Remove(tx, k)
				case 1:
					m.At(k).At(key.Draw(t, "inner")).Reset(tx)
				default:
					m.At(k).At(key.Draw(t, "inner")).Add(tx, rapid.Int64Range(-3, 9).Draw(t, "n"))
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			return delta
		}
		for range rapid.IntRange(1, 30).Draw(t, "changes") {
			at := rapid.IntRange(0, 2).Draw(t, "replica")
			change(at)
			if rapid.Bool().Draw(t, "sync") {
				states[(at+1)%3].Merge(states[at])
			}
		}
		states[0].Merge(states[1])
		mask := rapid.IntRange(0, 63).Draw(t, "apart")
		apart := func(id clock.ReplicaID) bool { return mask>>(id-1)&1 == 1 }
		whole := objectOf(t, kind, states[0])
		before := frameOf(t, whole)
		rest, part := whole.Split(apart)
		for id := range rest.Context().Replicas() {
			if part != nil && apart(id) {
				t.Fatalf("the rest knows of %v", id)
			}
		}
		if part != nil {
			for id := range part.Context().Replicas() {
				if !apart(id) {
					t.Fatalf("the part knows of %v", id)
				}
			}
		}
		later := objectOf(t, kind, change(0))
		for _, o := range []*untyped.Object{whole, rest} {
			if _, err := o.Merge(later); err != nil {
				t.Fatal(err)
			}
		}
		if part != nil {
			if _, err := rest.Merge(part); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(frameOf(t, rest), frameOf(t, whole)) {
			t.Fatalf("split by %06b of %x: the halves make something else", mask, before)
		}
	})
}

func objectOf[S crdt.Lattice[S]](t *rapid.T, k crdt.Kind[S], s S) *untyped.Object {
	f, err := crdt.AppendFrame(nil, k, s)
	if err != nil {
		t.Fatal(err)
	}
	o, err := untyped.DecodeObject(f)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func frameOf(t *rapid.T, o *untyped.Object) []byte {
	f, err := o.AppendFrame(nil)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestBorrowContext compares what is lent with what is copied.
func TestBorrowContext(t *testing.T) {
	set, total := crdt.AWSetKind(crdt.String).New(), crdt.GCounterKind().New()
	mutate(set, crdt.NewWriter(7, time.Now).On(), func(tx *crdt.Tx, s *crdt.AWSet[string]) { s.Add(tx, "a") })
	frame, _ := crdt.AppendFrame(nil, crdt.AWSetKind(crdt.String), set)
	object, err := untyped.DecodeObject(frame)
	if err != nil {
		t.Fatal(err)
	}
	frame, _ = crdt.AppendFrame(nil, crdt.GCounterKind(), total)
	plain, err := untyped.DecodeObject(frame)
	if err != nil {
		t.Fatal(err)
	}
	want := crdt.ContextOf(set)
	if got := object.BorrowContext(); want.IsEmpty() || !got.Equal(want) {
		t.Errorf("an object lends %v, want %v", got, want)
	}
	if got := plain.BorrowContext(); got != nil {
		t.Errorf("what has no context lends %v", got)
	}
}
