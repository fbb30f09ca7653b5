package layout_test

import (
	"bytes"
	"slices"

	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/crdttest/spec"
)

// settle lets everything come to an end and checks that all is there.
func (w *world) settle() {
	w.calm = true
	w.logf("-- the end begins")
	if w.sides[1] != nil {
		w.heal()
	}
	for len(w.held) > 0 {
		if w.dice.pick(2, "lands at all") == 0 {
			w.held = w.held[1:]
			continue
		}
		w.land(0)
	}
	w.finish()
	for _, p := range w.procs {
		if len(p.open) > 0 {
			w.start(p, "retry", func(c *call) { c.retry(slices.Clone(p.open), false) })
		}
		w.finish()
		w.start(p, "sweep", func(c *call) { c.sweep(true) })
		w.finish()
	}
	if w.region != nil {
		w.settleRegion()
	} else {
		w.start(w.procs[0], "compact", func(c *call) { c.compact(false) })
	}
	for _, p := range w.procs {
		w.finish()
		w.start(p, "read", func(c *call) { c.look(true) })
	}
	w.finish()
	if w.err == nil {
		w.checkEnd()
	}
}

// finish answers all calls until they have ended.
func (w *world) finish() {
	for n := 0; len(w.calls) > 0 && w.err == nil; n++ {
		if n > 1000 {
			w.failf("%d calls do not end where nothing goes wrong any more", len(w.calls))
		}
		w.answer(w.calls[0])
	}
}

// checkEnd checks that the records have what they must: all that was acknowledged to
// those who live, and of all that they have, the value that it requires.
func (w *world) checkEnd() {
	var records []*version
	if w.region == nil {
		records = append(records, w.sides[0].now)
	} else {
		for c := range w.region.records {
			records = append(records, w.region.own(c).now)
		}
	}
	var required spec.Set
	for _, v := range records {
		required.Union(&v.has)
		w.checkFolded(v)
	}
	for _, p := range w.procs {
		w.checkJournal(p, &required)
	}
	if w.region != nil {
		w.checkRegion(&required)
	} else {
		w.checkShown("at the end the record", records[0].doc, w.view(&required))
	}
}

// checkJournal checks that what was acknowledged to p is in its record, and adds it
// to what is required.
func (w *world) checkJournal(p *process, required *spec.Set) {
	if len(p.open) > 0 && w.bug == noBug {
		w.failf("%v: event %d is still in doubt", p, p.open[0].event.Dot.Seq)
	}
	v := w.of(p.side).now
	for _, ch := range p.journal {
		for _, id := range ch.ops {
			required.Add(id)
		}
		if !ch.deleted && !crdt.Contains(v.doc, ch.delta) {
			w.failf("%v: event %d was acknowledged and is not in the record", p, ch.event.Dot.Seq)
		}
	}
}

// checkFolded checks a record after the last compaction.
func (w *world) checkFolded(v *version) {
	if len(v.queue) > 0 {
		w.failf("after the last compaction %d entries wait", len(v.queue))
	}
	u := v.record()
	if whole := frameOf(v.doc); len(u.Frames()) > 0 && !bytes.Equal(whole, u.Snapshot[0]) {
		w.failf("the last snapshot is %x, the state %x", u.Snapshot, whole)
	}
}
