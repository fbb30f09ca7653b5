package kernel

import (
	"fmt"
	"slices"

	"github.com/dovetail-crdt/dovetail/clock"
)

// Tx gathers one minimal delta from mutations of one state. The state shows each
// mutation at once; the events get their numbers at Commit, so a transaction
// that is rolled back burns none. Exactly one of Commit and Rollback ends it.
//
// Entries that it made stand in pages of their own until then, under provisional
// numbers above clock.MaxSeq, so that they come behind all that their replica did
// before.
type Tx struct {
	s       *State
	id      clock.ReplicaID
	doubt   uint64
	pending []pendingEntry // in the order in which they were made
	alive   int            // of pending, those that are live
	killed  []clock.Dot    // ended by name, also those that were revived since
	ended   int            // of killed, those that were not revived
	revived bool           // whether any was
	bases   []baseAt
	journal []change
	fault   error // why the transaction cannot be committed
	buf     []byte
	seen    *ReadContext // what it may end besides what it made, or nil: all that the state shows
	ahead   []clock.Dot  // totals of which the reader may have seen a part that is not known
	whole   bool         // it ends also what the reader saw and the state does not know
}

// pendingEntry is an entry that the transaction made and that has no number yet.
type pendingEntry struct {
	// Prev is the total that the entry continues, if hasPrev. A reset later in the
	// transaction takes it.
	prev    total
	hasPrev bool
	// From is the line of the journal from which on it says what the continuation
	// ended.
	from int
}

// baseAt names a base that the transaction left.
type baseAt struct {
	pl      place
	replica clock.ReplicaID
	run     uint64
}

// change is one line of the undo journal: an entry that was made live or was ended, or
// the bases that a place had before they were changed.
type change struct {
	r     ref
	made  bool      // r was made live; else it was ended
	bases *basesWas // or nil, and the line is not about r
}

type basesWas struct {
	pl  place
	was []Base
}

// Begin starts the transaction of a replica on s. Doubt is the largest number
// among the replica's events on s whose fate it does not know: no run that began
// at or before it is continued, and none is closed. Begin panics if a
// transaction on s is open.
func (s *State) Begin(id clock.ReplicaID, doubt uint64) *Tx {
	if s.open != nil {
		panic(fmt.Sprintf("crdt: Mutate by %v of a value that a transaction of %v is changing", id, s.open.id))
	}
	t := &s.own().tx
	*t = Tx{
		s: s, id: id, doubt: doubt,
		pending: t.pending[:0], killed: t.killed[:0], bases: t.bases[:0], journal: t.journal[:0], buf: t.buf,
	}
	s.open = t
	return t
}

// On reports whether the transaction is on s and open.
func (t *Tx) On(s *State) bool { return s.open == t }

// place returns the place of a path, its nodes made.
func (t *Tx) place(path []string) (at nodeID, role byte, content []byte) {
	if len(path) == 0 {
		return outside, 0, nil
	}
	last := path[len(path)-1]
	return t.s.ensure(path[:len(path)-1]), last[0], []byte(last[1:])
}

// Put ends what shows at path and makes v live there.
func (t *Tx) Put(path []string, v []byte) {
	at, role, content := t.place(path)
	t.put(at, role, content, Value{Put: v})
}

// PutBelow is Put for the path that ends in the segment of that role and content.
func (t *Tx) PutBelow(path []string, role byte, content, v []byte) {
	t.put(t.s.ensure(path), role, content, Value{Put: v})
}

// Deny ends what shows at path and makes a denial live there.
func (t *Tx) Deny(path []string) {
	at, role, content := t.place(path)
	t.put(at, role, content, Value{Deny: true})
}

func (t *Tx) put(at nodeID, role byte, content []byte, v Value) {
	x := makeItem(t.buf, at, role, content, v)
	if x.rec != nil {
		t.buf = x.rec
	}
	if err := tooLarge(content, v); err != nil {
		t.fault = err
		return
	}
	var room [8]ref
	t.killAt(t.s.lookup(room[:0], &x))
	t.addPending(&x, pendingEntry{})
}

func (t *Tx) next() uint64 { return clock.MaxSeq + 1 + uint64(len(t.pending)) }

// addPending makes x live under a provisional number.
func (t *Tx) addPending(x *item, b pendingEntry) {
	s, slot := t.s, len(t.pending)%pageSize
	if slot == 0 {
		p := s.idle
		if p == nil {
			p = &page{}
		}
		s.idle = nil
		*p = page{id: t.id, form: dense, lo: t.next(), all: x.inf, key: p.key[:0], bytes: p.bytes[:0], live: &p.own}
		s.addPage(p)
		s.pending = append(s.pending, p)
	}
	p := s.pending[len(s.pending)-1]
	p.extend(slot)
	p.put(slot, x)
	t.pending = append(t.pending, b)
	t.alive++
	s.count(x.inf, 1)
	if s.indexed && x.inf.at() != outside {
		s.enter(p.ref(slot), x)
	}
	t.journal = append(t.journal, change{r: p.ref(slot), made: true})
}

// Events returns how many numbers the transaction needs: one for each entry that
// it made and that is alive, one if it only kills, none if it changes nothing.
func (t *Tx) Events() int {
	if t.alive == 0 && (t.ended > 0 || len(t.bases) > 0 || t.whole) {
		return 1
	}
	return t.alive
}

// Fault returns why Commit will refuse the transaction, as far as that does not
// depend on its numbers, or nil.
func (t *Tx) Fault() error { return t.fault }

// Rollback undoes everything, in time proportional to what was done.
func (t *Tx) Rollback() {
	for _, c := range slices.Backward(t.journal) {
		switch {
		case c.bases != nil:
			t.s.setBases(c.bases.pl, c.bases.was)
		case c.made:
			t.s.remove(t.s.pageOf(c.r), c.r.slot())
		default:
			t.s.restore(c.r)
		}
	}
	t.killed = t.killed[:0] // all are live, where they were
	t.finish()
}

// finish closes the transaction and tidies up behind it. What it killed is in order.
func (t *Tx) finish() {
	s := t.s
	for _, p := range s.pending {
		if s.freePage(p); cap(p.bytes) <= pageSize {
			s.idle = p // for the next transaction
		}
	}
	s.pending = s.pending[:0]
	s.open = nil
	s.tidyPages(t.killed)
	s.pruneAll()
	if cap(t.pending) > pageSize || cap(t.killed) > pageSize { // of an uncommonly large transaction
		t.pending, t.killed, t.journal, t.buf = nil, nil, nil, nil
	}
	t.bases, t.ahead, t.seen = nil, nil, nil
}
