package kernel_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt/internal/kernel"
	"github.com/dovetail-crdt/dovetail/crdt/internal/textbook"
)

// TestAnyOrder merges the deltas of two writers in many orders: forwards,
// backwards, shuffled, and in swaps of near ones; with and without gaps between
// the numbers; into states whose tables are there and are not. All come out the
// same as in order, and every form of a page is met on the way.
func TestAnyOrder(t *testing.T) {
	t.Parallel()
	seen := map[string]int{}
	for _, gap := range []int64{1, 2, 3, 50, 1 << 34} {
		deltas := history(t, gap, 1500)
		want := kernel.New()
		for _, d := range deltas {
			want.Merge(d)
		}
		if err := kernel.Check(want); err != nil {
			t.Fatal(err)
		}
		for _, order := range []string{"backwards", "shuffled", "near", "halves"} {
			for _, indexed := range []bool{false, true} {
				got := kernel.New()
				for i, k := range permuted(order, len(deltas)) {
					got.Merge(deltas[k])
					if indexed && i == 100 {
						kernel.Index(got)
					}
					if i%97 == 0 || i == len(deltas)-1 {
						if err := kernel.Check(got); err != nil {
							t.Fatalf("gap %d, %s, step %d: %v", gap, order, i, err)
						}
						for form, n := range kernel.Shape(got) {
							seen[form] = max(seen[form], n)
						}
					}
				}
				if !same(got, want) {
					t.Errorf("gap %d: %s comes out different", gap, order)
				}
			}
		}
	}
	for _, form := range []string{"dense", "packed", "mixed", "packed in disorder", "packed with dead slots", "indexed"} {
		if seen[form] == 0 {
			t.Errorf("no state had pages that are %s", form)
		}
	}
}

// history returns the deltas of two writers that add, overwrite and remove under
// numbers that are up to gap apart.
func history(t *testing.T, gap int64, n int) []*kernel.State {
	t.Helper()
	r := rand.New(rand.NewPCG(uint64(gap), 7))
	sites := []*site{newSite(t, 1), newSite(t, 2)}
	var out []*kernel.State
	for i := range n {
		w := sites[r.IntN(2)]
		tx := w.s.Begin(w.id, 0)
		for range 1 + r.IntN(2) {
			key := at("s", bulkKey(r.IntN(n)))
			if r.IntN(4) == 0 {
				tx.Kill(key)
			} else {
				tx.Put(key, fmt.Append(nil, i)[:r.IntN(2)])
			}
		}
		if tx.Events() == 0 {
			tx.Rollback()
			continue
		}
		first := w.seq + 1 + uint64(r.Int64N(gap))
		d, err := tx.Commit(first, w.seq)
		if err != nil {
			t.Fatal(err)
		}
		w.seq = d.Context().Max(w.id)
		if out = append(out, d); r.IntN(3) > 0 {
			sites[0].s.Merge(d)
			sites[1].s.Merge(d)
		}
	}
	return out
}

func permuted(order string, n int) []int {
	p := make([]int, n)
	for i := range p {
		switch order {
		case "backwards":
			p[i] = n - 1 - i
		case "near":
			p[i] = i ^ 1
			if p[i] >= n {
				p[i] = i
			}
		case "halves":
			p[i] = (i + n/2) % n
		default:
			p[i] = i
		}
	}
	if order == "shuffled" {
		rand.New(rand.NewPCG(1, 1)).Shuffle(n, func(i, j int) { p[i], p[j] = p[j], p[i] })
	}
	return p
}

// TestFullMerge merges whole states of many pages that differ in a few entries,
// in both forms that a state can have: grown and decoded.
func TestFullMerge(t *testing.T) {
	t.Parallel()
	for _, gap := range []int64{1, 3, 1000} {
		deltas := history(t, gap, 3000)
		a, b, both := kernel.New(), kernel.New(), kernel.New()
		r := rand.New(rand.NewPCG(3, 3))
		for _, d := range deltas {
			lost := r.IntN(30)
			if lost != 0 {
				a.Merge(d)
			}
			if lost != 1 {
				b.Merge(d)
			}
			both.Merge(d)
		}
		for _, decoded := range []bool{false, true} {
			x, y := a.Clone(), b.Clone()
			if decoded {
				x, _ = decode(encode(a))
				y, _ = decode(encode(b))
			}
			arg := encode(y)
			if !x.Merge(y) || !same(x, both) || string(encode(y)) != string(arg) {
				t.Errorf("gap %d, decoded %t: the join of two whole states is wrong", gap, decoded)
			}
			if err := kernel.Check(x); err != nil {
				t.Errorf("gap %d, decoded %t: %v", gap, decoded, err)
			}
			if x.Merge(y) || x.Merge(both) {
				t.Errorf("gap %d, decoded %t: merging again changed something", gap, decoded)
			}
		}
	}
}

// TestFullMergeOfHoles merges whole states of which one lacks, or has ended, pages
// full of what the other has, beside pages that are the same.
func TestFullMergeOfHoles(t *testing.T) {
	t.Parallel()
	const n, window = 1800, 256
	w := newSite(t, 1)
	var adds []*kernel.State
	for i := range n {
		adds = append(adds, w.do(func(tx *kernel.Tx) { tx.Put(at(fmt.Sprint("x", i)), nil) }))
	}
	for _, holes := range [][]int{{0}, {1}, {3, 4}, {1, 3, 5}, {7}, {0, 1, 2, 3, 4, 5, 6, 7}} {
		here, gone := kernel.New(), w.s.Clone() // gone has ended what stands in the holes
		killer := &site{t: t, s: gone, id: 2}
		killer.do(func(tx *kernel.Tx) {
			for i := range n {
				if slices.Contains(holes, (i+1)/window) {
					tx.Kill(at(fmt.Sprint("x", i)))
				} else {
					here.Merge(adds[i]) // and here they have not come
				}
			}
		})
		for name, pair := range map[string][2]*kernel.State{
			"ended there": {w.s, gone}, "ended here": {gone, w.s}, "unknown here": {here, w.s}, "unknown there": {w.s, here},
			"ended or unknown": {here, gone}, "unknown or ended": {gone, here},
		} {
			for _, decoded := range []bool{false, true} {
				x, y := pair[0].Clone(), pair[1].Clone()
				if decoded {
					x, _ = decode(encode(x))
					y, _ = decode(encode(y))
				}
				want := textbook.Join(textbook.From(x), textbook.From(y))
				x.Merge(y)
				if got := textbook.From(x); !got.Equal(want) {
					t.Errorf("holes %v, %s, decoded %t: wrong, with %d entries", holes, name, decoded, x.Len())
				}
			}
		}
	}
}

// TestJoinRows holds the short cut for lone counters to the general rule: totals of
// several writers that are ahead of each other in any way, also with resets,
// doubts and lost deltas between.
func TestJoinRows(t *testing.T) {
	t.Parallel()
	taken := 0
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 5))
		var sites []*site
		for i := range 5 {
			sites = append(sites, newSite(t, clock.ReplicaID(i+1)))
		}
		var deltas []*kernel.State
		for _, w := range sites { // most of the time all know all writers
			if seed%8 != 0 {
				deltas = append(deltas, w.do(func(tx *kernel.Tx) { tx.Inc(nil, 1) }))
			}
		}
		for _, w := range sites {
			w.see(deltas...)
		}
		for range 60 {
			w := sites[r.IntN(len(sites))]
			switch what := r.IntN(40); {
			case what == 0 && seed%4 == 0:
				deltas = append(deltas, w.do(func(tx *kernel.Tx) { tx.Kill(nil) }))
			case what == 1 && seed%4 == 1:
				w.doubt = w.seq
			case what < 25:
				deltas = append(deltas, w.do(func(tx *kernel.Tx) { tx.Inc(nil, uint64(r.IntN(100))) }))
			case what < 30 && len(deltas) > 0:
				w.see(deltas[r.IntN(len(deltas))])
			default:
				from := sites[r.IntN(len(sites))].s
				if r.IntN(4) > 0 { // as it comes in a frame: without dead slots
					from = from.Clone()
				}
				want := textbook.Join(textbook.From(w.s), textbook.From(from))
				was := w.s.Clone()
				if kernel.JoinsRows(w.s, from) {
					taken++
				}
				if changed := w.s.Merge(from); changed == same(was, w.s) {
					t.Fatalf("seed %d: Merge reported changed=%t", seed, changed)
				}
				w.valid(w.s)
				if got := textbook.From(w.s); !got.Equal(want) {
					t.Fatalf("seed %d: got %v, want %v", seed, got, want)
				}
			}
		}
	}
	if taken < 500 {
		t.Errorf("the short cut was taken %d times", taken)
	}
}

// No history leads there, but a decoder takes it: a state that knows a total to be
// dead, and has an older one of its replica. The short cut must not bring the dead
// one in.
func TestJoinRowsOfADeadTotal(t *testing.T) {
	t.Parallel()
	w := newSite(t, 1)
	inc := func(tx *kernel.Tx) { tx.Inc(nil, 5) }
	old := w.do(inc)
	w.do(inc)
	newer := w.do(inc) // number 3
	dead := newSite(t, 1)
	dead.seq = 1
	dead.do(func(tx *kernel.Tx) { tx.Put(at("x"), nil) })
	dead.do(func(tx *kernel.Tx) { tx.Kill(at("x")) }) // numbers 2 and 3 are dead here

	for _, s := range []*kernel.State{old.Clone(), newer.Clone()} {
		s.Merge(dead.s)
		d := w.s.Clone()
		want := textbook.Join(textbook.From(s), textbook.From(d))
		s.Merge(d)
		if got := textbook.From(s); !got.Equal(want) {
			t.Errorf("got %v, want %v", got, want)
		}
		d = w.s.Clone()
		d.Merge(s)
		if got := textbook.From(d); !got.Equal(want) {
			t.Errorf("the other way round: got %v, want %v", got, want)
		}
	}
}

// TestThinning removes nearly all of a large state, in random order, by single
// deltas and in groups, and goes on writing to what is left.
func TestThinning(t *testing.T) {
	t.Parallel()
	seen := map[string]int{}
	for _, indexed := range []bool{false, true} {
		r := rand.New(rand.NewPCG(9, 9))
		w, other := newSite(t, 1), newSite(t, 2)
		const n = 6000
		fill := func(keys []int) *kernel.State {
			return w.do(func(tx *kernel.Tx) {
				for _, k := range keys {
					tx.Put(at("s", bulkKey(k)), []byte("v")[:k%5/4])
				}
			})
		}
		all := r.Perm(n)
		other.see(fill(all))
		if indexed {
			kernel.Index(other.s)
		}
		for from := 0; from < n-100; {
			k := 1 + r.IntN(40)
			d := w.do(func(tx *kernel.Tx) {
				for _, key := range all[from:min(from+k, n-100)] {
					tx.Kill(at("s", bulkKey(key)))
				}
			})
			from += k
			if other.s.Merge(d); r.IntN(10) == 0 {
				other.valid(other.s)
			}
			if r.IntN(10) == 0 { // the same key again, and one that is new
				other.s.Merge(fill([]int{all[0], n + from}))
			}
			for form, n := range kernel.Shape(other.s) {
				seen[form] = max(seen[form], n)
			}
		}
		other.valid(other.s)
		if !same(w.s, other.s) {
			t.Errorf("indexed %t: the replicas differ", indexed)
		}
		if back, err := decode(encode(other.s)); err != nil || !same(back, other.s) {
			t.Errorf("indexed %t: what is left does not come back from its bytes: %v", indexed, err)
		}
	}
	for _, form := range []string{"dense and thin", "packed"} {
		if seen[form] == 0 {
			t.Errorf("no state had pages that are %s", form)
		}
	}
}
