package clock_test

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/dovetail-crdt/dovetail/clock"
)

const (
	alice = clock.ReplicaID(0xa)
	bob   = clock.ReplicaID(0xb)
)

// A replica id is drawn at random; here it is read back from where it was kept.
func ExampleReplicaID() {
	id, err := clock.ParseReplicaID("1f3a9c0077e2b541")
	fmt.Println(id, err)

	_, err = clock.ParseReplicaID("0000000000000000")
	fmt.Println(err)
	// Output:
	// 1f3a9c0077e2b541 <nil>
	// clock: replica id "0000000000000000": want 16 lower-case hexadecimal digits, not all zero: corrupt encoding
}

// A dot is a name that no other event will ever have, so it can be a map key.
func ExampleDot() {
	values := map[clock.Dot]string{
		{Replica: alice, Seq: 1}: "tea",
		{Replica: bob, Seq: 1}:   "coffee",
	}
	d := clock.Dot{Replica: bob, Seq: 1}
	fmt.Println(d, values[d])
	fmt.Println(clock.Dot{}.IsValid())
	// Output:
	// 000000000000000b.1 coffee
	// false
}

// Alice's fifth event follows her second on the same object: 3 and 4 were on
// others. Who receives it knows that no event is missing in between.
func ExampleEvent() {
	var context clock.Context
	context.AddRange(alice, clock.Interval{Lo: 1, Hi: 2})

	e := clock.Event{Dot: clock.Dot{Replica: alice, Seq: 5}, After: 2}
	context.AddRange(e.Dot.Replica, clock.Interval{Lo: e.After + 1, Hi: e.Dot.Seq})

	fmt.Println(e.IsValid(), &context)
	// Output:
	// true {000000000000000a:1-5}
}

// Of two concurrent histories neither may overwrite the other.
func ExampleOrdering() {
	var left, right clock.Vector
	fmt.Println(left.Compare(&right))

	left.Advance(clock.Dot{Replica: alice, Seq: 1})
	fmt.Println(left.Compare(&right), right.Compare(&left))

	right.Advance(clock.Dot{Replica: bob, Seq: 1})
	fmt.Println(left.Compare(&right))
	// Output:
	// equal
	// after before
	// concurrent
}

// Two replicas write without hearing of each other, then exchange histories.
func ExampleVector() {
	var atAlice, atBob clock.Vector
	atAlice.Advance(clock.Dot{Replica: alice, Seq: 1})
	atBob.Merge(&atAlice)

	atAlice.Advance(clock.Dot{Replica: alice, Seq: 2})
	atBob.Advance(clock.Dot{Replica: bob, Seq: 1})
	fmt.Println(&atAlice, atAlice.Compare(&atBob), &atBob)

	fmt.Println(atAlice.Merge(&atBob), atBob.Merge(&atAlice))
	fmt.Println(&atAlice, atAlice.Compare(&atBob), &atBob)
	fmt.Println(atAlice.Merge(&atBob))
	// Output:
	// {000000000000000a:2} concurrent {000000000000000a:1 000000000000000b:1}
	// true true
	// {000000000000000a:2 000000000000000b:1} equal {000000000000000a:2 000000000000000b:1}
	// false
}

// A context can have gaps: the events that Bob got out of order, and the ones
// that he still has to ask for.
func ExampleContext() {
	var atAlice, atBob clock.Context
	atAlice.AddRange(alice, clock.Interval{Lo: 1, Hi: 5})
	atBob.Add(clock.Dot{Replica: bob, Seq: 1})
	for _, seq := range []uint64{1, 2, 5} {
		atBob.Add(clock.Dot{Replica: alice, Seq: seq})
	}
	fmt.Println(&atBob, atAlice.Compare(&atBob))

	missing := atAlice.Minus(&atBob)
	fmt.Println(missing)

	atBob.Merge(missing)
	fmt.Println(&atBob, atAlice.Compare(&atBob))
	// Output:
	// {000000000000000a:1-2,5 000000000000000b:1} concurrent
	// {000000000000000a:3-4}
	// {000000000000000a:1-5 000000000000000b:1} before
}

// Alice and Bob overwrite the same value without hearing of each other: both
// values stay. Carol has seen them when she writes, so hers replaces both,
// wherever it arrives; Bob's next write, by a client that still goes by what it
// read at first, does not replace hers.
func ExampleSiblings() {
	write := func(s *clock.Siblings[string], id clock.ReplicaID, seq uint64, seen *clock.Context, v string) {
		e := clock.Event{Dot: clock.Dot{Replica: id, Seq: seq}, After: seq - 1}
		if err := s.Write(e, seen, v); err != nil {
			fmt.Println(err)
		}
	}
	var atAlice, atBob clock.Siblings[string]
	write(&atAlice, alice, 1, nil, "tea")
	atBob.Merge(&atAlice)
	read := atBob.Context().Clone()

	write(&atAlice, alice, 2, atAlice.Context(), "green tea")
	write(&atBob, bob, 1, atBob.Context(), "coffee")
	atAlice.Merge(&atBob)
	fmt.Println(slices.Collect(atAlice.Values()))

	const carol = 0xc
	write(&atAlice, carol, 1, atAlice.Context(), "water")
	fmt.Println(slices.Collect(atAlice.Values()))

	write(&atBob, bob, 2, read, "cocoa")
	fmt.Println(slices.Collect(atBob.Values()))
	fmt.Println(atAlice.Merge(&atBob), atBob.Merge(&atAlice), atAlice.Equal(&atBob))
	fmt.Println(slices.Collect(atBob.Values()))
	// Output:
	// [green tea coffee]
	// [water]
	// [cocoa coffee]
	// true true true
	// [cocoa water]
}

// A blind write replaces nothing. Made at a zero value, a write is a delta,
// which can be sent alone and merged any number of times.
func ExampleSiblings_Write() {
	var at, delta clock.Siblings[string]
	e := clock.Event{Dot: clock.Dot{Replica: alice, Seq: 4}, After: 0} // 1 to 3 were on other objects
	if err := at.Write(e, nil, "tea"); err != nil {
		fmt.Println(err)
	}

	if err := delta.Write(clock.Event{Dot: clock.Dot{Replica: bob, Seq: 7}}, nil, "coffee"); err != nil {
		fmt.Println(err)
	}
	fmt.Println(at.Merge(&delta), at.Merge(&delta))
	fmt.Println(slices.Collect(at.Values()), at.Context())

	fmt.Println(errors.Is(at.Write(e, nil, "again"), clock.ErrEvent))
	// Output:
	// true false
	// [tea coffee] {000000000000000a:1-4 000000000000000b:1-7}
	// true
}

// Dots that touch make one interval, in whatever order they come.
func ExampleInterval() {
	var c clock.Context
	for _, seq := range []uint64{7, 1, 3, 2} {
		c.Add(clock.Dot{Replica: alice, Seq: seq})
	}
	for id, in := range c.Intervals() {
		fmt.Printf("%v: %d to %d\n", id, in.Lo, in.Hi)
	}
	// Output:
	// 000000000000000a: 1 to 3
	// 000000000000000a: 7 to 7
}

// Bob's wall clock is two seconds behind Alice's, yet what he writes over her
// value has the larger timestamp.
func ExampleHLC() {
	noon := time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	atAlice := clock.NewHLC(func() time.Time { return noon }, clock.DefaultBound)
	atBob := clock.NewHLC(func() time.Time { return noon.Add(-2 * time.Second) }, clock.DefaultBound)

	written := atAlice.Now()
	overwritten := atBob.Stamp(written)
	fmt.Println(written)
	fmt.Println(overwritten, overwritten > written)

	// A timestamp from a clock that is a year ahead is not followed.
	fmt.Println(atBob.Observe(clock.TimestampOf(noon.AddDate(1, 0, 0))))
	fmt.Println(atBob.Now())
	// Output:
	// 2026-01-02T12:00:00.000Z+0
	// 2026-01-02T12:00:00.000Z+1 true
	// false
	// 2026-01-02T12:00:00.000Z+2
}

// Events of one millisecond are told apart by the logical part.
func ExampleTimestamp() {
	t := clock.TimestampOf(time.Date(2026, 1, 2, 12, 0, 0, 6e6, time.UTC))
	fmt.Println(t, t.Next(), t < t.Next())
	fmt.Println(t.Next().Time().Format(time.TimeOnly), t.Next().Logical())
	// Output:
	// 2026-01-02T12:00:00.006Z+0 2026-01-02T12:00:00.006Z+1 true
	// 12:00:00 1
}

// A client hands back the token of what it read. The store finds the writes
// that the client had not seen, and must keep them beside the client's.
func ExampleToken() {
	key := []byte("the stores' shared secret")
	var read clock.Context
	read.Add(clock.Dot{Replica: alice, Seq: 1})
	token, err := clock.SealToken(key, "cart/42", &read)
	if err != nil {
		fmt.Println(err)
		return
	}

	stored := read.Clone() // meanwhile, another client writes at Bob
	stored.Add(clock.Dot{Replica: bob, Seq: 1})

	seen, err := token.Open(key, "cart/42")
	fmt.Println(seen, err, seen.Compare(stored))
	fmt.Println("concurrent with the client:", stored.Minus(seen))

	_, err = token.Open(key, "cart/43")
	fmt.Println(errors.Is(err, clock.ErrToken))
	// Output:
	// {000000000000000a:1} <nil> before
	// concurrent with the client: {000000000000000b:1}
	// true
}
