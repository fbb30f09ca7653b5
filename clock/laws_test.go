package clock_test

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"

	"github.com/dovetail-crdt/dovetail/clock"
)

// lattice is what Vector and Context have in common: a set that grows by union.
type lattice[T any] interface {
	codec
	Clone() T
	Merge(T) (changed bool)
	Equal(T) bool
	Compare(T) clock.Ordering
	String() string
}

// dots draws few dots of few replicas, so that drawn values are often equal,
// included in one another or overlapping.
func dots() *rapid.Generator[[]clock.Dot] {
	u := universe{ids: []clock.ReplicaID{1, 2, 3}, lo: 1, hi: 4}
	return rapid.SliceOfN(u.dot(), 0, 12)
}

func contexts() *rapid.Generator[*clock.Context] {
	return rapid.Map(dots(), func(ds []clock.Dot) *clock.Context {
		c := &clock.Context{}
		for _, d := range ds {
			c.Add(d)
		}
		return c
	})
}

func vectors() *rapid.Generator[*clock.Vector] {
	return rapid.Map(dots(), func(ds []clock.Dot) *clock.Vector {
		v := &clock.Vector{}
		for _, d := range ds {
			v.Advance(d)
		}
		return v
	})
}

func TestContextLaws(t *testing.T) {
	t.Parallel()
	checkLaws(t, contexts())
}

func TestVectorLaws(t *testing.T) {
	t.Parallel()
	checkLaws(t, vectors())
}

func join[T lattice[T]](a, b T) T {
	c := a.Clone()
	c.Merge(b)
	return c
}

func checkLaws[T lattice[T]](t *testing.T, gen *rapid.Generator[T]) {
	t.Helper()
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := gen.Draw(t, "a"), gen.Draw(t, "b"), gen.Draw(t, "c")
		same(t, "a ∪ a = a", join(a, a), a)
		same(t, "a ∪ b = b ∪ a", join(a, b), join(b, a))
		same(t, "(a ∪ b) ∪ c = a ∪ (b ∪ c)", join(join(a, b), c), join(a, join(b, c)))
		same(t, "a ∪ (a ∪ b) = a ∪ b", join(a, join(a, b)), join(a, b))
		checkOrder(t, a, b)
		checkOrder(t, a, join(a, b))
		checkEqualBytes(t, a, b)
		checkEqualBytes(t, join(a, b), join(b, a))
		if ac, abc := join(a, c), join(join(a, b), c); !below(ac.Compare(abc)) {
			t.Fatalf("union is not monotone: %v and %v with %v", a, join(a, b), c)
		}
	})
}

func same[T lattice[T]](t *rapid.T, law string, got, want T) {
	if !got.Equal(want) {
		t.Fatalf("%s: %v, want %v", law, got, want)
	}
}

func below(o clock.Ordering) bool { return o == clock.Equal || o == clock.Before }

// checkOrder checks that Compare is an order, the one whose upper bound Merge
// finds, and that Merge tells a change.
func checkOrder[T lattice[T]](t *rapid.T, a, b T) {
	flip := map[clock.Ordering]clock.Ordering{
		clock.Equal: clock.Equal, clock.Before: clock.After,
		clock.After: clock.Before, clock.Concurrent: clock.Concurrent,
	}
	ab := a.Compare(b)
	if got := b.Compare(a); got != flip[ab] {
		t.Fatalf("%v.Compare(%v) = %v, want %v", b, a, got, flip[ab])
	}
	if got, want := join(a, b).Equal(b), below(ab); got != want {
		t.Fatalf("%v ∪ %v equals the second: %v, but Compare = %v", a, b, got, ab)
	}
	if got, want := a.Clone().Merge(b), ab == clock.Before || ab == clock.Concurrent; got != want {
		t.Fatalf("%v.Merge(%v) = %v, want %v", a, b, got, want)
	}
	if got, want := a.Equal(b), ab == clock.Equal; got != want {
		t.Fatalf("%v.Equal(%v) = %v, want %v", a, b, got, want)
	}
}

func checkEqualBytes[T lattice[T]](t *rapid.T, a, b T) {
	x, err := a.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	y, err := b.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	if got, want := bytes.Equal(x, y), a.Equal(b); got != want {
		t.Fatalf("bytes of %v and %v equal: %v, want %v", a, b, got, want)
	}
}

// TestContextOrder builds one set in two orders and in unions of parts.
func TestContextOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		u := drawUniverse(t)
		ds := rapid.SliceOfN(u.dot(), 0, 40).Draw(t, "dots")
		cut := rapid.IntRange(0, len(ds)).Draw(t, "cut")
		var one, other, rest clock.Context
		for _, d := range ds {
			one.Add(d)
		}
		for i, d := range rapid.Permutation(ds).Draw(t, "permuted") {
			if i < cut {
				other.Add(d)
			} else {
				rest.Add(d)
			}
		}
		other.Merge(&rest)
		same(t, "order of dots does not matter", &other, &one)
		checkEqualBytes(t, &other, &one)
	})
}
