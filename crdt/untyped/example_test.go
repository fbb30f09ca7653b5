package untyped_test

import (
	"fmt"
	"slices"
	"time"

	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/untyped"
)

// The examples have two replicas, a and b, each with a writer, and this helper, which
// mutates a value and merges the delta into others.
func mutate[S crdt.Lattice[S]](s S, w crdt.Source, fn func(*crdt.Tx, S), others ...S) {
	delta, err := crdt.Mutate(s, w, func(tx *crdt.Tx, s S) error { fn(tx, s); return nil })
	if err != nil {
		panic(err)
	}
	for _, o := range others {
		o.Merge(delta)
	}
}

func alice() *crdt.Writer { return crdt.NewWriter(0xa, time.Now) }
func bob() *crdt.Writer   { return crdt.NewWriter(0xb, time.Now) }

// A program that does not know a kind merges and forwards its frames.
func ExampleDecodeObject() {
	kind := crdt.CounterKind()
	a, b := kind.New(), kind.New()
	mutate(a, alice(), func(tx *crdt.Tx, c *crdt.Counter) { c.Add(tx, 5) })
	mutate(b, bob(), func(tx *crdt.Tx, c *crdt.Counter) { c.Add(tx, 7) })
	fa, _ := crdt.AppendFrame(nil, kind, a)
	fb, _ := crdt.AppendFrame(nil, kind, b)

	x, _ := untyped.DecodeObject(fa) // no kind is given
	y, _ := untyped.DecodeObject(fb)
	changed, err := x.Merge(y)
	merged, _ := x.AppendFrame(nil)
	sum, _ := crdt.DecodeFrame(kind, merged)
	fmt.Println(x.Kind(), changed, err, sum)
	// Output: counter true <nil> 12
}

// Two replicas wrote at once and send each other what the other lacks.
func ExampleHeal() {
	kind := crdt.AWSetKind(crdt.String)
	a, b := kind.New(), kind.New()
	mutate(a, alice(), func(tx *crdt.Tx, s *crdt.AWSet[string]) { s.Add(tx, "milk") })
	mutate(b, bob(), func(tx *crdt.Tx, s *crdt.AWSet[string]) { s.Add(tx, "eggs") })

	knows := crdt.ContextOf(a)
	for _, s := range []struct{ from, to *crdt.AWSet[string] }{{a, b}, {b, a}} {
		from, _ := untyped.ObjectOf(kind, s.from)
		to, _ := untyped.ObjectOf(kind, s.to)
		heal := from.ExtractSeen(to.Context())
		sent, _ := heal.AppendBinary(nil)
		received, err := untyped.DecodeHeal(sent)
		if err != nil {
			fmt.Println(err)
			return
		}
		if _, _, err := to.ApplyHeal(received); err != nil {
			fmt.Println(err)
		}
	}
	fmt.Println(slices.Collect(a.All()), a.Equal(b), crdt.ContextOf(a).Compare(knows))
	// Output: [eggs milk] true after
}
