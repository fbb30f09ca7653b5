package crdt_test

import (
	"errors"
	"fmt"
	"slices"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
)

// A client reads "draft" at a and writes at b, which has a newer value that the
// client has not seen. Its write replaces what it saw, and stands beside the rest:
// nothing is lost behind its back.
func ExampleSeen() {
	type register = crdt.MVRegister[string]
	a, b, wa, wb := crdt.MVRegisterKind(crdt.String).New(), crdt.MVRegisterKind(crdt.String).New(), alice(), bob()
	mutate(a, wa, func(tx *crdt.Tx, r *register) { r.Set(tx, "draft") }, b)

	key := []byte("the stores' shared secret")
	token, err := clock.SealToken(key, "doc/7", crdt.ContextOf(a)) // goes to the client, and comes back
	if err != nil {
		panic(err)
	}
	mutate(b, wb, func(tx *crdt.Tx, r *register) { r.Set(tx, "final") }) // concurrent

	seen, err := token.Open(key, "doc/7")
	if err != nil {
		panic(err)
	}
	set := func(tx *crdt.Tx, r *register) error { r.Set(tx, "client's"); return nil }
	if _, err := crdt.Mutate(b, wb, set, crdt.Seen(seen)); err != nil {
		panic(err)
	}
	fmt.Println(slices.Sorted(b.Values()))
	// Output: [client's final]
}

// A write on behalf of a reader who has seen nothing is blind: it ends nothing.
func ExampleSeen_blind() {
	type register = crdt.MVRegister[string]
	r, w := crdt.MVRegisterKind(crdt.String).New(), alice()
	for _, v := range []string{"one", "two"} {
		set := func(tx *crdt.Tx, r *register) error { r.Set(tx, v); return nil }
		if _, err := crdt.Mutate(r, w, set, crdt.Seen(&clock.Context{})); err != nil {
			panic(err)
		}
	}
	fmt.Println(slices.Sorted(r.Values()))
	// Output: [one two]
}

// A client saw milk in the cart at a and removes it at b, which has not heard of
// it. Which of what the client saw is milk b cannot tell, so it refuses, and does
// it when a's delta has come. The milk that was added since then stays.
func ExampleBehindError() {
	type cart = crdt.AWSet[string]
	a, b, wa, wb := crdt.AWSetKind(crdt.String).New(), crdt.AWSetKind(crdt.String).New(), alice(), bob()
	mutate(a, wa, func(tx *crdt.Tx, c *cart) { c.Add(tx, "milk"); c.Add(tx, "eggs") })
	saw := crdt.ContextOf(a)

	remove := func(tx *crdt.Tx, c *cart) error { c.Remove(tx, "milk"); return nil }
	_, err := crdt.Mutate(b, wb, remove, crdt.Seen(saw))
	fmt.Println(err, errors.Is(err, crdt.ErrBehind))

	b.Merge(a)
	_, err = crdt.Mutate(b, wb, remove, crdt.Seen(saw))
	fmt.Println(slices.Collect(b.All()), err)

	mutate(a, wa, func(tx *crdt.Tx, c *cart) { c.Add(tx, "milk") }) // concurrent
	a.Merge(b)
	fmt.Println(slices.Collect(a.All()))
	// Output:
	// crdt: replica is behind what the reader saw: it lacks {000000000000000a:1-2} true
	// [eggs] <nil>
	// [eggs milk]
}

// A client pays out a balance that it read as 15, while others go on counting. The
// token alone does not say how much of the total the client saw; the snapshot does,
// and takes away exactly that, here and wherever the delta goes.
func ExampleSeenSnapshot() {
	type counter = crdt.Counter
	a, b, wa, wb := crdt.CounterKind().New(), crdt.CounterKind().New(), alice(), bob()
	mutate(a, wa, func(tx *crdt.Tx, c *counter) { c.Add(tx, 5) }, b)
	mutate(b, wb, func(tx *crdt.Tx, c *counter) { c.Add(tx, 10) }, a)

	key := []byte("the stores' shared secret")
	sealed, err := crdt.SnapshotOf(a).Seal(key, "balance/7") // goes to the client, and comes back
	if err != nil {
		panic(err)
	}
	paid := a.Value()
	mutate(a, wa, func(tx *crdt.Tx, c *counter) { c.Add(tx, 6) }, b) // concurrent
	mutate(b, wb, func(tx *crdt.Tx, c *counter) { c.Add(tx, 1) })    // and not yet at a

	snap, err := crdt.OpenSnapshot(key, "balance/7", sealed)
	if err != nil {
		panic(err)
	}
	reset := func(tx *crdt.Tx, c *counter) error { c.Reset(tx); return nil }
	_, err = crdt.Mutate(a, wa, reset, crdt.Seen(snap.Context()))
	fmt.Println(errors.Is(err, crdt.ErrAhead))

	if _, err = crdt.Mutate(a, wa, reset, crdt.SeenSnapshot(snap)); err != nil {
		panic(err)
	}
	fmt.Println(paid, a, b)
	a.Merge(b)
	b.Merge(a)
	fmt.Println(a, b)
	// Output:
	// true
	// 15 6 22
	// 7 7
}

// The same for a map: removing a key on behalf of a client takes from the counters
// below it what the client saw.
func ExampleSnapshot() {
	type accounts = crdt.AWMap[string, *crdt.Counter]
	m, w := crdt.AWMapKind(crdt.String, crdt.CounterKind()).New(), alice()
	mutate(m, w, func(tx *crdt.Tx, m *accounts) { m.At("EUR").Add(tx, 5); m.At("USD").Add(tx, 1) })
	snap := crdt.SnapshotOf(m)
	mutate(m, w, func(tx *crdt.Tx, m *accounts) { m.At("EUR").Add(tx, 2) }) // unseen by the client

	remove := func(tx *crdt.Tx, m *accounts) error { m.Remove(tx, "EUR"); m.Remove(tx, "USD"); return nil }
	if _, err := crdt.Mutate(m, w, remove, crdt.SeenSnapshot(snap)); err != nil {
		panic(err)
	}
	for k, c := range m.All() {
		fmt.Println(k, c)
	}
	// Output: EUR 2
}
