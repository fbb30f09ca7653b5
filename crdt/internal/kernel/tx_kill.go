package kernel

import (
	"slices"

	"github.com/dovetail-crdt/dovetail/clock"
)

// Kill ends everything that shows at and below path, leaving a base for each
// total.
func (t *Tx) Kill(path []string) {
	t.kill(path)
	if t.seen != nil {
		t.takeRows(path)
	}
}

func (t *Tx) kill(path []string) {
	pl, ok := t.s.placeOf(path)
	if !ok {
		return
	}
	x := pl.item()
	t.killAt(t.s.lookup(nil, &x))
	if id, ok := t.s.inner(path); ok {
		t.killBelow(id)
	}
}

// KillBelow is Kill for the path that ends in the segment of that role and
// content.
func (t *Tx) KillBelow(path []string, role byte, content []byte) {
	at, ok := t.s.inner(path)
	if !ok {
		return
	}
	x := makeItem(t.buf, at, role, content, Value{})
	var room [8]ref
	t.killAt(t.s.lookup(room[:0], &x))
	if len(t.s.kidsOf(at)) > 0 {
		if id, ok := t.s.kidsOf(at)[string(append([]byte{role}, content...))]; ok {
			t.killBelow(id)
		}
	}
}

func (t *Tx) killBelow(id nodeID) {
	var plain []ref
	t.s.eachIn(id, func(p *page, slot int) bool {
		if p.infoOf(slot).value() != valueTotal {
			plain = append(plain, p.ref(slot))
		}
		return true
	})
	// A table that loses its entries in the order of their hashes has the rest of them
	// side by side, where it cannot become smaller.
	slices.Sort(plain)
	for pl := range t.s.totalsIn(id) { // in no order: what each leaves does not depend on it
		x := pl.item()
		refs := t.s.lookup(nil, &x)
		var ofTotals []ref
		for _, r := range refs {
			if t.s.pageOf(r).infoOf(r.slot()).value() == valueTotal {
				ofTotals = append(ofTotals, r)
			}
		}
		t.killAt(ofTotals)
	}
	for _, r := range plain {
		if t.saw(t.s.dotOf(r)) {
			t.end(r)
		}
	}
	for _, k := range t.s.sortedKids(id) {
		t.killBelow(k)
	}
}

// killAt ends what shows of the entries of one place, as far as the reader saw it
// if there is one. A total that does not count
// is left alone: some other event ended it, and naming it here would end it also
// for a reader that has not seen that event.
func (t *Tx) killAt(refs []ref) {
	if len(refs) == 0 {
		return
	}
	if t.seen == nil && len(refs) == 1 && t.s.pageOf(refs[0]).infoOf(refs[0].slot()).value() != valueTotal { // nearly always
		t.end(refs[0])
		return
	}
	p := t.s.pageOf(refs[0])
	x := p.item(refs[0].slot())
	pl := segmentKey(&x)
	var room [8]ref
	shown := t.s.shown(room[:0], refs, pl)
	seen := shown[:0]
	var taken []Base
	for _, r := range shown {
		p, slot := t.s.pageOf(r), r.slot()
		d, isTotal := t.s.dotOf(r), p.infoOf(slot).value() == valueTotal
		switch {
		case !t.saw(d):
			if isTotal {
				t.noteAhead(pl, total{d, p.total(slot), r})
			}
			continue
		case isTotal && d.Seq <= clock.MaxSeq: // it counts, so no base has as much of it
			taken = append(taken, baseOf(total{dot: d, Total: p.total(slot)}))
		}
		seen = append(seen, r)
	}
	t.take(pl, taken)
	for _, r := range seen {
		t.end(r)
	}
}

// end makes a live entry not live: by name if it has a number, without trace if
// not.
func (t *Tx) end(r ref) {
	p, slot := t.s.pageOf(r), r.slot()
	d := t.s.dotOf(r)
	pl := place{}
	pending := d.Seq > clock.MaxSeq
	if pending && t.pending[d.Seq-clock.MaxSeq-1].hasPrev {
		x := p.item(slot)
		pl = segmentKey(&x)
	}
	t.s.remove(p, slot)
	t.journal = append(t.journal, change{r: r})
	if !pending {
		t.noteKilled(d)
		return
	}
	t.alive--
	if b := &t.pending[d.Seq-clock.MaxSeq-1]; b.hasPrev {
		if !t.saw(b.prev.dot) {
			t.revive(pl, b)
			return
		}
		t.base(pl, b.prev)
	}
}

// noteKilled notes a dot that the transaction ends by name.
func (t *Tx) noteKilled(d clock.Dot) {
	t.killed = append(t.killed, d)
	t.ended++
}
