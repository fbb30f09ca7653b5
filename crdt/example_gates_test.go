package crdt_test

import (
	"fmt"
	"slices"
	"time"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
)

// An enable wins over a concurrent disable, which had not seen it.
func ExampleEWFlag() {
	a, b, wa, wb := crdt.EWFlagKind().New(), crdt.EWFlagKind().New(), alice(), bob()
	mutate(a, wa, func(tx *crdt.Tx, f *crdt.EWFlag) { f.Enable(tx) }, b)

	mutate(a, wa, func(tx *crdt.Tx, f *crdt.EWFlag) { f.Enable(tx) }) // concurrent
	mutate(b, wb, func(tx *crdt.Tx, f *crdt.EWFlag) { f.Disable(tx) })
	a.Merge(b)
	b.Merge(a)
	fmt.Println(a.IsEnabled(), a.Equal(b))
	// Output: true true
}

// A disable wins over a concurrent enable; an enable that has seen the disable
// turns the flag on again.
func ExampleDWFlag() {
	a, b, wa, wb := crdt.DWFlagKind().New(), crdt.DWFlagKind().New(), alice(), bob()
	mutate(a, wa, func(tx *crdt.Tx, f *crdt.DWFlag) { f.Enable(tx) }) // concurrent
	mutate(b, wb, func(tx *crdt.Tx, f *crdt.DWFlag) { f.Disable(tx) })
	a.Merge(b)
	b.Merge(a)
	fmt.Println(a.IsEnabled(), a.Equal(b))

	mutate(a, wa, func(tx *crdt.Tx, f *crdt.DWFlag) { f.Enable(tx) }, b)
	fmt.Println(b.IsEnabled())
	// Output:
	// false true
	// true
}

// A remove wins over a concurrent add, also where it found nothing to remove.
func ExampleRWSet() {
	type set = crdt.RWSet[string]
	a, b, wa, wb := crdt.RWSetKind(crdt.String).New(), crdt.RWSetKind(crdt.String).New(), alice(), bob()
	mutate(a, wa, func(tx *crdt.Tx, s *set) { s.Add(tx, "mallory"); s.Add(tx, "carol") }) // concurrent
	mutate(b, wb, func(tx *crdt.Tx, s *set) { s.Remove(tx, "mallory") })
	a.Merge(b)
	b.Merge(a)
	fmt.Println(slices.Collect(a.All()), a.Tombstones(), a.Equal(b))
	// Output: [carol] 1 true
}

// Clear removes, so a concurrent add loses; Reset forgets, so what it has not
// seen decides.
func ExampleRWSet_Reset() {
	type set = crdt.RWSet[string]
	for _, empty := range []func(*set, *crdt.Tx){(*set).Clear, (*set).Reset} {
		a, b, wa, wb := crdt.RWSetKind(crdt.String).New(), crdt.RWSetKind(crdt.String).New(), alice(), bob()
		mutate(a, wa, func(tx *crdt.Tx, s *set) { s.Add(tx, "carol") }, b)

		mutate(a, wa, func(tx *crdt.Tx, s *set) { s.Add(tx, "carol") }) // concurrent
		mutate(b, wb, func(tx *crdt.Tx, s *set) { empty(s, tx) })
		a.Merge(b)
		b.Merge(a)
		fmt.Println(slices.Collect(a.All()), a.Tombstones(), a.Equal(b))
	}
	// Output:
	// [] 1 true
	// [carol] 0 true
}

// A tombstone goes when all that is live at its element is stable: here the
// remove and the add that it beat, which both replicas have applied.
func ExampleRWSet_Prune() {
	type set = crdt.RWSet[string]
	a, b, wa, wb := crdt.RWSetKind(crdt.String).New(), crdt.RWSetKind(crdt.String).New(), alice(), bob()
	mutate(a, wa, func(tx *crdt.Tx, s *set) { s.Add(tx, "mallory") }) // concurrent
	mutate(b, wb, func(tx *crdt.Tx, s *set) { s.Remove(tx, "mallory") })
	a.Merge(b)
	b.Merge(a)

	var stable clock.Context
	stable.Add(clock.Dot{Replica: 0xb, Seq: 1}) // the remove alone does not do
	mutate(a, wa, func(tx *crdt.Tx, s *set) { s.Prune(tx, &stable) }, b)
	fmt.Println(b.Len(), b.Tombstones())

	stable.Add(clock.Dot{Replica: 0xa, Seq: 1})
	mutate(a, wa, func(tx *crdt.Tx, s *set) { s.Prune(tx, &stable) }, b)
	fmt.Println(b.Len(), b.Tombstones())
	// Output:
	// 0 1
	// 0 0
}

// Of concurrent writes to a key the later one is shown, and a removal of the key
// spares writes that it has not seen.
func ExampleLWWMap() {
	type prices = crdt.LWWMap[string, int64]
	at := func(second int64) func() time.Time { return func() time.Time { return time.Unix(second, 0) } }
	a, b := crdt.LWWMapKind(crdt.String, crdt.Int64).New(), crdt.LWWMapKind(crdt.String, crdt.Int64).New()
	wa, wb := crdt.NewWriter(0xa, at(10)), crdt.NewWriter(0xb, at(20))
	mutate(a, wa, func(tx *crdt.Tx, m *prices) { m.At("tea").Set(tx, 3); m.At("milk").Set(tx, 1) }, b)

	mutate(a, wa, func(tx *crdt.Tx, m *prices) { m.At("tea").Set(tx, 4); m.At("milk").Set(tx, 2) }) // concurrent
	mutate(b, wb, func(tx *crdt.Tx, m *prices) { m.At("tea").Set(tx, 5); m.Remove(tx, "milk") })
	a.Merge(b)
	b.Merge(a)
	for item, price := range a.All() {
		v, _ := price.Get()
		fmt.Println(item, v, a.Equal(b))
	}
	// Output:
	// milk 2 true
	// tea 5 true
}

// Values that were written to a key concurrently are all kept until one write
// has seen them.
func ExampleMVMap() {
	type notes = crdt.MVMap[string, string]
	a, b, wa := crdt.MVMapKind(crdt.String, crdt.String).New(), crdt.MVMapKind(crdt.String, crdt.String).New(), alice()
	mutate(a, wa, func(tx *crdt.Tx, m *notes) { m.At("door").Set(tx, "left") })
	mutate(b, bob(), func(tx *crdt.Tx, m *notes) { m.At("door").Set(tx, "right") })
	a.Merge(b)
	b.Merge(a)
	fmt.Println(slices.Collect(a.At("door").Values()), a.Equal(b))

	mutate(a, wa, func(tx *crdt.Tx, m *notes) { m.At("door").Set(tx, "back") }, b)
	fmt.Println(slices.Collect(b.At("door").Values()))
	// Output:
	// [left right] true
	// [back]
}

// An element survives the concurrent removal of its key, which had not seen it.
func ExampleMultiMap() {
	type tags = crdt.MultiMap[string, string]
	a, b, wa, wb := crdt.MultiMapKind(crdt.String, crdt.String).New(), crdt.MultiMapKind(crdt.String, crdt.String).New(), alice(), bob()
	mutate(a, wa, func(tx *crdt.Tx, m *tags) { m.At("post").Add(tx, "draft") }, b)

	mutate(a, wa, func(tx *crdt.Tx, m *tags) { m.At("post").Add(tx, "urgent") }) // concurrent
	mutate(b, wb, func(tx *crdt.Tx, m *tags) { m.Remove(tx, "post") })
	a.Merge(b)
	b.Merge(a)
	for key, set := range a.All() {
		fmt.Println(key, slices.Collect(set.All()), a.Equal(b))
	}
	// Output: post [urgent] true
}
