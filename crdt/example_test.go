package crdt_test

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
)

// Two replicas of a shopping cart are written at once and exchange deltas.
func Example() {
	a, b := crdt.AWSetKind(crdt.String).New(), crdt.AWSetKind(crdt.String).New()
	add := func(item string) func(*crdt.Tx, *crdt.AWSet[string]) error {
		return func(tx *crdt.Tx, cart *crdt.AWSet[string]) error { cart.Add(tx, item); return nil }
	}
	milk, _ := crdt.Mutate(a, crdt.NewWriter(1, time.Now), add("milk"))
	eggs, _ := crdt.Mutate(b, crdt.NewWriter(2, time.Now), add("eggs"))
	a.Merge(eggs)
	b.Merge(milk)
	fmt.Println(slices.Collect(a.All()), slices.Collect(b.All()))
	// Output: [eggs milk] [eggs milk]
}

// The examples below have two replicas, a and b, each with a writer, and this
// helper, which mutates a value and merges the delta into others.
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

// An add wins over a concurrent remove, which had not seen it.
func ExampleAWSet() {
	type set = crdt.AWSet[string]
	a, b, wa, wb := crdt.AWSetKind(crdt.String).New(), crdt.AWSetKind(crdt.String).New(), alice(), bob()
	mutate(a, wa, func(tx *crdt.Tx, s *set) { s.Add(tx, "milk") }, b)

	mutate(a, wa, func(tx *crdt.Tx, s *set) { s.Add(tx, "milk") }) // concurrent
	mutate(b, wb, func(tx *crdt.Tx, s *set) { s.Remove(tx, "milk") })
	a.Merge(b)
	b.Merge(a)
	fmt.Println(a.Contains("milk"), a.Equal(b))
	// Output: true true
}

// A reset takes away what it saw; a concurrent increment survives in full.
func ExampleCounter() {
	a, b, wa, wb := crdt.CounterKind().New(), crdt.CounterKind().New(), alice(), bob()
	mutate(a, wa, func(tx *crdt.Tx, c *crdt.Counter) { c.Add(tx, 2) }, b)

	mutate(a, wa, func(tx *crdt.Tx, c *crdt.Counter) { c.Add(tx, 7) }) // concurrent
	mutate(b, wb, func(tx *crdt.Tx, c *crdt.Counter) { c.Reset(tx) })
	a.Merge(b)
	b.Merge(a)
	fmt.Println(a, b, a.Equal(b))
	// Output: 7 7 true
}

// Increments and decrements add up wherever they were made.
func ExamplePNCounter() {
	a, b := crdt.PNCounterKind().New(), crdt.PNCounterKind().New()
	mutate(a, alice(), func(tx *crdt.Tx, c *crdt.PNCounter) { c.Add(tx, 5) })
	mutate(b, bob(), func(tx *crdt.Tx, c *crdt.PNCounter) { c.Add(tx, -3) })
	a.Merge(b)
	b.Merge(a)
	fmt.Println(a, b, a.Equal(b))
	// Output: 2 2 true
}

// Of concurrent writes the later one is shown, and the other is kept until a
// write that has seen both.
func ExampleLWWRegister() {
	type register = crdt.LWWRegister[string]
	at := func(second int64) func() time.Time { return func() time.Time { return time.Unix(second, 0) } }
	a, b := crdt.LWWRegisterKind(crdt.String).New(), crdt.LWWRegisterKind(crdt.String).New()
	mutate(a, crdt.NewWriter(0xa, at(10)), func(tx *crdt.Tx, r *register) { r.Set(tx, "early") })
	mutate(b, crdt.NewWriter(0xb, at(20)), func(tx *crdt.Tx, r *register) { r.Set(tx, "late") })
	a.Merge(b)
	b.Merge(a)
	v, _ := a.Get()
	fmt.Println(v, a.Equal(b))
	for s := range a.Siblings() {
		fmt.Println("kept:", s.Value, s.Time.Time().Second())
	}

	// A slow clock does not matter to a write that saw what it replaces.
	mutate(a, crdt.NewWriter(0xc, at(5)), func(tx *crdt.Tx, r *register) { r.Set(tx, "last") })
	v, _ = a.Get()
	fmt.Println(v)
	// Output:
	// late true
	// kept: late 20
	// kept: early 10
	// last
}

// Concurrent values are all kept until a write has seen them.
func ExampleMVRegister() {
	type register = crdt.MVRegister[string]
	a, b, wa := crdt.MVRegisterKind(crdt.String).New(), crdt.MVRegisterKind(crdt.String).New(), alice()
	mutate(a, wa, func(tx *crdt.Tx, r *register) { r.Set(tx, "tea") })
	mutate(b, bob(), func(tx *crdt.Tx, r *register) { r.Set(tx, "coffee") })
	a.Merge(b)
	b.Merge(a)
	fmt.Println(slices.Collect(a.Values()), a.Equal(b))

	mutate(a, wa, func(tx *crdt.Tx, r *register) { r.Set(tx, "both") }, b)
	fmt.Println(slices.Collect(b.Values()))
	// Output:
	// [tea coffee] true
	// [both]
}

// Removing a key resets what the remover saw below it; what others did there
// concurrently survives.
func ExampleAWMap() {
	kind := crdt.AWMapKind(crdt.String, crdt.CounterKind())
	type funds = crdt.AWMap[string, *crdt.Counter]
	a, b, wa, wb := kind.New(), kind.New(), alice(), bob()
	mutate(a, wa, func(tx *crdt.Tx, m *funds) { m.At("EUR").Add(tx, 100); m.At("USD").Add(tx, 1) }, b)

	mutate(a, wa, func(tx *crdt.Tx, m *funds) { m.At("EUR").Add(tx, 5) }) // concurrent
	mutate(b, wb, func(tx *crdt.Tx, m *funds) { m.Clear(tx) })
	a.Merge(b)
	b.Merge(a)
	for currency, amount := range a.All() {
		fmt.Println(currency, amount, a.Equal(b))
	}
	// Output: EUR 5 true
}

// A document has fields of different types, changed by one transaction in one
// delta.
func ExampleDoc() {
	balance := crdt.NewField("balance", crdt.CounterKind())
	tags := crdt.NewField("tags", crdt.AWSetKind(crdt.String))
	kind := crdt.DocKind(balance, tags)
	a, b, wa, wb := kind.New(), kind.New(), alice(), bob()
	mutate(a, wa, func(tx *crdt.Tx, d *crdt.Doc) { balance.In(d).Add(tx, 10); tags.In(d).Add(tx, "new") }, b)

	mutate(a, wa, func(tx *crdt.Tx, d *crdt.Doc) { balance.In(d).Add(tx, 5) }) // concurrent
	mutate(b, wb, func(tx *crdt.Tx, d *crdt.Doc) { tags.In(d).Clear(tx); tags.In(d).Add(tx, "gold") })
	a.Merge(b)
	b.Merge(a)
	fmt.Println(balance.In(a), slices.Collect(tags.In(a).All()), a.Equal(b))
	// Output: 15 [gold] true
}

// An error undoes the whole transaction.
func ExampleMutate() {
	cart := crdt.AWSetKind(crdt.String).New()
	_, err := crdt.Mutate(cart, alice(), func(tx *crdt.Tx, s *crdt.AWSet[string]) error {
		s.Add(tx, "milk")
		return errors.New("out of stock")
	})
	fmt.Println(err, cart.Len())
	// Output: out of stock 0
}

// A sibling says who wrote a value, and when.
func ExampleSibling() {
	r := crdt.LWWRegisterKind(crdt.String).New()
	w := crdt.NewWriter(clock.ReplicaID(0xa), func() time.Time { return time.UnixMilli(1500) })
	mutate(r, w, func(tx *crdt.Tx, r *crdt.LWWRegister[string]) { r.Set(tx, "v") })
	for s := range r.Siblings() {
		fmt.Println(s.Value, s.Time, s.Dot)
	}
	// Output: v 1970-01-01T00:00:01.500Z+0 000000000000000a.1
}

// A transaction is all or nothing, and one delta wherever it arrives.
func ExampleTx() {
	cart := crdt.AWSetKind(crdt.String).New()
	w := crdt.NewWriter(1, time.Now).On()
	errFull := errors.New("the cart is full")

	_, err := crdt.Mutate(cart, w, func(tx *crdt.Tx, s *crdt.AWSet[string]) error {
		s.Add(tx, "milk")
		s.Add(tx, "eggs")
		if s.Len() > 1 {
			return errFull
		}
		return nil
	})
	fmt.Println(err, cart.Len())
	// Output: the cart is full 0
}
