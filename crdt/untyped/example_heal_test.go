package untyped_test

import (
	"fmt"
	"slices"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/untyped"
)

// A store that knows what a peer has applied sends what it lacks: here the one
// element that came after number 2, and the death of the one that was removed.
func ExampleObject_Extract() {
	kind := crdt.AWSetKind(crdt.String)
	a, b, w := kind.New(), kind.New(), alice()
	onA := w.On()
	add := func(item string) func(*crdt.Tx, *crdt.AWSet[string]) {
		return func(tx *crdt.Tx, s *crdt.AWSet[string]) { s.Add(tx, item) }
	}
	mutate(a, onA, add("milk"), b)
	mutate(a, onA, add("eggs"), b)
	base := crdt.ContextOf(b) // what b's store has applied: numbers 1 and 2
	mutate(a, onA, add("tea"))
	mutate(a, onA, func(tx *crdt.Tx, s *crdt.AWSet[string]) { s.Remove(tx, "milk") })

	killed := &clock.Context{} // what the events after base ended
	killed.Add(clock.Dot{Replica: 0xa, Seq: 1})
	from, _ := untyped.ObjectOf(kind, a)
	sent, _ := from.Extract(base, killed).AppendBinary(nil)

	received, err := untyped.DecodeHeal(sent)
	if err != nil {
		fmt.Println(err)
		return
	}
	to, _ := untyped.ObjectOf(kind, b) // shares its state with b
	changed, missing, err := to.ApplyHeal(received)
	fmt.Println(changed, missing, err, slices.Collect(b.All()))
	// Output: true <nil> <nil> [eggs tea]
}

// Two values without a store bring each other up to date by their contexts.
func ExampleObject_ExtractSeen() {
	kind := crdt.CounterKind()
	a, b := kind.New(), kind.New()
	mutate(a, alice(), func(tx *crdt.Tx, c *crdt.Counter) { c.Add(tx, 5) }, b)
	mutate(b, bob(), func(tx *crdt.Tx, c *crdt.Counter) { c.Reset(tx); c.Add(tx, 1) })

	from, _ := untyped.ObjectOf(kind, b)
	to, _ := untyped.ObjectOf(kind, a)
	_, missing, err := to.ApplyHeal(from.ExtractSeen(to.Context()))
	fmt.Println(a, missing, err, a.Equal(b))
	// Output: 1 <nil> <nil> true
}

// A heal that names what the receiver does not know tells that a record was lost.
func ExampleObject_ApplyHeal() {
	kind := crdt.AWSetKind(crdt.String)
	a, w := kind.New(), alice().On()
	mutate(a, w, func(tx *crdt.Tx, s *crdt.AWSet[string]) { s.Add(tx, "milk") })
	base := crdt.ContextOf(a)
	mutate(a, w, func(tx *crdt.Tx, s *crdt.AWSet[string]) { s.Add(tx, "eggs") })
	from, _ := untyped.ObjectOf(kind, a)
	heal := from.Extract(base, nil) // kill lists are not known

	b := untyped.NewObject(kind) // its store says that it has applied base
	changed, missing, err := b.ApplyHeal(heal)
	fmt.Println(changed, missing, err)
	// Output: true {000000000000000a:1} <nil>
}

// What is received is stripped of what is known here before it is passed on.
func ExampleObject_MergeStrip() {
	kind := crdt.AWSetKind(crdt.String)
	a, b, w := kind.New(), kind.New(), alice().On()
	mutate(a, w, func(tx *crdt.Tx, s *crdt.AWSet[string]) { s.Add(tx, "milk") }, b)
	group := a.Clone() // two events, the first of which b has
	mutate(a, w, func(tx *crdt.Tx, s *crdt.AWSet[string]) { s.Add(tx, "eggs") }, group)

	to, _ := untyped.ObjectOf(kind, b)
	received, _ := untyped.ObjectOf(kind, group)
	news, _ := to.MergeStrip(received)
	pass, _ := untyped.ValueOf(kind, news)
	fmt.Println(pass, b)
	news, _ = to.MergeStrip(received)
	fmt.Println(news)
	// Output:
	// [eggs] [eggs milk]
	// <nil>
}
