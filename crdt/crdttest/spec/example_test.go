package spec_test

import (
	"fmt"

	"github.com/dovetail-crdt/dovetail/crdt/crdttest/spec"
)

// A view says what an object must show where these operations are visible: here
// a removal of "acct" meets an increment below it that it had not seen.
func Example() {
	var h spec.History
	a, b := h.View(), h.View()
	seen := a.Do(spec.Op{Verb: spec.Inc, Path: "acct/EUR", N: 2})
	b.See(seen...)

	unseen := a.Do(spec.Op{Verb: spec.Inc, Path: "acct/EUR", N: 7})
	removal := b.Do(spec.Op{Verb: spec.Kill, Path: "acct", Replica: 1})
	fmt.Println(a.Reads(), b.Reads())

	a.See(removal...)
	b.See(unseen...)
	fmt.Println(a.Reads(), b.Reads(), a.Closed())
	// Output:
	// map[acct/EUR:#9] map[]
	// map[acct/EUR:#7] map[acct/EUR:#7] true
}

// Beside a denial no value shows, until an operation that has seen the denial
// ends it. What is denied is there all the same.
func ExampleView_Present() {
	var h spec.History
	a, b := h.View(), h.View()
	add := a.Do(spec.Op{Verb: spec.Put, Path: "blocked/mallory"})
	remove := b.Do(spec.Op{Verb: spec.Deny, Path: "blocked/mallory", Replica: 1})
	fmt.Println(a.Reads(), a.Present("blocked"), b.Reads(), b.Present("blocked"))

	a.See(remove...)
	b.See(add...)
	fmt.Println(a.Reads(), a.Present("blocked"), len(b.Live("blocked/mallory")))

	a.Do(spec.Op{Verb: spec.Put, Path: "blocked/mallory"})
	fmt.Println(a.Reads())
	// Output:
	// map[blocked/mallory:+] true map[] false
	// map[] true 2
	// map[blocked/mallory:+]
}

// An operation on behalf of a reader ends what the reader saw, also what its own
// view has yet to see, and nothing that came since.
func ExampleOp_seen() {
	var h spec.History
	a, b := h.View(), h.View()
	first := a.Do(spec.Op{Verb: spec.Put, Path: "name", Value: "Ann"})
	saw := a.Known()
	b.Do(spec.Op{Verb: spec.Put, Path: "name", Value: "Bob", Replica: 1})

	write := b.Do(spec.Op{Verb: spec.Put, Path: "name", Value: "Cat", Replica: 1, Seen: saw})
	fmt.Println(b.Reads())
	b.See(first...)
	a.See(write...)
	fmt.Println(b.Reads(), a.Reads(), a.Closed())
	// Output:
	// map[name:Bob|Cat]
	// map[name:Bob|Cat] map[name:Cat] false
}

// A history numbers the operations of all replicas; its views differ in what of
// them they have seen.
func ExampleHistory() {
	var h spec.History
	a, b := h.View(), h.View()
	a.Do(spec.Op{Verb: spec.Put, Path: "milk"}, spec.Op{Verb: spec.Put, Path: "eggs"})
	b.Do(spec.Op{Verb: spec.Put, Path: "milk", Replica: 1})

	for id := range h.Len() {
		op := h.Op(id)
		fmt.Println(op.ID(), op.Path, a.Seen().Has(id), b.Seen().Has(id))
	}
	// Output:
	// 0 milk true false
	// 1 eggs true false
	// 2 milk false true
}

// The zero value is the empty set.
func ExampleSet() {
	var a, b spec.Set
	a.Add(3)
	b.Add(70)
	b.Add(3)
	fmt.Println(a.Within(&b), b.Within(&a))

	a.Union(&b)
	fmt.Println(a.Members(), a.Add(70))
	// Output:
	// true false
	// [3 70] false
}
