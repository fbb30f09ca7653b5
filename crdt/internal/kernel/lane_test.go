package kernel

import (
	"cmp"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/dovetail-crdt/dovetail/clock"
)

// TestLane holds a lane to a sorted slice, over enough entries for several
// chunks.
func TestLane(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		l := lane{id: 1}
		var oracle []uint64
		span := rapid.Uint64Range(1, 4*laneChunk).Draw(rt, "span")
		for range rapid.IntRange(1, 12).Draw(rt, "steps") {
			from := rapid.Uint64Range(1, 4*laneChunk).Draw(rt, "from")
			stride := rapid.Uint64Range(1, 3).Draw(rt, "stride")
			kill := rapid.Bool().Draw(rt, "kill")
			for seq := from; seq < from+span; seq += stride {
				i, there := slices.BinarySearch(oracle, seq)
				switch {
				case there && kill:
					l.remove(seq)
					oracle = slices.Delete(oracle, i, i+1)
				case !there && !kill:
					l.insert(&Entry{dot: clock.Dot{Replica: 1, Seq: seq}})
					oracle = slices.Insert(oracle, i, seq)
				}
			}
			checkLane(rt, &l, oracle)
			lo := rapid.Uint64Range(1, 9*laneChunk).Draw(rt, "lo")
			in := clock.Interval{Lo: lo, Hi: lo + rapid.Uint64Range(0, 2*laneChunk).Draw(rt, "length")}
			var got []uint64
			l.within(in, func(e *Entry) { got = append(got, e.dot.Seq) })
			i, _ := slices.BinarySearch(oracle, in.Lo)
			j, _ := slices.BinarySearch(oracle, in.Hi+1)
			if !slices.Equal(got, oracle[i:j]) {
				rt.Fatalf("within(%v) = %v, want %v", in, got, oracle[i:j])
			}
		}
	})
}

func checkLane(t *rapid.T, l *lane, want []uint64) {
	var got []uint64
	l.all(func(e *Entry) { got = append(got, e.dot.Seq) })
	if !slices.Equal(got, want) || l.n != len(want) {
		t.Fatalf("lane of %d entries holds %v, want %v", l.n, got, want)
	}
	for _, c := range l.chunks {
		if len(c) == 0 || len(c) > laneChunk {
			t.Fatalf("chunk of %d entries, want 1 to %d", len(c), laneChunk)
		}
	}
	for seq := range uint64(8*laneChunk + 2) {
		_, there := slices.BinarySearch(want, seq)
		if e := l.find(seq); (e != nil) != there || there && e.dot.Seq != seq {
			t.Fatalf("find(%d) = %v, want found %t", seq, e, there)
		}
	}
}

// TestLaneOrders fills lanes in the orders that matter and counts the chunks.
func TestLaneOrders(t *testing.T) {
	t.Parallel()
	const n = 4 * laneChunk
	up := make([]uint64, n)
	for i := range up {
		up[i] = uint64(i + 1)
	}
	down := slices.Clone(up)
	slices.Reverse(down)
	middle := slices.Clone(up) // both ends first, closing in
	slices.SortFunc(middle, func(a, b uint64) int { return cmp.Compare(min(a, n-a), min(b, n-b)) })
	tests := []struct {
		name   string
		order  []uint64
		chunks int // at most
	}{
		{"ascending fills every chunk", up, 4},
		{"descending leaves them half full", down, 9},
		{"from the ends inwards", middle, 9},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l := lane{id: 1}
			for _, seq := range tt.order {
				l.insert(&Entry{dot: clock.Dot{Replica: 1, Seq: seq}})
			}
			var got []uint64
			l.all(func(e *Entry) { got = append(got, e.dot.Seq) })
			if !slices.Equal(got, up) {
				t.Errorf("lane is not in order: %v", got)
			}
			if len(l.chunks) > tt.chunks {
				t.Errorf("%d entries stand in %d chunks, want at most %d", n, len(l.chunks), tt.chunks)
			}
			for _, seq := range tt.order {
				l.remove(seq)
			}
			if l.n != 0 || len(l.chunks) != 0 {
				t.Errorf("emptied lane counts %d entries in %d chunks", l.n, len(l.chunks))
			}
		})
	}
}
