package crdt_test

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/dovetail-crdt/dovetail/crdt"
)

// Increments add up wherever they were made.
func ExampleGCounter() {
	a, b := crdt.GCounterKind().New(), crdt.GCounterKind().New()
	mutate(a, alice(), func(tx *crdt.Tx, c *crdt.GCounter) { c.Add(tx, 5) })
	mutate(b, bob(), func(tx *crdt.Tx, c *crdt.GCounter) { c.Add(tx, 3) })
	a.Merge(b)
	b.Merge(a)
	fmt.Println(a, b, a.Equal(b))
	// Output: 8 8 true
}

// What was added anywhere is in the set.
func ExampleGSet() {
	type set = crdt.GSet[string]
	a, b := crdt.GSetKind(crdt.String).New(), crdt.GSetKind(crdt.String).New()
	mutate(a, alice(), func(tx *crdt.Tx, s *set) { s.Add(tx, "milk") })
	mutate(b, bob(), func(tx *crdt.Tx, s *set) { s.Add(tx, "eggs") })
	a.Merge(b)
	b.Merge(a)
	fmt.Println(slices.Collect(a.All()), a.Equal(b))
	// Output: [eggs milk] true
}

// Of concurrent bids the highest stays.
func ExampleMaxRegister() {
	type bid = crdt.MaxRegister[uint64]
	a, b, wa := crdt.MaxRegisterKind(crdt.Uint64).New(), crdt.MaxRegisterKind(crdt.Uint64).New(), alice()
	mutate(a, wa, func(tx *crdt.Tx, r *bid) { r.Set(tx, 100) })
	mutate(b, bob(), func(tx *crdt.Tx, r *bid) { r.Set(tx, 120) })
	a.Merge(b)
	b.Merge(a)
	mutate(a, wa, func(tx *crdt.Tx, r *bid) { r.Set(tx, 110) }, b)
	v, ok := b.Get()
	fmt.Println(v, ok, a.Equal(b))
	// Output: 120 true true
}

// Of concurrent values the first in order stays.
func ExampleMinRegister() {
	type first = crdt.MinRegister[string]
	a, b := crdt.MinRegisterKind(crdt.String).New(), crdt.MinRegisterKind(crdt.String).New()
	mutate(a, alice(), func(tx *crdt.Tx, r *first) { r.Set(tx, "2024-03-01") })
	mutate(b, bob(), func(tx *crdt.Tx, r *first) { r.Set(tx, "2024-02-28") })
	a.Merge(b)
	b.Merge(a)
	fmt.Println(a.Get())
	fmt.Println(a.Equal(b))
	// Output:
	// 2024-02-28 true
	// true
}

// The values of one key merge by the rule of their type.
func ExampleGMap() {
	kind := crdt.GMapKind(crdt.String, crdt.GCounterKind())
	type hits = crdt.GMap[string, *crdt.GCounter]
	hit := func(page string, n uint64) func(*crdt.Tx, *hits) {
		return func(tx *crdt.Tx, m *hits) {
			err := m.Apply(tx, page, func(tx *crdt.Tx, c *crdt.GCounter) error { c.Add(tx, n); return nil })
			if err != nil {
				panic(err)
			}
		}
	}
	a, b := kind.New(), kind.New()
	mutate(a, alice(), hit("/", 2))
	mutate(b, bob(), func(tx *crdt.Tx, m *hits) { hit("/", 3)(tx, m); hit("/about", 1)(tx, m) })
	a.Merge(b)
	for page, n := range a.All() {
		fmt.Println(page, n)
	}
	// Output:
	// / 5
	// /about 1
}

// Two datacenters sell from one stock and never more than there is, also while
// they do not see each other.
func ExampleBoundedCounter() {
	a, b, wa, wb := crdt.BoundedCounterKind(0, math.MaxInt64).New(), crdt.BoundedCounterKind(0, math.MaxInt64).New(), alice(), bob()
	do := func(c *crdt.BoundedCounter, w *crdt.Writer, fn func(*crdt.Tx, *crdt.BoundedCounter) error) *crdt.BoundedCounter {
		delta, err := crdt.Mutate(c, w, fn)
		if err != nil {
			fmt.Println(err)
		}
		return delta
	}
	b.Merge(do(a, wa, func(tx *crdt.Tx, c *crdt.BoundedCounter) error {
		return errors.Join(c.Grant(tx, 10), c.Transfer(tx, wb.Replica(), 4)) // 10 in stock, 4 for b to sell
	}))

	do(a, wa, func(tx *crdt.Tx, c *crdt.BoundedCounter) error { return c.Spend(tx, 6) }) // concurrent
	do(b, wb, func(tx *crdt.Tx, c *crdt.BoundedCounter) error { return c.Spend(tx, 3) })
	do(b, wb, func(tx *crdt.Tx, c *crdt.BoundedCounter) error { return c.Spend(tx, 2) })
	a.Merge(b)
	fmt.Println(a, "left")
	for id, n := range a.Rights() {
		fmt.Println(id, "can spend", n)
	}
	// Output:
	// crdt: overdraft: 2 wanted, 1 here, 6 elsewhere
	// 1 left
	// 000000000000000b can spend 1
}

// An account that may be overdrawn starts at 0 once; its overdraft is held by the
// replica that started it, and can be transferred.
func ExampleBoundedCounter_Start() {
	account := crdt.BoundedCounterKind(-100, 1000).New()
	w := alice()
	do := func(fn func(*crdt.Tx, *crdt.BoundedCounter) error) {
		_, err := crdt.Mutate(account, w, fn)
		if over, ok := errors.AsType[*crdt.OverdraftError](err); ok {
			fmt.Println("refused:", over.Want, "of", over.Here)
		}
		fmt.Println(account, account.Spendable(w.Replica()), account.Grantable(w.Replica()))
	}
	do(func(tx *crdt.Tx, c *crdt.BoundedCounter) error { return c.Start(tx, 0) })
	do(func(tx *crdt.Tx, c *crdt.BoundedCounter) error { return c.Spend(tx, 70) })
	do(func(tx *crdt.Tx, c *crdt.BoundedCounter) error { return c.Spend(tx, 31) })
	do(func(tx *crdt.Tx, c *crdt.BoundedCounter) error { return c.Grant(tx, 1070) })
	do(func(tx *crdt.Tx, c *crdt.BoundedCounter) error { return c.Grant(tx, 1) })
	// Output:
	// 0 100 1000
	// -70 30 1070
	// refused: 31 of 30
	// -70 30 1070
	// 1000 1100 0
	// refused: 1 of 0
	// 1000 1100 0
}
