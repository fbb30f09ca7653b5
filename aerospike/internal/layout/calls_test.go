package layout_test

import (
	"errors"
	"slices"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/layout"
	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/untyped"
)

// What processes do. Each of these is the body of a call.

const key = "object"

// The calls.
const (
	update = iota
	retry
	compact
	sweep
	look
)

// begin lets p do something. It has one update on its way at a time, or several
// blind ones.
func (w *world) begin(p *process) {
	d := w.dice
	doubtful := p.doubtful()
	switch what := weighted(d, w.tune.begin[:], "begin"); {
	case what == update && len(p.open) < 6:
		op := drawOperation(d, w.tune.fields)
		read, exact, joined := d.pick(2, "read first") == 1, d.pick(2, "exact") == 1, d.pick(2, "joined") == 1
		w.start(p, "update", func(c *call) { c.update(op, read, exact, joined) })
	case what <= retry && len(doubtful) > 0:
		chs := doubtful[d.pick(len(doubtful), "changes in doubt"):]
		joined := d.pick(2, "joined") == 1
		w.start(p, "retry", func(c *call) { c.retry(chs, joined) })
	case what == compact:
		brings := d.pick(3, "brings") == 2
		w.start(p, "compact", func(c *call) { c.compact(brings) })
	case what == sweep:
		newest := d.pick(2, "newest") == 1
		w.start(p, "sweep", func(c *call) { c.sweep(newest) })
	case what == look:
		newest := d.pick(2, "newest") == 1
		w.start(p, "read", func(c *call) { c.look(newest) })
	}
}

// update runs a transaction and writes what came of it: blindly, or after reading,
// and then perhaps only if the record is still as it was read. It may take along
// what is in doubt, joined into one.
func (c *call) update(op operation, read, exact, joined bool) {
	p, w := c.p, c.writer()
	var g layout.Guard
	if read || p.w.bug == dotsReadBack && p.last == 0 {
		u, err := w.Read(c.ctx, key, false)
		if err != nil {
			return
		}
		p.absorb(c.read)
		g = layout.Guard{Exact: exact, Stamp: u.Stamp, Queued: len(u.Queue)}
	}
	ch := p.mutate(op)
	if ch == nil {
		return
	}
	if p.w.bug == deleteToRemove && read && p.empties(op) {
		g.Exact = true
		c.deletes(ch, g)
		return
	}
	all, entry := []*change{ch}, ch.entry
	if old := p.doubtful(); joined && len(old) > 0 {
		all = append(old, ch)
		entry = p.join(all)
	}
	_, err := w.Append(c.ctx, key, []layout.Entry{entry}, g)
	if c.stopped {
		return
	}
	ch.flying = false
	switch doubt := errors.Is(err, layout.ErrInDoubt); {
	case err == nil:
		p.settled(all...)
	case p.w.bug == doubtForgotten && !c.doubt || !doubt:
		p.refused(ch)
	}
	p.w.logf("%v: the write of event %d ends: %v", p, ch.event.Dot.Seq, err)
}

// retry writes changes in doubt again: one by one, or their join.
func (c *call) retry(chs []*change, joined bool) {
	p := c.p
	var entries []layout.Entry
	switch {
	case p.w.bug == mutationRepeated:
		entries = []layout.Entry{p.again(chs[0])}
		chs = chs[:1]
	case joined:
		entries = []layout.Entry{p.join(chs)}
	default:
		for _, ch := range chs {
			entries = append(entries, ch.entry)
		}
	}
	if _, err := c.writer().Append(c.ctx, key, entries, layout.Guard{}); err == nil {
		p.settled(chs...)
	}
}

// join returns the entry of the join of changes.
func (p *process) join(chs []*change) layout.Entry {
	all := accountKind.New()
	for _, ch := range chs {
		all.Merge(ch.delta)
	}
	e := p.w.entry(all, chs...)
	if p.w.bug == keyKeptWhenJoined {
		e.Key = chs[0].entry.Key
	}
	return e
}

// again is the bug of a retry that mutates again.
func (p *process) again(ch *change) layout.Entry {
	delta, err := crdt.Mutate(p.workOn(), p, ch.op.do)
	if err != nil || delta.IsBottom() {
		return ch.entry
	}
	return p.w.entry(delta, ch)
}

// compact folds the queue, and with brings also what the process has seen.
func (c *call) compact(brings bool) {
	var also *layout.State
	if brings {
		also = layout.NewState(nil)
		if _, err := also.MergeFrame(frameOf(c.p.seen)); err != nil {
			c.p.w.failf("a frame just written: %v", err)
			return
		}
		c.brings = c.p.sees.Seen().Clone()
	}
	_, err := c.writer().Compact(c.ctx, key, also)
	c.p.w.logf("%v: compaction ends: %v", c.p, err)
}

// look reads.
func (c *call) look(newest bool) {
	if _, err := c.writer().Read(c.ctx, key, newest); err == nil {
		c.p.absorb(c.read)
	}
}

// sweep looks whether all of the journal is in the record, and writes again what
// is not.
func (c *call) sweep(newest bool) {
	p := c.p
	u, err := c.writer().Read(c.ctx, key, newest)
	if err != nil || p.w.bug == ownerIdle {
		return
	}
	v := c.read
	f, damaged, err := layout.Fold(layout.NewState(nil), u)
	if err != nil || damaged != nil {
		p.w.failf("fold: %v, %v", damaged, err)
		return
	}
	var missing []layout.Entry
	for _, ch := range slices.Concat(p.journal, p.open) {
		if ch.flying || ch.deleted {
			continue
		}
		if p.contains(f.State, v, ch) {
			p.w.checkContained(p, v, ch)
		} else {
			missing = append(missing, p.missing(v, ch))
		}
	}
	if len(missing) > 0 {
		_, err := c.writer().Append(c.ctx, key, missing, layout.Guard{})
		p.w.logf("%v: %d changes were missing; their write ends: %v", p, len(missing), err)
	}
}

// contains reports whether a state, that of v, has all of ch. The bug asks for its
// dots, not for what it did.
func (p *process) contains(s *layout.State, v *version, ch *change) bool {
	if p.w.bug == coverageForContainment {
		return crdt.ContextOf(v.doc).Covers(crdt.ContextOf(ch.delta))
	}
	o, err := s.Decode(ch.entry.Frame)
	if err != nil {
		p.w.failf("a frame just written: %v", err)
		return true
	}
	return s.Contains(o)
}

// missing returns the entry that brings ch to where v is. The bug leaves out what
// v has, and keeps the key.
func (p *process) missing(v *version, ch *change) layout.Entry {
	if p.w.bug != keyKeptWhenStripped {
		return ch.entry
	}
	return layout.Entry{Key: ch.entry.Key, Frame: p.w.entry(p.w.strip(v.doc, ch.delta)).Frame}
}

// strip returns the part of delta that d lacks.
func (w *world) strip(d, delta *crdt.Doc) *crdt.Doc {
	kind := accountKind
	has, err := untyped.ObjectOf(kind, d)
	if err != nil {
		w.failf("a document: %v", err)
	}
	of, err := untyped.ObjectOf(kind, delta)
	if err != nil {
		w.failf("a delta: %v", err)
	}
	news, err := has.Strip(of)
	if err != nil || news == nil {
		return kind.New()
	}
	part, err := untyped.ValueOf(kind, news)
	if err != nil {
		w.failf("a part of a delta: %v", err)
	}
	return part
}

// onlyContext returns a state with this context and nothing in it.
func onlyContext(c *clock.Context) *crdt.Doc {
	content, _ := c.AppendBinary([]byte{untyped.FrameVersion}) // never fails
	content = append(content, make([]byte, c.Rows()+2)...)     // nothing live in any row, no nodes, no bases
	out, err := accountKind.Decode(content)
	if err != nil {
		panic(err)
	}
	return out
}
