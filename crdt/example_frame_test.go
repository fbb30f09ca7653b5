package crdt_test

import (
	"fmt"
	"slices"
	"time"

	"github.com/dovetail-crdt/dovetail/crdt"
)

// A kind makes values, and reads frames of its own name only.
func ExampleKind() {
	kind := crdt.AWMapKind(crdt.String, crdt.AWSetKind(crdt.Uint64))
	fmt.Println(kind.Name, kind.Version, kind.New().Len())

	frame, _ := crdt.AppendFrame(nil, crdt.CounterKind(), crdt.CounterKind().New())
	_, err := crdt.DecodeFrame(kind, frame)
	fmt.Println(err)
	// Output:
	// awmap<string,awset<uint64>> 1 0
	// crdt: frame of another kind: counter, want awmap<string,awset<uint64>>
}

// A codec gives values their bytes, which are their identity. MsgPack makes one
// for any Go type.
func ExampleCodec() {
	type point struct{ X, Y int }
	codec := crdt.MsgPack[point]("acme/point.v1")
	set := crdt.AWSetKind(codec).New()
	mutate(set, alice(), func(tx *crdt.Tx, s *crdt.AWSet[point]) { s.Add(tx, point{1, 2}); s.Add(tx, point{1, 2}) })
	fmt.Println(set.Len(), set.Contains(point{1, 2}))
	// Output: 1 true
}

// A delta is a small state of the same type; it travels as a frame.
func ExampleAppendFrame() {
	kind := crdt.AWSetKind(crdt.String)
	a, b := kind.New(), kind.New()
	delta, _ := crdt.Mutate(a, alice(), func(tx *crdt.Tx, s *crdt.AWSet[string]) error { s.Add(tx, "milk"); return nil })
	frame, _ := crdt.AppendFrame(nil, kind, delta)

	received, err := crdt.DecodeFrame(kind, frame)
	if err != nil {
		fmt.Println(err)
		return
	}
	b.Merge(received)
	fmt.Println(slices.Collect(b.All()), a.Equal(b))
	// Output: [milk] true
}

// A writer numbers its events over all objects; On keeps the context of each
// compact.
func ExampleWriter() {
	w := crdt.NewWriter(0xa, time.Now)
	cart, clicks := crdt.AWSetKind(crdt.String).New(), crdt.CounterKind().New()
	forCart, forClicks := w.On(), w.On()
	for _, item := range []string{"milk", "eggs"} {
		mutate(cart, forCart, func(tx *crdt.Tx, s *crdt.AWSet[string]) { s.Add(tx, item) })
		mutate(clicks, forClicks, func(tx *crdt.Tx, c *crdt.Counter) { c.Add(tx, 1) })
	}
	fmt.Println(slices.Collect(cart.All()), clicks)
	// Output: [eggs milk] 2
}

// highest is a lattice of one's own: the largest number ever seen.
type highest struct{ n uint64 }

func (h *highest) Raise(tx *crdt.Tx, n uint64) { crdt.Record(tx, h, &highest{n}) }

func (h *highest) Merge(d *highest) (changed bool) {
	was := h.n
	h.n = max(h.n, d.n)
	return h.n != was
}
func (h *highest) Equal(o *highest) bool { return h.n == o.n }
func (h *highest) Clone() *highest       { return &highest{h.n} }
func (h *highest) IsBottom() bool        { return h.n == 0 }

// A lattice of your own needs its four methods, and Record in its mutators.
func ExampleRecord() {
	a, b := &highest{}, &highest{}
	mutate(a, alice(), func(tx *crdt.Tx, h *highest) { h.Raise(tx, 7) })
	mutate(b, bob(), func(tx *crdt.Tx, h *highest) { h.Raise(tx, 9) })
	a.Merge(b)
	b.Merge(a)
	fmt.Println(a.n, b.n, a.Equal(b))
	// Output: 9 9 true
}
