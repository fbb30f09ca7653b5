package layout_test

import (
	"fmt"
	"slices"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/layout"
	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/crdttest/spec"
)

// process is what an engine keeps of one object: the number of its last event,
// what it has seen, what it issued, and a journal of what was acknowledged. Beside
// each state stands the view of the operations that it must show.
type process struct {
	w    *world
	id   clock.ReplicaID
	run  int // the writer in the words of spec: another one when totals start anew
	side int // of a split

	seq   uint64 // its last event on any object
	last  uint64 // its last event on this one
	acked uint64 // its last event that was acknowledged
	doubt uint64 // see crdt.Source

	seen    *crdt.Doc // all that was read, and all that was acknowledged
	sees    *spec.View
	work    *crdt.Doc // seen with all that is open, or nil: to be made
	works   *spec.View
	open    []*change // issued, and neither acknowledged nor surely refused
	journal []*change // acknowledged
	known   *version  // what was read last

	fresh   bool     // something of this changed since it was checked …
	checked *version // … together with this record
}

// change is a transaction of a process.
type change struct {
	op      operation
	delta   *crdt.Doc
	entry   layout.Entry
	ops     []int
	event   clock.Event
	flying  bool // it was not told yet how its write ended
	applied bool // it came into a record, at some time
	refused bool // its writer was told that it never will
	deleted bool // a deletion of the record stood for it
}

func (w *world) newProcess() *process {
	w.born++
	return &process{w: w, id: clock.ReplicaID(w.born), run: w.newRun(), seen: accountKind.New(), sees: w.history.View()}
}

func (p *process) String() string { return fmt.Sprintf("p%d", p.id) }

// Replica implements crdt.Source.
func (p *process) Replica() clock.ReplicaID { return p.id }

// Stamp implements crdt.Source: nothing here asks for the time.
func (p *process) Stamp(...clock.Timestamp) clock.Timestamp { return 0 }

// Doubt implements crdt.Source.
func (p *process) Doubt() uint64 { return p.doubt }

// Issue implements crdt.Source. A number is left out now and then, as if it were
// of another object.
func (p *process) Issue(n int) (clock.Event, error) {
	if p.w.bug == dotsReadBack {
		p.last = max(p.last, crdt.ContextOf(p.seen).Max(p.id))
		p.seq = max(p.seq, p.last)
	}
	p.seq += 1 + p.seq%2
	after := p.last
	if p.w.bug == afterAcknowledged {
		after = max(p.acked, crdt.ContextOf(p.seen).Max(p.id))
	}
	ev := clock.Event{Dot: clock.Dot{Replica: p.id, Seq: p.seq}, After: after}
	p.seq += uint64(n - 1)
	p.last = p.seq
	return ev, nil
}

// workOn returns the state that transactions run on.
func (p *process) workOn() *crdt.Doc {
	if p.work == nil {
		p.work, p.works = p.seen.Clone(), p.sees.Clone()
		for _, ch := range p.open {
			if p.w.bug != afterAcknowledged {
				p.work.Merge(ch.delta)
				p.works.See(ch.ops...)
			}
		}
	}
	return p.work
}

// mutate runs a transaction and returns its change, or nil if it changed nothing.
func (p *process) mutate(op operation) *change {
	ch := &change{op: op, flying: true}
	after := p.last
	p.fresh = true
	delta, err := crdt.Mutate(p.workOn(), p, op.do)
	if err != nil {
		p.w.failf("%v: a transaction fails: %v", p, err)
		return nil
	}
	if p.last == after {
		return nil
	}
	ch.delta, ch.event = delta, clock.Event{Dot: clock.Dot{Replica: p.id, Seq: p.last}, After: after}
	op.spec.Replica = p.run
	ch.ops = p.works.Do(op.spec)
	ch.entry = p.w.entry(delta, ch)
	p.open = append(p.open, ch)
	p.w.logf("%v: event %d, %s %q %s, as %x", p, p.last, verb(op.spec.Verb), op.spec.Path, op.spec.Value, ch.entry.Key[:2])
	if p.w.bug == afterAcknowledged {
		p.work = nil
	}
	return ch
}

func verb(v spec.Verb) string { return [...]string{"put", "inc", "kill", "deny", "prune"}[v] }

// doubtful returns the changes whose writes ended in doubt.
func (p *process) doubtful() []*change {
	return slices.DeleteFunc(slices.Clone(p.open), func(ch *change) bool { return ch.flying })
}

// absorb takes in what was read.
func (p *process) absorb(v *version) {
	p.known, p.fresh = v, true
	if p.w.bug == contextWithoutState {
		old := p.seen
		p.seen, p.work = v.doc.Clone(), nil
		p.seen.Merge(onlyContext(crdt.ContextOf(old)))
	}
	p.seen.Merge(v.doc)
	p.sees.See(v.has.Members()...)
	if p.work != nil {
		p.work.Merge(v.doc)
		p.works.See(v.has.Members()...)
	}
}

// settled takes note that changes were acknowledged.
func (p *process) settled(chs ...*change) {
	p.fresh = true
	for _, ch := range chs {
		if !ch.applied {
			p.overtaken(ch)
		}
		i := slices.Index(p.open, ch)
		if i < 0 {
			continue // somebody else settled it
		}
		p.open = slices.Delete(p.open, i, i+1)
		p.journal = append(p.journal, ch)
		p.acked = max(p.acked, ch.event.Dot.Seq)
		p.seen.Merge(ch.delta)
		p.sees.See(ch.ops...)
	}
}

// overtaken checks a change that was acknowledged and never came into a record: a
// later one of its process, which saw it, ended all that it did.
func (p *process) overtaken(ch *change) {
	s := p.w.of(p.side)
	for _, v := range append(slices.Clone(s.old), s.now) {
		if crdt.Contains(v.doc, ch.delta) {
			p.w.checkContained(p, v, ch)
			return
		}
	}
	p.w.failf("%v: event %d was acknowledged and never came into a record", p, ch.event.Dot.Seq)
}

// refused takes note that a change surely was not applied. It is taken back if it
// is the last: a later one repeats what it did, a total above all.
func (p *process) refused(ch *change) {
	p.fresh = true
	switch {
	case ch.applied:
		p.w.failf("%v: event %d is in a record; its writer was told that it is not", p, ch.event.Dot.Seq)
	case p.last == ch.event.Dot.Seq:
		ch.refused, p.last, p.work = true, ch.event.After, nil
		p.open = slices.DeleteFunc(p.open, func(o *change) bool { return o == ch })
	}
}

// forget is an eviction: nothing is remembered of the object but the number of
// the last event, so totals start anew.
func (p *process) forget() {
	p.seen, p.sees, p.work, p.known = accountKind.New(), p.w.history.View(), nil, nil
	if p.w.bug != totalReadBack {
		p.doubt, p.run = p.last, p.w.newRun()
	}
	if p.w.bug == dotsReadBack {
		p.seq, p.last, p.doubt = 0, 0, 0
	}
}
