package kernel

import "github.com/dovetail-crdt/dovetail/clock"

// The counter's rule. A total is dead by context like any entry; besides, in a
// run only the largest number counts, above its base, and only if the run is not
// closed. Context alone does not do: of totals 3, 7, 9 that each ended the one
// before, a replica may receive the third and then the first, and must show 9.
// The rule is applied when reading and when making bases, never by deleting, so
// that a state stays a product of lattices.

// closed reports whether a later run of the same writer, live or known from a
// base at n, closed the given run.
func (n *node) closed(id clock.ReplicaID, run uint64) bool {
	for _, e := range n.live {
		if t := e.val.Total; t != nil && e.dot.Replica == id && t.Lo <= run && run < t.Run {
			return true
		}
	}
	for _, b := range n.bases {
		if b.Replica == id && b.Lo <= run && run < b.Run {
			return true
		}
	}
	return false
}

// counts reports whether e, a live total of n, is the one of its run that
// counts, and what resets took from it.
func (n *node) counts(e *Entry) (base uint64, ok bool) {
	t := e.val.Total
	for _, o := range n.live {
		if o.val.Total != nil && o.dot.Replica == e.dot.Replica && o.val.Total.Run == t.Run && o.dot.Seq > e.dot.Seq {
			return 0, false
		}
	}
	if i, found := n.findBase(e.dot.Replica, t.Run); found {
		if n.bases[i].Seq >= e.dot.Seq {
			return 0, false
		}
		base = n.bases[i].Sum
	}
	return base, !n.closed(e.dot.Replica, t.Run)
}

// sum returns the counter's value at n, mod 2^64.
func (n *node) sum() uint64 {
	var v uint64
	for _, e := range n.live {
		if e.val.Total == nil {
			continue
		}
		if base, ok := n.counts(e); ok {
			v += e.val.Total.Sum - base
		}
	}
	return v
}
