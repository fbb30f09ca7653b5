package unit_test

import (
	"bytes"
	"slices"

	"github.com/dovetail-crdt/dovetail/crdt"
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
	w.start(w.procs[0], "compact", func(c *call) { c.compact(false) })
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

// checkEnd checks that the record has what it must: all that was acknowledged to
// those who live, and of all that it has, the value that it requires.
func (w *world) checkEnd() {
	v := w.sides[0].now
	required := v.has.Clone()
	for _, p := range w.procs {
		if len(p.open) > 0 && w.bug == noBug {
			w.failf("%v: event %d is still in doubt", p, p.open[0].event.Dot.Seq)
		}
		for _, ch := range p.journal {
			for _, id := range ch.ops {
				required.Add(id)
			}
			if !crdt.Contains(v.doc, ch.delta) {
				w.failf("%v: event %d was acknowledged and is not in the record", p, ch.event.Dot.Seq)
			}
		}
	}
	w.checkShown("at the end the record", v.doc, w.view(&required))
	if len(v.queue) > 0 {
		w.failf("after the last compaction %d entries wait", len(v.queue))
	}
	u := v.unit()
	if whole := frameOf(v.doc); v.exists && !bytes.Equal(whole, u.Snapshot[0]) {
		w.failf("the last snapshot is %x, the state %x", u.Snapshot, whole)
	}
}
