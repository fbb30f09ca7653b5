package crdt_test

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/untyped"
)

// A batch of two replicas' concurrent deltas, read by a program that does not know
// their kind.
func ExampleBatch() {
	kind := crdt.CounterKind()
	a, b, total := kind.New(), kind.New(), kind.New()
	mutate(a, alice(), func(tx *crdt.Tx, c *crdt.Counter) { c.Add(tx, 5) })
	mutate(b, bob(), func(tx *crdt.Tx, c *crdt.Counter) { c.Add(tx, 7) })
	fa, _ := crdt.AppendFrame(nil, kind, a)
	fb, _ := crdt.AppendFrame(nil, kind, b)
	sent, _ := untyped.AppendBatch(nil, fa, fb)

	batch, err := untyped.DecodeBatch(sent)
	if err != nil {
		fmt.Println(err)
		return
	}
	empty, _ := crdt.AppendFrame(nil, kind, total)
	sum, _ := untyped.DecodeObject(empty)
	for o, err := range batch.Objects() {
		if err != nil {
			fmt.Println(err)
			continue
		}
		if _, err := sum.Merge(o); err != nil {
			fmt.Println(err)
		}
	}
	merged, _ := sum.AppendFrame(nil)
	total, err = crdt.DecodeFrame(kind, merged)
	fmt.Println(batch.Len(), total, err)
	// Output: 2 12 <nil>
}

// Fields of two types under one context, changed at once by two replicas.
func ExampleField() {
	visits := crdt.NewField("visits", crdt.CounterKind())
	name := crdt.NewField("name", crdt.MVRegisterKind(crdt.String))
	kind := crdt.DocKind(visits, name)
	a, b := kind.New(), kind.New()
	mutate(a, alice(), func(tx *crdt.Tx, d *crdt.Doc) { visits.In(d).Add(tx, 1); name.In(d).Set(tx, "Ann") })
	mutate(b, bob(), func(tx *crdt.Tx, d *crdt.Doc) { visits.In(d).Add(tx, 2); name.In(d).Set(tx, "Anne") })
	a.Merge(b)
	fmt.Println(visits.In(a), slices.Collect(name.In(a).Values()))
	// Output: 3 [Ann Anne]
}

// A program counts what two replicas hold, whatever the type.
func ExampleLattice() {
	a, b := crdt.GSetKind(crdt.String).New(), crdt.GSetKind(crdt.String).New()
	mutate(a, alice(), func(tx *crdt.Tx, s *crdt.GSet[string]) { s.Add(tx, "x") })
	mutate(b, bob(), func(tx *crdt.Tx, s *crdt.GSet[string]) { s.Add(tx, "y") })
	fmt.Println(agree(a, b), slices.Collect(a.All()))
	// Output: true [x y]
}

// agree merges two values of any type into each other.
func agree[S crdt.Lattice[S]](a, b S) bool {
	a.Merge(b)
	b.Merge(a)
	return a.Equal(b)
}

// onDisk is a source that numbers its events from where its disk says it was.
type onDisk struct {
	*crdt.Writer
	last uint64
}

func (n *onDisk) Issue(events int) (clock.Event, error) {
	first := clock.Dot{Replica: n.Replica(), Seq: n.last + 1}
	ev := clock.Event{Dot: first, After: n.last}
	n.last += uint64(events) // on disk, before anybody hears of them
	return ev, nil
}

// A source decides the numbers of events. Two that claim one number are found out
// as soon as one sees what the other did.
func ExampleSource() {
	add := func(tx *crdt.Tx, c *crdt.Counter) error { c.Add(tx, 1); return nil }
	a, b := crdt.CounterKind().New(), crdt.CounterKind().New()
	mine := &onDisk{Writer: alice()}
	_, err := crdt.Mutate(a, mine, add)
	fmt.Println(a, err)

	b.Merge(a)
	stale := &onDisk{Writer: alice()} // its disk was rolled back
	_, err = crdt.Mutate(b, stale, add)
	fmt.Println(b, errors.Is(err, crdt.ErrReused))
	// Output:
	// 1 <nil>
	// 1 true
}

// A token says which increments a client saw, not how much they were: where its
// replica has added more since, a reset in its name refuses.
func ExampleAheadError() {
	c, w := crdt.CounterKind().New(), alice()
	add := func(tx *crdt.Tx, c *crdt.Counter) { c.Add(tx, 1) }
	mutate(c, w, add)
	saw := crdt.ContextOf(c)
	mutate(c, w, add) // concurrent with the client

	reset := func(tx *crdt.Tx, c *crdt.Counter) error { c.Reset(tx); return nil }
	_, err := crdt.Mutate(c, w, reset, crdt.Seen(saw))
	if ahead, ok := errors.AsType[*crdt.AheadError](err); ok {
		fmt.Println(c, ahead.Totals)
	}
	// Output: 2 [000000000000000a.2]
}

// Two replicas hold half of the rights each. Neither can spend the other's, and
// the error says where the rest is.
func ExampleOverdraftError() {
	a, b, wa, wb := crdt.BoundedCounterKind(0, math.MaxInt64).New(), crdt.BoundedCounterKind(0, math.MaxInt64).New(), alice(), bob()
	split := func(tx *crdt.Tx, c *crdt.BoundedCounter) error {
		return errors.Join(c.Grant(tx, 10), c.Transfer(tx, wb.Replica(), 5))
	}
	delta, _ := crdt.Mutate(a, wa, split)
	b.Merge(delta)

	_, err := crdt.Mutate(b, wb, func(tx *crdt.Tx, c *crdt.BoundedCounter) error { return c.Spend(tx, 7) })
	if over, ok := errors.AsType[*crdt.OverdraftError](err); ok {
		fmt.Println("wanted", over.Want, "here", over.Here, "elsewhere", over.Elsewhere)
	}
	// Output: wanted 7 here 5 elsewhere 5
}

// unsure is a source that does not know whether others have its second event.
type unsure struct{ *crdt.Writer }

func (unsure) Doubt() uint64 { return 2 }

// A replica that cannot vouch for its past spends nothing.
func ExampleRowError() {
	c, w := crdt.BoundedCounterKind(0, math.MaxInt64).New(), alice()
	if _, err := crdt.Mutate(c, w, func(tx *crdt.Tx, c *crdt.BoundedCounter) error { return c.Grant(tx, 10) }); err != nil {
		panic(err)
	}
	_, err := crdt.Mutate(c, unsure{w}, func(tx *crdt.Tx, c *crdt.BoundedCounter) error { return c.Spend(tx, 1) })
	if row, ok := errors.AsType[*crdt.RowError](err); ok {
		fmt.Println(c, "doubts event", row.Doubt)
	}
	// Output: 10 doubts event 2
}
