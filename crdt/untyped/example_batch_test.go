package untyped_test

import (
	"fmt"

	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/untyped"
)

// Many small deltas travel as one batch, which says once what they have in common.
func ExampleAppendBatch() {
	kind := crdt.AWSetKind(crdt.Uint64)
	a, b, writer := kind.New(), kind.New(), alice()
	var frames [][]byte
	size := 0
	for n := range uint64(100) {
		delta, _ := crdt.Mutate(a, writer, func(tx *crdt.Tx, s *crdt.AWSet[uint64]) error { s.Add(tx, n); return nil })
		frame, _ := crdt.AppendFrame(nil, kind, delta)
		frames, size = append(frames, frame), size+len(frame)
	}
	encoded, _ := untyped.AppendBatch(nil, frames...)
	fmt.Println("smaller by half:", len(encoded) < size/2)

	batch, err := untyped.DecodeBatch(encoded)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, frame := range batch.Frames() {
		delta, _ := crdt.DecodeFrame(kind, frame)
		b.Merge(delta)
	}
	fmt.Println(batch.Len(), a.Equal(b))
	// Output:
	// smaller by half: true
	// 100 true
}
