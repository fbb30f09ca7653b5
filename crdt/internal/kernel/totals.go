package kernel

import (
	"cmp"
	"slices"
	"sort"

	"github.com/dovetail-crdt/dovetail/clock"
)

// The counter's rule. A total is dead by context like any entry; besides, in a
// run only the largest number counts, above its base, and only if the run is not
// closed. Context alone does not do: of totals 3, 7, 9 that each ended the one
// before, a replica may receive the third and then the first, and must show 9.
// The rule is applied when reading and when making bases, never by deleting, so
// that a state stays a product of lattices.

// closer is a run that is known at a node, and how far it closes older ones.
type closer struct{ run, lo uint64 }

// rows is what one replica has at a node: its live entries in order of number,
// and its bases in order of run.
type rows struct {
	live  []*Entry
	bases []Base
}

func (n *node) rowsOf(id clock.ReplicaID) rows {
	return rows{
		live: segment(n.live, func(e *Entry) int { return cmp.Compare(e.dot.Replica, id) }),
		// a replica's bases are few; most nodes have none
		bases: segment(n.bases, func(b Base) int { return cmp.Compare(b.Replica, id) }),
	}
}

// segment returns the part of a sorted slice where c is 0.
func segment[T any](s []T, c func(T) int) []T {
	lo := sort.Search(len(s), func(i int) bool { return c(s[i]) >= 0 })
	hi := lo + sort.Search(len(s)-lo, func(i int) bool { return c(s[lo+i]) > 0 })
	return s[lo:hi]
}

// closed returns a function that tells whether a later run, live or known from a
// base, closed a given run. O(k log k) to make and O(log k) to ask, for k rows.
func (r rows) closed() func(run uint64) bool {
	known := make([]closer, 0, len(r.live)+len(r.bases))
	for _, e := range r.live {
		if t := e.val.Total; t != nil {
			known = append(known, closer{t.Run, t.Lo})
		}
	}
	for _, b := range r.bases {
		known = append(known, closer{b.Run, b.Lo})
	}
	if len(known) == 1 { // nearly always
		only := known[0]
		return func(run uint64) bool { return only.lo <= run && run < only.run }
	}
	slices.SortFunc(known, func(a, b closer) int { return cmp.Compare(b.run, a.run) })
	for i := 1; i < len(known); i++ { // lo becomes the lowest of this and all later runs
		known[i].lo = min(known[i].lo, known[i-1].lo)
	}
	return func(run uint64) bool {
		i := sort.Search(len(known), func(i int) bool { return known[i].run <= run })
		return i > 0 && known[i-1].lo <= run
	}
}

// closed reports whether a later run of the same writer closed the given run.
func (n *node) closed(id clock.ReplicaID, run uint64) bool { return n.rowsOf(id).closed()(run) }

// base returns the base of a run.
func (r rows) base(run uint64) (Base, bool) {
	if i, ok := slices.BinarySearchFunc(r.bases, run, func(b Base, run uint64) int { return cmp.Compare(b.Run, run) }); ok {
		return r.bases[i], true
	}
	return Base{}, false
}

// counting calls f with each total that counts, and what resets took from its
// run, until f returns false.
func (r rows) counting(f func(e *Entry, taken uint64) bool) {
	if len(r.live) == 1 && len(r.bases) == 0 { // nearly always
		if e := r.live[0]; e.val.Total != nil {
			f(e, 0)
		}
		return
	}
	closed := r.closed()
	var runs map[uint64]bool // of totals seen, if there are several
	for i, e := range slices.Backward(r.live) {

		t := e.val.Total
		if t == nil || runs[t.Run] {
			continue // a larger number of its run was seen
		}
		if i > 0 {
			if runs == nil {
				runs = make(map[uint64]bool)
			}
			runs[t.Run] = true
		}
		b, ok := r.base(t.Run)
		if ok && b.Seq >= e.dot.Seq || closed(t.Run) {
			continue
		}
		if !f(e, b.Sum) {
			return
		}
	}
}

// counting calls f with each total at n that counts, and what resets took from
// its run, until f returns false. O(totals and bases at n), but for a sort of
// those of a replica that has several.
func (n *node) counting(f func(e *Entry, taken uint64) bool) {
	for rest := n.live; len(rest) > 0; {
		r := n.rowsOf(rest[0].dot.Replica)
		rest = rest[len(r.live):]
		on := true
		r.counting(func(e *Entry, taken uint64) bool {
			on = f(e, taken)
			return on
		})
		if !on {
			return
		}
	}
}

// sum returns the counter's value at n, mod 2^64.
func (n *node) sum() (v uint64) {
	n.counting(func(e *Entry, taken uint64) bool {
		v += e.val.Total.Sum - taken
		return true
	})
	return v
}

// shown returns what shows at n itself: plain values, and totals that count.
func (n *node) shown() (out []*Entry) {
	for _, e := range n.live {
		if e.val.Total == nil {
			out = append(out, e)
		}
	}
	n.counting(func(e *Entry, _ uint64) bool {
		out = append(out, e)
		return true
	})
	return out
}
