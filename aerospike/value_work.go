package aerospike

import (
	"github.com/dovetail-crdt/dovetail/crdt/untyped"
)

// workState is the state that transactions run on: what the cluster is known to have
// of an object, and beside it the changes whose fate is open. It is a copy of its own,
// so that a user's function runs on it without a lock while others read what is
// remembered, and learn more of it.
//
// The state belongs to whoever has the turn to update the object; what is said of it
// here is under value.mu.
type workState struct {
	state *untyped.Object // nil: there is none yet, or not any more
	// Learned came into what is remembered since work was brought up to date.
	learned []*untyped.Object
	stale   bool // learned is not all: state must be made anew
	// Revision counts what was taken out of work: changes that were refused, or replaced by
	// their revocations.
	// A transaction that began before one was must not be numbered.
	revision int
}

// learnedMost is how many deltas wait for the next transaction at most. With more, the
// state is copied anew, so that an object that is often read and never updated does not
// collect them.
const learnedMost = 256

// learn takes note that a delta, which nobody changes, came into what is remembered.
func (w *workState) learn(d *untyped.Object) {
	switch {
	case w.state == nil || w.stale:
	case len(w.learned) == learnedMost:
		w.renew()
	default:
		w.learned = append(w.learned, d)
	}
}

// renew has the state made anew for the next transaction.
func (w *workState) renew() { w.stale, w.learned = true, nil }

// revise has it made anew, and keeps a transaction that runs from being numbered: it
// is built on what was taken out.
func (w *workState) revise() {
	w.renew()
	w.revision++
}

// workOn returns the state that transactions run on, up to date, and its revision. The
// caller has the turn.
func (v *value) workOn(l *ledger) (state *untyped.Object, revision int) {
	v.mu.Lock()
	w := &v.work
	if w.state != nil && !w.stale {
		state, learned := w.state, w.learned
		w.learned = nil
		revision = w.revision
		v.mu.Unlock()
		for _, d := range learned {
			mustMerge(state, d)
		}
		return state, revision
	}
	defer v.mu.Unlock()
	w.state, w.stale = v.seen.Clone(), false
	v.own.mergeInto(w.state)
	for _, d := range l.pendingOf(v) {
		mustMerge(w.state, d)
	}
	v.weigh()
	return w.state, w.revision
}

// refused takes note that a change was surely not applied, if nothing was numbered on
// the object since: what comes later carries what it repeats of this one, a total above
// all. The round that is returned takes it off the disk.
func (v *value) refused(l *ledger, c *change) (r *round, ok bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.exact = false
	if !c.by.replica.retract(c.by.hash, c.events) {
		return nil, false
	}
	v.work.revise()
	return l.refuse(c), true
}

// doubted takes note that it is not known whether a change was applied.
func (v *value) doubted(l *ledger, c *change) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.exact = false
	l.doubt(c)
}

// drop decides that a change in doubt is dropped, unless it is decided, and returns
// what it is now.
func (v *value) drop(l *ledger, c *change, r *revocation) changeState {
	v.mu.Lock()
	defer v.mu.Unlock()
	is := l.drop(c, r)
	if is == stateDropping {
		v.work.revise()
	}
	return is
}

// mustMerge merges an object of the same kind.
func mustMerge(o, d *untyped.Object) {
	if _, err := o.Merge(d); err != nil {
		panic("aerospike: objects of one kind: " + err.Error())
	}
}
