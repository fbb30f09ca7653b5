package crdt_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/untyped"
)

// TestFrameSet: frames of each kind are joined, what is not known is kept once, what is
// damaged is left out; the set's own frames make the same set.
func TestFrameSet(t *testing.T) {
	t.Parallel()
	words := frame(t, crdt.AWSetKind(crdt.String), one(t))
	counter := crdt.CounterKind().New()
	do(t, counter, writer(2), func(tx *crdt.Tx, c *crdt.Counter) { c.Add(tx, 1) })
	count := frame(t, crdt.CounterKind(), counter)
	newer := bytes.Clone(words)
	newer[1] = 0x7f
	damaged := bytes.Clone(words)
	damaged[len(damaged)-1] ^= 1

	var s untyped.FrameSet
	for i, f := range [][]byte{words, words, count, newer, newer} {
		changed, err := s.Add(f)
		if (err != nil) != (i >= 3) || err != nil && !errors.Is(err, crdt.ErrVersion) || changed != (i != 1 && i != 4) {
			t.Errorf("Add of frame %d = %t, %v", i, changed, err)
		}
	}
	if changed, err := s.Add(damaged); changed || !errors.Is(err, crdt.ErrCorrupt) {
		t.Errorf("Add of a damaged frame = %t, %v, want ErrCorrupt", changed, err)
	}
	if len(s.Objects()) != 2 || len(s.Kept()) != 1 {
		t.Fatalf("%d objects and %d kept frames, want 2 and 1", len(s.Objects()), len(s.Kept()))
	}
	if _, err := s.Object(crdt.CounterKind()); !errors.Is(err, crdt.ErrVersion) {
		t.Errorf("Object beside a frame of a newer format, which may be of its kind = %v, want ErrVersion", err)
	}
	frames, err := s.AppendFrames(nil)
	if err != nil || len(frames) != 3 {
		t.Fatalf("AppendFrames = %d frames, %v", len(frames), err)
	}
	var again untyped.FrameSet
	for _, f := range frames[:2] {
		if _, err := again.Add(f); err != nil {
			t.Fatal(err)
		}
	}
	if o, err := again.Object(crdt.CounterKind()); err != nil || !bytes.Equal(bytesOf(t, o), count) {
		t.Errorf("the counter of the set is %v, %v", o, err)
	}
	if _, err := again.Object(crdt.EWFlagKind()); !errors.Is(err, crdt.ErrKind) {
		t.Errorf("an object of a kind that is not there = %v, want ErrKind", err)
	}
}
