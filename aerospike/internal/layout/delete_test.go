package layout_test

import (
	"slices"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/layout"
	"github.com/dovetail-crdt/dovetail/crdt/crdttest/spec"
)

// The bug of one who deletes the record of an object that becomes empty. He is
// careful: only if the record is still as he read it.

// empties reports whether a change that was just made left nothing.
func (p *process) empties(op operation) bool {
	if op.spec.Verb != spec.Kill {
		return false
	}
	for _, v := range shown(p.workOn()) {
		if v != "" && v != "#0" {
			return false
		}
	}
	return true
}

// deletes sends the deletion that stands for ch.
func (c *call) deletes(ch *change, g layout.Guard) {
	p := c.p
	wr := &write{remove: true, entries: []layout.Entry{ch.entry}, guard: g}
	wr.guard.MaxSize = p.w.tune.recordSize
	for _, id := range ch.ops {
		wr.has.Add(id)
	}
	err := c.took(c.ask(c.ctx, &request{what: writing, write: wr}).err)
	if c.stopped {
		return
	}
	ch.flying = false
	switch {
	case err == nil:
		ch.deleted = true
		p.open = slices.DeleteFunc(p.open, func(o *change) bool { return o == ch })
		p.journal = append(p.journal, ch)
		p.seen, p.work, p.fresh = accountKind.New(), nil, true
		p.sees.See(ch.ops...)
	case !c.doubt:
		p.refused(ch)
	}
	p.w.logf("%v: the deletion of event %d ends: %v", p, ch.event.Dot.Seq, err)
}

// removed returns the version after a deletion: none, which is to show nothing.
func (v *version) removed(w *write) *version {
	n := &version{writes: v.writes + 1, folded: v.has.Clone()}
	n.folded.Union(&w.has)
	return n
}
