package kernel_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/clock/wire"
	"github.com/dovetail-crdt/dovetail/crdt/internal/kernel"
)

// Every entry takes a byte of the frame at least, so what is announced without the
// bytes for it is refused before there is memory for it.
func TestReadBoundsLiveDotsByTheInput(t *testing.T) {
	t.Parallel()
	for _, n := range []uint64{1 << 10, clock.MaxSeq} {
		ctx := &clock.Context{}
		ctx.AddRange(1, clock.Interval{Lo: 1, Hi: n})
		head, _ := ctx.AppendBinary(nil)
		b := wire.AppendBytes(nil, head)
		b = wire.AppendUvarint(append(b, 1, 0), n-1) // one run of live dots, all of the context
		b = append(b, make([]byte, 100)...)
		if _, err := decode(b); err == nil || !strings.Contains(err.Error(), "live dots in") {
			t.Errorf("decode of %d live dots in 100 bytes = %v, want an error about it", n, err)
		}
	}
}

// A path has at most MaxDepth segments.
func TestReadBoundsDepth(t *testing.T) {
	t.Parallel()
	for depth, ok := range map[int]bool{kernel.MaxDepth: true, kernel.MaxDepth + 1: false} {
		b := wire.AppendBytes(nil, []byte{0})
		b = wire.AppendUvarint(b, uint64(depth-1)) // inner nodes, each below the one before
		for i := range depth - 1 {
			b = append(b, byte(i+1), 1, 'k')
		}
		b = append(b, 1, byte(depth), 1, 'c', 1) // a base at the last segment
		b = wire.AppendUint64(b, 1)
		b = append(b, 1, 0, 1, 2) // run 1, closing none, seq 1, sum 1
		b, _ = clock.Dot{Replica: 1, Seq: 1}.AppendBinary(b)
		s, err := decode(b)
		if (err == nil) != ok {
			t.Errorf("decode of a path of %d segments = %v", depth, err)
		}
		if ok && err == nil {
			for path := range s.Bases() {
				if len(path) != depth {
					t.Errorf("path of %d segments has %d", depth, len(path))
				}
			}
		}
	}
}

// adds returns the delta in which replica 9 adds a number of elements under numbers
// from first on, each the element of its number.
func adds(t *testing.T, first uint64, n int) *kernel.State {
	t.Helper()
	w := newSite(t, 9)
	w.seq = first - 1
	return w.do(func(tx *kernel.Tx) {
		for i := range uint64(n) {
			tx.Put(at("s", fmt.Sprint(first+i)), nil)
		}
	})
}

// spread returns a state with enough entries of another replica that replica 9 has
// pages of its own.
func spread(t *testing.T) *site {
	t.Helper()
	w := newSite(t, 2)
	w.do(func(tx *kernel.Tx) {
		for i := range kernel.PageSize + 1 {
			tx.Put(at("other", bulkKey(i)), nil)
		}
	})
	return w
}

// elements checks that every element stands under its number.
func (w *site) elements(want int) {
	w.t.Helper()
	n := 0
	for e := range w.s.Entries() {
		if e.Dot.Replica != 9 {
			continue
		}
		if n++; e.Path[1] != fmt.Sprint(e.Dot.Seq) {
			w.t.Errorf("element %q stands under %v", e.Path[1], e.Dot)
		}
	}
	if n != want {
		w.t.Errorf("%d elements, want %d", n, want)
	}
	back, err := decode(encode(w.s))
	if err != nil || !same(back, w.s) {
		w.t.Errorf("decode of the state: %v", err)
	}
}

// A page says how far each number is above its lowest in 32 bits: numbers that are
// farther apart stand in two pages, whichever comes first.
func TestPageReach(t *testing.T) {
	t.Parallel()
	const reach = 1<<32 - 1
	for far, pages := range map[uint64]int{reach: 1, reach + 1: 2} {
		for _, order := range [][]uint64{{5, 5 + far}, {5 + far, 5}, {5 + far/2, 5, 5 + far}, {5 + far/2, 5 + far, 5}} {
			w := spread(t)
			was := kernel.Shape(w.s)["packed"]
			for _, seq := range order {
				w.see(adds(t, seq, 1))
			}
			if got := kernel.Shape(w.s)["packed"] - was; got != pages {
				t.Errorf("numbers %v stand in %d pages, want %d", order, got, pages)
			}
			w.elements(len(order))
		}
	}
}

// A page that has few entries left gives them to a neighbour only if that can reach
// them.
func TestFewEntriesStayWhereNoNeighbourReaches(t *testing.T) {
	t.Parallel()
	const edge = uint64(1) << 32
	remove := func(w *site, goes func(seq uint64) bool) {
		var paths [][]string
		for e := range w.s.Entries() {
			if e.Dot.Replica == 9 && goes(e.Dot.Seq) {
				paths = append(paths, e.Path)
			}
		}
		w.do(func(tx *kernel.Tx) {
			for _, p := range paths {
				tx.Kill(p)
			}
		})
	}
	// Numbers from edge on are in a page of their own, and those before it go: then 1 is
	// beside it, which reaches to edge alone.
	for _, last := range []uint64{edge, edge + 250, 2*edge + 250} {
		w := spread(t)
		window := last &^ (kernel.PageSize - 1)
		w.see(adds(t, 1, 1), adds(t, window-511, 1200))
		remove(w, func(seq uint64) bool { return seq > 1 && seq < window })
		remove(w, func(seq uint64) bool { return seq >= window && seq < window+kernel.PageSize && seq != last })
		w.elements(1 + 1200 - 511 - kernel.PageSize + 1)
	}
	// The neighbour above has a number that is nearly as far from its lowest as can be.
	for _, far := range []uint64{edge - 2000, edge - 1400, edge - 1} {
		w := spread(t)
		top := 4*edge + 1500
		w.see(adds(t, 4*edge-511, 1024), adds(t, top, 1), adds(t, top+far, 1))
		remove(w, func(seq uint64) bool { return seq < top && seq != 4*edge+3 })
		w.elements(3)
	}
}
