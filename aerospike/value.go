package aerospike

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/layout"
	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/untyped"
)

// value is what the process remembers of an object as one of some kind.
type value struct {
	kind crdt.AnyKind
	name string // of the kind
	rows bool   // the kind has no context: a row for each replica, or less

	mu sync.Mutex // see ledger for the order of locks
	// Seen is the join of all that was read, and of all that was written and
	// acknowledged: what a View shows.
	seen *untyped.Object
	// Unapplied are the events that seen covers and has not applied.
	unapplied layout.Unapplied

	// Found says that something of the kind was seen under the key, and other what else
	// was until then.
	found bool
	other string

	acks int // counts what was acknowledged
	// Stamp and entries say what of the record is in seen: the snapshot of that
	// stamp and these entries of the queue. Exact says that it was all, when the
	// cluster last answered.
	stamp   layout.Stamp
	entries keySet
	exact   bool
	others  []part // the same of the records of other datacenters
	// Checked says that the record, when it was last read, had all that is remembered,
	// to which nothing was added since. Unsure has the next read compare all of it: the
	// stamp and the entries do not tell what was merged in other ways.
	checked, unsure bool

	work   workState
	own    *ownRows // nil: nothing, as far as was asked for
	memory footprint

	pending []*change // those of the ledger, under its lock: what work has beside seen
}

// newValue returns a value of which nothing is known, which adds what it takes to memory.
func newValue(name string, k crdt.AnyKind, memory *atomic.Int64) *value {
	v := &value{kind: k, name: name, seen: untyped.NewObject(k)}
	v.rows = v.seen.BorrowContext() == nil
	v.memory.of = memory
	return v
}

// read reads the record and takes it in. If a copy lacks what is remembered, the
// newest is read, and if that lacks it too, the record is repaired.
func (v *value) read(ctx context.Context, e *Engine, o *object, newest bool) error {
	for {
		before := v.acknowledgements()
		u, err := e.writer.Load().Read(ctx, o.key, newest)
		if err != nil {
			return err
		}
		v.mu.Lock()
		// What lacks only what was acknowledged since may just be older than that.
		overtaken := v.acks != before
		lacks, err := v.absorb(u, newest && !overtaken)
		lacks = lacks && !overtaken
		v.mu.Unlock()
		if err != nil || !lacks {
			return err
		}
		if newest {
			v.repair(e, o, u) //nolint:contextcheck // in the background
			return nil
		}
		e.counts.behind.Add(1)
		newest = true
	}
}

func (v *value) acknowledgements() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.acks
}

// view reads the record and returns a copy of what it comes to.
func (v *value) view(ctx context.Context, e *Engine, o *object, newest bool, want *clock.Context) (*untyped.Object, readContext, error) {
	err := v.readAtLeast(ctx, e, o, newest, want)
	if err == nil {
		err = v.check()
	}
	if err != nil {
		return nil, readContext{}, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.handOut(), v.readContext(), nil
}

// fromRecord is view of a record that was read. Ok is false if a newer one must be.
func (v *value) fromRecord(u *layout.Record, want *clock.Context) (out *untyped.Object, ok bool, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	lacks, err := v.absorb(u, false)
	if err != nil || lacks || !v.found && v.other != "" || want != nil && !v.readContext().lacks(want).IsEmpty() {
		return nil, false, err
	}
	return v.handOut(), true, nil
}

// handOut returns what is remembered, for the caller to keep, and goes on with a copy.
// It is not the copy that is handed out, since making one puts what it is made of into
// an order from which the next is made faster. V.mu is held.
func (v *value) handOut() *untyped.Object {
	out := v.seen
	v.seen = out.Clone()
	return out
}

// isExact reports whether the record is known to have been what is remembered,
// when the cluster last answered.
func (v *value) isExact() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.exact
}

// isMet reports whether anything is remembered of the object.
func (v *value) isMet() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.work.state != nil || v.isSome()
}

// isSome reports whether anything of the record is remembered. V.mu is held.
func (v *value) isSome() bool {
	return v.acks > 0 || v.stamp != (layout.Stamp{}) || len(v.entries) > 0
}

// inexact takes note that a change came into the record in a way that says nothing of
// what else is there.
func (v *value) inexact() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.exact = false
}

// present returns what a reader of what is remembered sees.
func (v *value) present() readContext {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.readContext()
}

// contains reports whether all of a delta is in what was read.
func (v *value) contains(delta *untyped.Object) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	ok, err := v.seen.Contains(delta)
	return ok && err == nil
}

// has reports whether what is remembered contains the change of a frame.
func (v *value) has(frame []byte) bool {
	d, err := untyped.DecodeObjectAs(v.kind, frame)
	return err == nil && v.contains(d)
}

// acknowledged takes note that the cluster has a change, and reports whether it became
// kept by that: not if it is being dropped.
func (v *value) acknowledged(l *ledger, c *change, delta *untyped.Object, now time.Time) (became bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if became = l.acknowledge(c, now); became {
		v.merge(delta, c.entry.Unapplied)
		v.grew(len(c.entry.Frame))
		v.acks++
		v.checked, v.found = false, true
		if c.by.kind != "" {
			v.own.add(l, c, delta)
		}
	}
	return became
}

// dropped takes note that the cluster has the revocation of a change, and reports
// whether it is the first to say so.
func (v *value) dropped(l *ledger, c *change, r *revocation, now time.Time) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	first := l.dropped(c, now)
	if first {
		v.merge(r.delta, r.entry.Unapplied)
		v.grew(len(r.entry.Frame))
		v.acks++
		v.checked, v.exact = false, false
		v.work.revise()
	}
	return first
}

// appended takes note that the record holds so many entries, after one was
// appended alone to what was known as before of them.
func (v *value) appended(key layout.EntryKey, before, queued int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.entries.add(key)
	v.exact = v.exact && queued == before+1
}

// folded takes note that this process folded the queue. If the new snapshot is made of
// the one that is known and of entries that are, all of it is in seen. If there was
// more in it, somebody else's, the stamp stays what it was: the next exact append is
// refused, and the record is read.
func (v *value) folded(c *layout.Compaction) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.stamp == c.Seen && v.entries.remove(c.Folded) {
		v.stamp = c.Next
	}
}
