package kernel

import (
	"fmt"
	"slices"

	"github.com/dovetail-crdt/dovetail/clock"
)

// Tx gathers one minimal delta from mutations of one state. The state shows each
// mutation at once; the events get their numbers at Commit, so a transaction
// that is rolled back burns none. Exactly one of Commit and Rollback ends it.
type Tx struct {
	s       *State
	id      clock.ReplicaID
	doubt   uint64
	births  []birth
	killed  []clock.Dot
	bases   []baseAt
	journal []change
	fault   error // why the transaction cannot be committed
}

// birth is an entry that the transaction made, in order. Prev is the total that
// it continues, which is what a reset inside the transaction has seen.
type birth struct {
	e, prev *Entry
	dead    bool
}

type baseAt struct {
	n       *node
	replica clock.ReplicaID
	run     uint64
}

// change is one line of the undo journal.
type change struct {
	born, died *Entry
	bases      *node
	was        []Base
	touched    *node
}

// Begin starts the transaction of a replica on s. Doubt is the largest number
// among the replica's events on s whose fate it does not know: no run that began
// at or before it is continued, and none is closed. Begin panics if a
// transaction on s is open.
func (s *State) Begin(id clock.ReplicaID, doubt uint64) *Tx {
	if s.open != nil {
		panic(fmt.Sprintf("kernel: transaction of %v on a state that one of %v is changing", id, s.open.id))
	}
	s.open = &Tx{s: s, id: id, doubt: doubt}
	return s.open
}

// On reports whether the transaction is on s and open.
func (t *Tx) On(s *State) bool { return s.open == t }

// Put ends what is live at path and makes v live there.
func (t *Tx) Put(path []string, v string) {
	n := t.touch(path)
	t.killAt(n)
	t.bear(n, Value{Put: v}, nil)
}

// Deny ends what is live at path and makes a denial live there.
func (t *Tx) Deny(path []string) {
	n := t.touch(path)
	t.killAt(n)
	t.bear(n, Value{Deny: true}, nil)
}

// Inc adds d to the writer's running total at path. The writer continues a run
// only if it sees its own total of that run count, and is not in doubt about it;
// else it starts a new run, which closes its older ones back to the doubt.
func (t *Tx) Inc(path []string, d uint64) {
	n := t.touch(path)
	for _, e := range n.live {
		if e.provisional() && e.val.Total != nil { // of this very transaction
			total := *e.val.Total
			total.Sum += d
			e.val.Total = &total
			return
		}
	}
	prev := t.ownTotal(n)
	if prev == nil {
		if t.doubt > 0 && t.crosses(n) {
			t.fault = fmt.Errorf("%w: %v is in doubt about its events up to number %d only, of later ones it is not", ErrClaim, t.id, t.doubt)
		}
		t.bear(n, Value{Total: &Total{Run: t.next(), Lo: t.doubt + 1, Sum: d}}, nil)
		return
	}
	total := *prev.val.Total
	for _, v := range slices.Backward(n.live) { // and older totals of the run that came late
		if e := v; e.dot.Replica == t.id && e.val.Total != nil && e.val.Total.Run == total.Run {
			t.end(e)
		}
	}
	total.Sum += d
	t.bear(n, Value{Total: &total}, prev)
}

// ownTotal returns the writer's total at n that a run may be continued from.
func (t *Tx) ownTotal(n *node) (own *Entry) {
	n.rowsOf(t.id).counting(func(e *Entry, _ uint64) bool {
		if e.val.Total.Run > t.doubt {
			own = e
		}
		return own == nil
	})
	return own
}

// crosses reports whether a run that the writer has at n began after the doubt
// and yet closes runs from before it: the doubt is about less than it was, or is
// about the middle of what is known, and runs would close each other in an order
// that depends on who reads.
func (t *Tx) crosses(n *node) bool {
	r := n.rowsOf(t.id)
	for _, e := range r.live {
		if v := e.val.Total; v != nil && !e.provisional() && v.Lo <= t.doubt && t.doubt < v.Run {
			return true
		}
	}
	for _, b := range r.bases {
		if b.Lo <= t.doubt && t.doubt < b.Run {
			return true
		}
	}
	return false
}

// Kill ends everything that shows at and below path, leaving a base for each
// total.
func (t *Tx) Kill(path []string) {
	if n := t.s.node(path); n != nil && n.below > 0 {
		t.killBelow(n)
	}
}

func (t *Tx) killBelow(n *node) {
	t.killAt(n)
	for _, k := range n.kids {
		if k.below > 0 {
			t.killBelow(k)
		}
	}
}

// killAt ends what shows at n. A total that does not count is left alone: some
// other event ended it, and naming it here would end it also for a reader that
// has not seen that event.
func (t *Tx) killAt(n *node) {
	for _, e := range n.shown() {
		if e.val.Total != nil && !e.provisional() {
			t.base(n, e)
		}
		t.end(e)
	}
}

// base notes what a reset takes: the total e as of its number, unless an earlier
// reset took as much or the run is closed.
func (t *Tx) base(n *node, e *Entry) {
	total := e.val.Total
	i, ok := n.findBase(e.dot.Replica, total.Run)
	if ok && n.bases[i].Seq >= e.dot.Seq || n.closed(e.dot.Replica, total.Run) {
		return
	}
	t.journal = append(t.journal, change{bases: n, was: append([]Base(nil), n.bases...)})
	t.s.joinBase(n, Base{Replica: e.dot.Replica, Run: total.Run, Seq: e.dot.Seq, Lo: total.Lo, Sum: total.Sum})
	t.bases = append(t.bases, baseAt{n, e.dot.Replica, total.Run})
}

// end makes e not live: by name if it has a number, without trace if not.
func (t *Tx) end(e *Entry) {
	t.s.remove(e)
	t.journal = append(t.journal, change{died: e})
	if !e.provisional() {
		t.killed = append(t.killed, e.dot)
		return
	}
	b := &t.births[e.dot.Seq-clock.MaxSeq-1]
	b.dead = true
	if b.prev != nil {
		t.base(e.at, b.prev)
	}
}

func (t *Tx) next() uint64 { return clock.MaxSeq + 1 + uint64(len(t.births)) }

func (t *Tx) bear(n *node, v Value, prev *Entry) {
	e := &Entry{dot: clock.Dot{Replica: t.id, Seq: t.next()}, at: n, val: v}
	t.births = append(t.births, birth{e: e, prev: prev})
	t.s.insert(e)
	t.journal = append(t.journal, change{born: e})
}

// touch returns the node at path, made if it is missing and then pruned at the
// end if it is still empty.
func (t *Tx) touch(path []string) *node {
	n := t.s.ensure(path)
	t.journal = append(t.journal, change{touched: n})
	return n
}

// Events returns how many numbers the transaction needs: one for each entry that
// it made and that is alive, one if it only kills, none if it changes nothing.
func (t *Tx) Events() int {
	n := 0
	for _, b := range t.births {
		if !b.dead {
			n++
		}
	}
	if n == 0 && len(t.killed) > 0 {
		return 1
	}
	return n
}

// Rollback undoes everything, in time proportional to what was done.
func (t *Tx) Rollback() {
	for _, v := range slices.Backward(t.journal) {
		switch c := v; {
		case c.born != nil:
			t.s.remove(c.born)
		case c.died != nil:
			t.s.insert(c.died)
		case c.bases != nil:
			t.s.bases += len(c.was) - len(c.bases.bases)
			c.bases.bases = c.was
		}
	}
	t.finish()
}

// finish closes the transaction and prunes what it left empty.
func (t *Tx) finish() {
	t.s.open = nil
	for _, c := range t.journal {
		switch {
		case c.touched != nil:
			c.touched.prune()
		case c.died != nil:
			c.died.at.prune()
		}
	}
}
