package kernel

import "github.com/dovetail-crdt/dovetail/clock"

// taker copies parts of one state to another that has none of them.
type taker struct{ twins }

func newTaker(from, to *State) taker { return taker{twins{from: from, to: to}} }

// entries copies the live entries with a dot in c.
func (t *taker) entries(c *clock.Context) {
	for i := range c.Rows() {
		id, first, rest := c.Row(i)
		t.run(id, first)
		for _, run := range rest {
			t.run(id, run)
		}
	}
}

func (t *taker) run(id clock.ReplicaID, run clock.Interval) {
	if t.from.live == 0 {
		return
	}
	t.from.eachBeyond(nil, id, run, func(p *page, slot int, seq uint64) { t.entry(clock.Dot{Replica: id, Seq: seq}, p, slot) })
}

func (t *taker) entry(d clock.Dot, p *page, slot int) {
	x := t.copied(p.item(slot))
	t.to.insert(d, &x)
}

// bases copies the bases that keep accepts, and ends the work of t.
func (t *taker) bases(keep func(*Base) bool) {
	for pl, bases := range t.from.allBases() { // places do not depend on each other
		t.basesAt(pl, bases, keep)
	}
	t.to.pruneAll()
}

func (t *taker) basesAt(pl place, bases []Base, keep func(*Base) bool) {
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
