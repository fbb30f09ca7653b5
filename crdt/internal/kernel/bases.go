package kernel

import (
	"cmp"
	"iter"
	"slices"

	"github.com/dovetail-crdt/dovetail/clock"
)

// place is where entries and bases stand: a segment, role and content, in a node.
type place struct {
	at  nodeID
	seg string
}

// placeOf returns the place of a path: the root itself is the empty segment in
// the node outside.
func (s *State) placeOf(path []string) (pl place, ok bool) {
	if len(path) == 0 {
		return place{at: outside}, true
	}
	at, ok := s.inner(path[:len(path)-1])
	return place{at, path[len(path)-1]}, ok
}

// ensurePlace is placeOf that makes the nodes that are missing.
func (s *State) ensurePlace(path []string) place {
	if len(path) == 0 {
		return place{at: outside}
	}
	return place{s.ensure(path[:len(path)-1]), path[len(path)-1]}
}

// item returns the item of no value at the place.
func (pl place) item() item {
	if pl.seg == "" {
		return item{inf: makeInfo(pl.at, 0, 0)}
	}
	return makeItem(nil, pl.at, pl.seg[0], []byte(pl.seg[1:]), Value{})
}

func findBase(bases []Base, id clock.ReplicaID, run uint64) (int, bool) {
	return slices.BinarySearchFunc(bases, run, func(b Base, r uint64) int { return b.compareRun(id, r) })
}

// basesAt returns the bases of a place, in order of replica and run; for reading
// only.
func (s *State) basesAt(pl place) []Base {
	if s.nbases == 0 {
		return nil
	}
	return s.nodes[pl.at].bases[pl.seg]
}

// allBases yields the places with bases, in no order. The bases of the place that
// was yielded may change meanwhile, but no others.
func (s *State) allBases() iter.Seq2[place, []Base] {
	return func(yield func(place, []Base) bool) {
		if s.nbases == 0 {
			return
		}
		for id := range s.nodes {
			for seg, bases := range s.nodes[id].bases {
				if !yield(place{nodeID(id), seg}, bases) {
					return
				}
			}
		}
	}
}

// setBases puts the bases of a place.
func (s *State) setBases(pl place, now []Base) {
	s.needNodes()
	n := &s.nodes[pl.at]
	was := n.bases[pl.seg]
	s.own().nbases += len(now) - len(was)
	switch {
	case len(now) == 0 && len(was) > 0:
		delete(n.bases, pl.seg)
		s.release(pl.at)
	case len(now) > 0:
		if n.bases == nil {
			n.bases = make(map[string][]Base)
		}
		n.bases[pl.seg] = now
		if len(was) == 0 {
			n.uses++
		}
	}
}

// joinBases puts bases, which are in order, at a place, each unless a larger one of
// the same run is there. It changes neither list. O(bases there and more).
func (s *State) joinBases(pl place, more []Base) (changed bool) {
	was := s.basesAt(pl)
	s.worked(len(was) + len(more))
	now := make([]Base, 0, len(was)+len(more))
	for i := range more {
		b := &more[i]
		n, same := findBase(was, b.Replica, b.Run)
		now, was = append(now, was[:n]...), was[n:]
		if same && !b.wins(was[0]) {
			continue
		}
		if now, changed = append(now, *b), true; same {
			was = was[1:]
		}
	}
	if changed {
		s.setBases(pl, append(now, was...))
	}
	return changed
}

// dropClosedBases drops the bases at a place whose run is closed.
func (s *State) dropClosedBases(pl place) {
	was := s.basesAt(pl)
	if len(was) == 0 {
		return
	}
	s.worked(len(was))
	totals := s.totalsAt(nil, pl)
	kept := make([]Base, 0, len(was))
	for rest := was; len(rest) > 0; {
		r := rowsOf(totals, was, rest[0].Replica)
		closed := r.closed()
		for _, b := range r.bases {
			if !closed(b.Run) {
				kept = append(kept, b)
			}
		}
		rest = rest[len(r.bases):]
	}
	if len(kept) < len(was) {
		s.setBases(pl, kept)
	}
}

// dropAllClosedBases drops the bases of closed runs everywhere.
func (s *State) dropAllClosedBases() {
	for pl := range s.allBases() {
		s.dropClosedBases(pl)
	}
}

// distinct returns the places in order, each once. It changes the slice.
func distinct(pls []place) []place {
	if len(pls) > 1 {
		slices.SortFunc(pls, func(a, b place) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.seg, b.seg)) })
	}
	return slices.Compact(pls)
}

// isBelow reports whether a node is top or stands below it.
func (s *State) isBelow(id, top nodeID) bool {
	for id != top {
		if id <= root {
			return false
		}
		id = s.nodes[id].up
	}
	return true
}

func (s *State) path(pl place) []string {
	if pl.at == outside {
		return nil
	}
	return append(s.appendPath(nil, pl.at), pl.seg)
}

type placed struct {
	path []string
	pl   place
}

// sortedBases returns the places with bases in order of their paths.
func (s *State) sortedBases() []placed {
	var out []placed
	for pl := range s.allBases() {
		out = append(out, placed{s.path(pl), pl})
	}
	slices.SortFunc(out, func(a, b placed) int { return slices.Compare(a.path, b.path) })
	return out
}

// Bases yields the bases in order of path, replica and run.
func (s *State) Bases() iter.Seq2[[]string, Base] {
	return func(yield func([]string, Base) bool) {
		for _, x := range s.sortedBases() {
			for _, b := range s.basesAt(x.pl) {
				if !yield(x.path, b) {
					return
				}
			}
		}
	}
}
