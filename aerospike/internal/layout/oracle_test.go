package layout_test

import (
	"maps"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/layout"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/crdttest/spec"
)

// The oracle: beside each frame and each version stands which operations it has,
// and crdttest/spec says what these come to.

// frameOf returns the frame of an account.
func frameOf(d *crdt.Doc) []byte {
	f, err := crdt.AppendFrame(nil, accountKind, d)
	if err != nil {
		panic(err) // of a whole state that nobody is changing
	}
	return f
}

// entry returns the entry of a delta, which has these changes. A join can be what
// one of its parts is already, a later total above all; then it has what that has.
func (w *world) entry(d *crdt.Doc, chs ...*change) layout.Entry {
	e := layout.NewEntry(frameOf(d))
	_, known := w.ghosts[e.Key]
	g := w.ghost(e.Frame)
	for _, ch := range chs {
		for _, id := range ch.ops {
			if !known {
				g.ops.Add(id)
			}
		}
	}
	g.changes = append(g.changes, chs...)
	return e
}

func (w *world) ghost(frame []byte) *ghost {
	k := layout.KeyOf(frame)
	if w.ghosts[k] == nil {
		w.ghosts[k] = &ghost{}
	}
	return w.ghosts[k]
}

// haunt says what a write has that its process did not make: a new snapshot has
// what was read for it, and so have the entries that make a record out of one.
func (w *world) haunt(c *call, wr *write) {
	has := c.brings.Clone()
	if c.read != nil {
		has.Union(&c.read.has)
	}
	if wr.change != nil {
		for _, k := range wr.change.Folded { // also a change that goes into a full record in this way alone
			if g := w.ghosts[k]; g != nil {
				has.Union(&g.ops)
			}
		}
		wr.has = has
		w.checkCompaction(wr.change)
		return
	}
	for _, e := range wr.entries {
		if _, known := w.ghosts[layout.KeyOf(e.Frame)]; !known {
			w.ghost(e.Frame).ops.Union(&has)
		}
	}
}

// place makes v the record of a side, after a write: nothing may be gone by it.
func (w *world) place(s *side, v *version, wr *write) {
	was := s.now
	for _, e := range wr.entries {
		for _, ch := range w.ghost(e.Frame).changes {
			ch.applied = true
			if ch.refused {
				w.failf("event %d of replica %v comes into the record; its writer was told that it never will",
					ch.event.Dot.Seq, ch.event.Dot.Replica)
			}
		}
	}
	w.become(s, w.admit(v))
	if wr.remove {
		return // its bug is that it takes away; but that must show
	}
	if !was.has.Within(&v.has) && w.bug != keyKeptWhenStripped || !crdt.Contains(v.doc, was.doc) {
		w.failf("%v takes something away: of operations %v are left %v", wr, was.has.Members(), v.has.Members())
	}
}

// become makes v the record of a side and keeps some older ones.
func (w *world) become(s *side, v *version) {
	s.now = v
	if s.old = append(s.old, v); len(s.old) > 6 {
		s.old = s.old[len(s.old)-6:]
	}
}

// admit works out what a version has and comes to, and checks that it shows what
// its operations require.
func (w *world) admit(v *version) *version {
	v.has = v.folded.Clone()
	v.doc = accountKind.New()
	u := v.record()
	for _, e := range u.Queue {
		v.has.Union(&w.ghost(e.Frame).ops)
	}
	for _, f := range u.Frames() {
		d, err := crdt.DecodeFrame(accountKind, f)
		if err != nil {
			w.failf("a frame in the record: %v", err)
			return v
		}
		v.doc.Merge(d)
	}
	w.checkShown("the record", v.doc, w.view(&v.has))
	return v
}

func (w *world) view(has *spec.Set) *spec.View {
	view := w.history.View()
	view.See(has.Members()...)
	return view
}

func (w *world) checkShown(who string, d *crdt.Doc, v *spec.View) {
	if w.bug == keyKeptWhenStripped {
		return // what it leaves out is no operation: only what is taken away counts
	}
	if got, want := shown(d), v.Reads(); !maps.Equal(got, want) {
		w.failf("%s shows %v; its operations %v require %v", who, got, v.Seen().Members(), want)
	}
}

// checkCompaction checks a compaction that a Writer made.
func (w *world) checkCompaction(c *layout.Compaction) {
	frames, err := layout.ReadSnapshot(c.Snapshot)
	if err != nil || c.Hash != layout.Hash(frames) {
		w.failf("compaction: snapshot %x, hash %d: %v", c.Snapshot, c.Hash, err)
	}
	if c.Next == c.Seen || c.Next == (layout.Stamp{}) {
		w.failf("compaction from stamp %v to stamp %v", c.Seen, c.Next)
	}
}

// checkProcesses checks what processes know, alone and joined with the record.
func (w *world) checkProcesses() {
	for _, p := range w.procs {
		v := w.of(p.side).now
		if p.checked == v && !p.fresh {
			continue
		}
		if p.fresh {
			w.checkShown(p.String(), p.seen, p.sees)
			if p.work != nil {
				w.checkShown(p.String()+" at work", p.work, p.works)
			}
		}
		p.checked, p.fresh = v, false
		joined, sees := p.seen.Clone(), p.sees.Clone()
		joined.Merge(v.doc)
		sees.See(v.has.Members()...)
		w.checkShown(p.String()+" with the record", joined, sees)
	}
}

// checkContained checks that a version which is said to have all of ch shows the
// same with it.
func (w *world) checkContained(p *process, v *version, ch *change) {
	if w.bug == keyKeptWhenStripped {
		return
	}
	alone := w.view(&v.has)
	with := alone.Clone()
	with.See(ch.ops...)
	if a, b := alone.Reads(), with.Reads(); !maps.Equal(a, b) {
		w.failf("%v finds all of event %d in a record that shows %v, with it %v", p, ch.event.Dot.Seq, a, b)
	}
}
