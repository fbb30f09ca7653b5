package crdt_test

import (
	"fmt"
	"slices"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
)

// A store that knows what a peer has applied sends what it lacks: here the one
// element that came after number 2, and the death of the one that was removed.
func ExampleExtract() {
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
	heal, _ := crdt.Extract(kind, a, base, killed)
	sent, _ := heal.AppendBinary(nil)

	received, err := crdt.DecodeHeal(sent)
	if err != nil {
		fmt.Println(err)
		return
	}
	changed, missing, err := crdt.ApplyHeal(kind, b, received)
	fmt.Println(changed, missing, err, slices.Collect(b.All()))
	// Output: true <nil> <nil> [eggs tea]
}

// Two values without a store bring each other up to date by their contexts.
func ExampleExtractSeen() {
	kind := crdt.CounterKind()
	a, b := kind.New(), kind.New()
	mutate(a, alice(), func(tx *crdt.Tx, c *crdt.Counter) { c.Add(tx, 5) }, b)
	mutate(b, bob(), func(tx *crdt.Tx, c *crdt.Counter) { c.Reset(tx); c.Add(tx, 1) })

	heal, _ := crdt.ExtractSeen(kind, b, crdt.ContextOf(a))
	_, missing, err := crdt.ApplyHeal(kind, a, heal)
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
	heal, _ := crdt.Extract(kind, a, base, nil) // kill lists are not known

	empty, _ := crdt.AppendFrame(nil, kind, kind.New())
	b, _ := crdt.DecodeObject(empty) // its store says that it has applied base
	changed, missing, err := b.ApplyHeal(heal)
	fmt.Println(changed, missing, err)
	// Output: true {000000000000000a:1} <nil>
}

// What is received is stripped of what is known here before it is passed on.
func ExampleMergeStrip() {
	kind := crdt.AWSetKind(crdt.String)
	a, b, w := kind.New(), kind.New(), alice().On()
	mutate(a, w, func(tx *crdt.Tx, s *crdt.AWSet[string]) { s.Add(tx, "milk") }, b)
	group := a.Clone() // two events, the first of which b has
	mutate(a, w, func(tx *crdt.Tx, s *crdt.AWSet[string]) { s.Add(tx, "eggs") }, group)

	news, changed := crdt.MergeStrip(b, group)
	fmt.Println(changed, slices.Collect(news.All()), slices.Collect(b.All()))
	_, changed = crdt.MergeStrip(b, group)
	fmt.Println(changed)
	// Output:
	// true [eggs] [eggs milk]
	// false
}

// A state is the join of its parts, none of which could be left out.
func ExampleParts() {
	c := crdt.PNCounterKind().New()
	mutate(c, alice(), func(tx *crdt.Tx, c *crdt.PNCounter) { c.Add(tx, 5); c.Add(tx, -2) })
	sum := crdt.PNCounterKind().New()
	for part := range crdt.Parts(c) {
		sum.Merge(part)
		fmt.Println(part, sum)
	}
	// Output:
	// 5 5
	// -2 3
}
