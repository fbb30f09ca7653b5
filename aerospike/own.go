package aerospike

import (
	"fmt"

	"github.com/dovetail-crdt/dovetail/crdt"
)

// own is what this replica wrote to an object of a type without a context: its totals
// in a GCounter or a BoundedCounter, say. Such a row must go on from what the replica
// remembers, and never from a record, which may have gone back. While the process
// lives it does not forget the object. For the process that goes on as the replica it
// is on the disk: first in the parts that it was written in, and when they are as much
// as their join is, as that, so that the disk writes each byte a few times.
type own[S crdt.Lattice[S]] struct {
	met   bool // it was asked for on the disk
	state S    // the join of all parts whose fate is known
	parts []ticket
	size  int // of them
	whole int // of their join, when it was last written
}

// ownName is the name of an object of a type without a context.
type ownName struct{ kind, key string }

// ownPart is a frame of own on the disk.
type ownPart struct {
	ticket ticket
	frame  []byte
}

// recallOwn takes up what the process before wrote to the object. From then on the
// object is not forgotten.
func (k *known[S]) recallOwn(e *Engine, s *slot) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.own.met || e.journal.disk == nil {
		return nil
	}
	o := own[S]{met: true, state: k.kind.New()}
	name := ownName{k.kind.Name, s.key}
	for _, p := range e.journal.ownParts(name) {
		d, err := crdt.DecodeFrame(k.kind, p.frame)
		if err != nil {
			return fmt.Errorf("%w: what this replica wrote before: %w", ErrJournal, err)
		}
		o.state.Merge(d)
		o.parts = append(o.parts, p.ticket)
		o.size += len(p.frame)
	}
	e.journal.recalled(name)
	k.own = o
	s.pinned.Store(true)
	return nil
}

// ownFold is the size of parts that are not worth joining, in bytes.
const ownFold = 4 << 10

// settled takes note that a change is in the cluster. Known.mu is held.
func (o *own[S]) settled(j *keeper, key string, kind crdt.Kind[S], c *issued[S]) {
	if !o.met {
		return
	}
	o.state.Merge(c.delta)
	o.parts = append(o.parts, c.ticket)
	o.size += len(c.entry.Frame)
	if o.size < 2*o.whole+ownFold {
		return
	}
	frame, err := crdt.AppendFrame(nil, kind, o.state)
	if err != nil {
		panic(fmt.Sprintf("aerospike: the join of frames of %q has none: %v", kind.Name, err))
	}
	j.foldOwn(ownName{kind.Name, key}, o.parts, frame)
	o.parts = append(o.parts[:0], c.ticket)
	o.size, o.whole = len(frame), len(frame)
}

// ownParts returns what the process before wrote to an object.
func (j *keeper) ownParts(name ownName) []ownPart {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.disk.own[name]
}

// recalled lets go of what was taken up.
func (j *keeper) recalled(name ownName) {
	j.mu.Lock()
	defer j.mu.Unlock()
	delete(j.disk.own, name)
}

// foldOwn replaces parts of own by their join, which takes the place of the last.
func (j *keeper) foldOwn(name ownName, parts []ticket, frame []byte) {
	j.mu.Lock()
	defer j.mu.Unlock()
	id := j.disk.replica.id
	last := len(parts) - 1
	j.disk.put(ownRow(id, parts[last], name.kind, name.key, frame))
	for _, t := range parts[:last] {
		j.disk.put(JournalRow{Key: ownKey(id, t)})
	}
	j.disk.runIfMany(j)
}
