package kernel

import "github.com/dovetail-crdt/dovetail/clock"

// extractor copies parts of one state to another that has none of them.
type extractor struct{ nodeMap }

func newExtractor(from, to *State) extractor { return extractor{nodeMap{from: from, to: to}} }

// entries copies the live entries with a dot in c.
func (t *extractor) entries(c *clock.Context) {
	for i := range c.Rows() {
		id, first, rest := c.Row(i)
		t.run(id, first)
		for _, run := range rest {
			t.run(id, run)
		}
	}
}

func (t *extractor) run(id clock.ReplicaID, run clock.Interval) {
	if t.from.live == 0 {
		return
	}
	t.from.eachBeyond(nil, id, run, func(p *page, slot int, seq uint64) { t.entry(clock.Dot{Replica: id, Seq: seq}, p, slot) })
}

func (t *extractor) entry(d clock.Dot, p *page, slot int) {
	x := t.copied(p.item(slot))
	t.to.insert(d, &x)
}

// bases copies the bases that keep accepts, and ends the work of t.
func (t *extractor) bases(keep func(*Base) bool) {
	for pl, bases := range t.from.allBases() { // places do not depend on each other
		t.basesAt(pl, bases, keep)
	}
	t.to.pruneAll()
}

func (t *extractor) basesAt(pl place, bases []Base, keep func(*Base) bool) {
	var kept []Base
	for i := range bases {
		if keep(&bases[i]) {
			kept = append(kept, bases[i])
		}
	}
	if len(kept) > 0 {
		t.to.setBases(place{t.of(pl.at), pl.seg}, kept)
	}
}
