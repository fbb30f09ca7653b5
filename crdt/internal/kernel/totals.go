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

// total is a live total.
type total struct {
	dot clock.Dot
	Total
	r ref
}

// closer is a run that is known at a place, and how far it closes older ones.
type closer struct{ run, lo uint64 }

// rows is what one replica has at a place: its live totals in order of number,
// and its bases in order of run.
type rows struct {
	live  []total
	bases []Base
}

// totalsAt appends the live totals at a place, in dot order.
func (s *State) totalsAt(out []total, pl place) []total {
	x := pl.item()
	var room [64]ref
	from := len(out)
	out = s.totalsOf(out, s.entriesAt(room[:0], &x))
	if inOrder := func(a, b total) int { return a.dot.Compare(b.dot) }; !slices.IsSortedFunc(out[from:], inOrder) {
		slices.SortFunc(out[from:], inOrder)
	}
	return out
}

func (s *State) totalsOf(out []total, refs []ref) []total {
	out = slices.Grow(out, len(refs))
	for _, r := range refs {
		p, slot := s.pageOf(r), r.slot()
		if inf := p.infoOf(slot); inf.value() == valueTotal {
			out = append(out, total{s.dotOf(r), p.total(slot), r})
		}
	}
	return out
}

// total reads the total of a slot that has one.
func (p *page) total(slot int) Total {
	word := p.word(slot)
	return readTotal(p.bytes[int(uint32(word))+contentLen(p.infoOf(slot), word):])
}

// rowsOf returns what a replica has of the totals and bases of a place.
func rowsOf(totals []total, bases []Base, id clock.ReplicaID) rows {
	return rows{
		live:  segment(totals, func(x *total) int { return cmp.Compare(x.dot.Replica, id) }),
		bases: segment(bases, func(b *Base) int { return cmp.Compare(b.Replica, id) }),
	}
}

// segment returns the part of a sorted slice where c is 0.
func segment[T any](s []T, c func(*T) int) []T {
	lo := sort.Search(len(s), func(i int) bool { return c(&s[i]) >= 0 })
	hi := lo + sort.Search(len(s)-lo, func(i int) bool { return c(&s[lo+i]) > 0 })
	return s[lo:hi]
}

// totalsIn returns the places directly in a node that have totals.
func (s *State) totalsIn(id nodeID) map[place]bool {
	s.needNodes()
	if s.nodes[id].odd == 0 {
		return nil
	}
	places := make(map[place]bool)
	s.eachIn(id, func(p *page, slot int) bool {
		if p.infoOf(slot).value() == valueTotal {
			x := p.item(slot)
			places[segmentKey(&x)] = true
		}
		return true
	})
	return places
}

// closed returns a function that tells whether a later run, live or known from a
// base, closed a given run. O(k log k) to make and O(log k) to ask, for k rows.
func (r rows) closed() func(run uint64) bool {
	known := make([]closer, 0, len(r.live)+len(r.bases))
	for i := range r.live {
		known = append(known, closer{r.live[i].Run, r.live[i].Lo})
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

// base returns the base of a run.
func (r rows) base(run uint64) (Base, bool) {
	if i, ok := slices.BinarySearchFunc(r.bases, run, func(b Base, run uint64) int { return cmp.Compare(b.Run, run) }); ok {
		return r.bases[i], true
	}
	return Base{}, false
}

// counting calls f with each total that counts, and what resets took from its
// run, until f returns false.
func (r rows) counting(f func(x total, taken uint64) bool) bool {
	if len(r.live) == 1 && len(r.bases) == 0 { // nearly always
		return f(r.live[0], 0)
	}
	closed := r.closed()
	var runs map[uint64]bool // of totals seen, if there are several
	for i := len(r.live) - 1; i >= 0; i-- {
		x := &r.live[i]
		if runs[x.Run] {
			continue // a larger number of its run was seen
		}
		if i > 0 {
			if runs == nil {
				runs = make(map[uint64]bool)
			}
			runs[x.Run] = true
		}
		b, ok := r.base(x.Run)
		if ok && b.Seq >= x.dot.Seq || closed(x.Run) {
			continue
		}
		if !f(*x, b.Sum) {
			return false
		}
	}
	return true
}

// counting calls f with each total that counts, and what resets took from its
// run, until f returns false. Totals are those of one place in dot order. O(totals
// and bases), but for a sort of those of a replica that has several.
func counting(totals []total, bases []Base, f func(x total, taken uint64) bool) {
	for rest := totals; len(rest) > 0; {
		id, n := rest[0].dot.Replica, 1
		for n < len(rest) && rest[n].dot.Replica == id {
			n++
		}
		r := rows{live: rest[:n]}
		if len(bases) > 0 {
			r.bases = segment(bases, func(b *Base) int { return cmp.Compare(b.Replica, id) })
		}
		if rest = rest[n:]; !r.counting(f) {
			return
		}
	}
}

// sumAt returns the counter's value at a place, mod 2^64.
func (s *State) sumAt(pl place) (v uint64) {
	var room [8]total
	return sumOf(s.totalsAt(room[:0], pl), s.basesAt(pl))
}

func sumOf(totals []total, bases []Base) (v uint64) {
	counting(totals, bases, func(x total, taken uint64) bool {
		v += x.Sum - taken
		return true
	})
	return v
}

// shown appends, of the entries of one place, what shows: values and denials, and
// totals that count.
func (s *State) shown(out []ref, refs []ref, pl place) []ref {
	totals := false
	for _, r := range refs {
		if s.pageOf(r).infoOf(r.slot()).value() == valueTotal {
			totals = true
		} else {
			out = append(out, r)
		}
	}
	if totals {
		var room [8]total
		counting(s.totalsOf(room[:0], refs), s.basesAt(pl), func(x total, _ uint64) bool {
			out = append(out, x.r)
			return true
		})
	}
	return out
}
