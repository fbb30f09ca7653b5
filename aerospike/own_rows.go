package aerospike

import (
	"fmt"
	"sync"

	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/untyped"
)

// ownRows is what this replica wrote to an object of a type without a context, if it
// asked for the replica's id to do so: its totals in a GCounter or a BoundedCounter, say.
// Such a row must go on from what the replica remembers, and never from a record, which
// may have gone back. So the ledger has it for as long as the process lives, whatever
// else of the object is forgotten. For the process that goes on as the replica it is on
// the disk: first in the parts that it was written in, and when they are as much as their
// join is, as that, so that the disk writes each byte a few times.
type ownRows struct {
	name ownName

	mu    sync.Mutex      // see ledger for the order of locks
	state *untyped.Object // the join of all parts whose fate is known; nil until it is asked for
	left  []ownPart       // by the process before, until then
	parts []ticket        // on the disk
	size  int             // of them
	whole int             // of their join, when it was last written
}

// ownName is the name of an object of a type without a context.
type ownName struct{ kind, key string }

// ownPart is a frame of ownRows on the disk.
type ownPart struct {
	ticket ticket
	frame  []byte
}

// recallOwn takes up what the replica wrote to the object, in this process or before.
func (v *value) recallOwn(l *ledger, key string) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.own != nil {
		return nil
	}
	own := l.ownRows(ownName{v.name, key})
	if own == nil {
		return nil
	}
	if err := own.decode(v.kind); err != nil {
		return fmt.Errorf("%w: what this replica wrote before: %w", ErrJournal, err)
	}
	v.own = own
	v.work.renew()
	return nil
}

// beginOwn has what is written to the object from now on remembered. The caller has the
// turn, and recallOwn has found nothing.
func (v *value) beginOwn(l *ledger, key string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.own == nil {
		v.own = &ownRows{name: ownName{v.name, key}, state: untyped.NewObject(v.kind)}
		l.beginOwn(v.own)
	}
}

// hasOwn reports whether what is written to the object is remembered.
func (v *value) hasOwn() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.own != nil
}

// decode makes the state of what is left.
func (o *ownRows) decode(k crdt.AnyKind) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.state != nil {
		return nil
	}
	state := untyped.NewObject(k)
	for _, p := range o.left {
		d, err := untyped.DecodeObjectAs(k, p.frame)
		if err != nil {
			return err
		}
		mustMerge(state, d)
	}
	for _, p := range o.left {
		o.parts = append(o.parts, p.ticket)
		o.size += len(p.frame)
	}
	o.state, o.left = state, nil
	return nil
}

// mergeInto merges it into a state. O may be nil.
func (o *ownRows) mergeInto(state *untyped.Object) {
	if o == nil {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	mustMerge(state, o.state)
}

// ownFold is the size of parts that are not worth joining, in bytes.
const ownFold = 4 << 10

// add takes note that a change is in the cluster.
func (o *ownRows) add(l *ledger, c *change, delta *untyped.Object) {
	o.mu.Lock()
	defer o.mu.Unlock()
	mustMerge(o.state, delta)
	if l.disk == nil {
		return
	}
	o.parts = append(o.parts, c.ticket)
	o.size += len(c.entry.Frame)
	if o.size < 2*o.whole+ownFold {
		return
	}
	frame, err := o.state.AppendFrame(nil)
	if err != nil {
		panic(fmt.Sprintf("aerospike: the join of frames of %q has none: %v", o.name.kind, err))
	}
	l.foldOwn(o.name, o.parts, frame)
	o.parts = append(o.parts[:0], c.ticket)
	o.size, o.whole = len(frame), len(frame)
}

// ownRows returns what the replica wrote to an object, or nil.
func (l *ledger) ownRows(name ownName) *ownRows {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.own[name]
}

func (l *ledger) beginOwn(own *ownRows) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.own[own.name] = own
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
