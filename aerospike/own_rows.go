package aerospike

import (
	"fmt"

	"github.com/dovetail-crdt/dovetail/crdt/untyped"
)

// ownRows is what this replica wrote to an object of a type without a context: its
// totals in a GCounter or a BoundedCounter, say. Such a row must go on from what the
// replica remembers, and never from a record, which may have gone back. While the
// process lives it does not forget the object. For the process that goes on as the
// replica it is on the disk: first in the parts that it was written in, and when they
// are as much as their join is, as that, so that the disk writes each byte a few times.
// Value.mu guards it.
type ownRows struct {
	state *untyped.Object // the join of all parts whose fate is known; nil: not asked for
	parts []ticket
	size  int // of them
	whole int // of their join, when it was last written
}

// ownName is the name of an object of a type without a context.
type ownName struct{ kind, key string }

// ownPart is a frame of ownRows on the disk.
type ownPart struct {
	ticket ticket
	frame  []byte
}

// recallOwn takes up what the process before wrote to the object. From then on the
// object is not forgotten.
func (v *value) recallOwn(l *ledger, o *object) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.own.state != nil || l.disk == nil {
		return nil
	}
	own := ownRows{state: untyped.NewObject(v.kind)}
	name := ownName{v.name, o.key}
	for _, p := range l.ownParts(name) {
		d, err := untyped.DecodeObjectAs(v.kind, p.frame)
		if err != nil {
			return fmt.Errorf("%w: what this replica wrote before: %w", ErrJournal, err)
		}
		mustMerge(own.state, d)
		own.parts = append(own.parts, p.ticket)
		own.size += len(p.frame)
	}
	l.recalled(name)
	v.own = own
	v.work.renew()
	o.pinned.Store(true)
	return nil
}

// ownFold is the size of parts that are not worth joining, in bytes.
const ownFold = 4 << 10

// add takes note that a change of v is in the cluster.
func (o *ownRows) add(l *ledger, v *value, c *change, delta *untyped.Object) {
	if o.state == nil {
		return
	}
	mustMerge(o.state, delta)
	o.parts = append(o.parts, c.ticket)
	o.size += len(c.entry.Frame)
	if o.size < 2*o.whole+ownFold {
		return
	}
	frame, err := o.state.AppendFrame(nil)
	if err != nil {
		panic(fmt.Sprintf("aerospike: the join of frames of %q has none: %v", v.name, err))
	}
	l.foldOwn(ownName{v.name, c.key}, o.parts, frame)
	o.parts = append(o.parts[:0], c.ticket)
	o.size, o.whole = len(frame), len(frame)
}

// ownParts returns what the process before wrote to an object.
func (l *ledger) ownParts(name ownName) []ownPart {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.disk.own[name]
}

// recalled lets go of what was taken up.
func (l *ledger) recalled(name ownName) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.disk.own, name)
}

// foldOwn replaces parts of ownRows by their join, which takes the place of the last.
func (l *ledger) foldOwn(name ownName, parts []ticket, frame []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	id := l.disk.replica.id
	last := len(parts) - 1
	l.disk.put(ownRow(id, parts[last], name.kind, name.key, frame))
	for _, t := range parts[:last] {
		l.disk.put(JournalRow{Key: ownKey(id, t)})
	}
	l.disk.runIfMany(l)
}
