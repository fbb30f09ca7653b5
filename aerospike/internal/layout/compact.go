package layout

import (
	"context"
	"errors"
	"fmt"

	"github.com/dovetail-crdt/dovetail/clock"
)

// Compact joins the queue of key's record, and also, which may be nil, into the
// snapshot, and returns the size of what is left in the record. It tries until the
// context ends. That somebody else folds the record meanwhile is no failure. Nor does it
// matter whether an attempt in doubt took place, since the record holds the same before
// and after.
func (w *Writer) Compact(ctx context.Context, key string, also *State) (size int, err error) {
	f, err := w.fold(ctx, key, also, false)
	return f.Size, err
}

// Folding is the outcome of a compaction.
type Folding struct {
	Size int // of what is left in the record
	// Done is the compaction that took place, if it made the snapshot of nothing but
	// the one before and the entries that it removed. Nil also where there was nothing
	// to fold, or its answer was lost.
	Done *Compaction

	idle  bool  // there was nothing to fold
	stamp Stamp // of what is left
}

// Fold is Compact without another state. It returns the whole outcome.
func (w *Writer) Fold(ctx context.Context, key string) (Folding, error) {
	return w.fold(ctx, key, nil, false)
}

func (w *Writer) fold(ctx context.Context, key string, also *State, newest bool) (Folding, error) {
	var b backoff
	for ; ; newest = true {
		rec, err := w.Cluster.Read(ctx, key, newest)
		if err == nil {
			var f Folding
			if f, err = w.compact(ctx, key, rec, also); err == nil {
				return f, nil
			}
		}
		e := classify(err)
		switch e.Class {
		case Refused, Absent: // somebody was faster, or the record went away
			w.count(CompactionLost)
			e = &Error{Class: Busy, Err: err}
		case TooBig:
			return Folding{}, fmt.Errorf("%w: %w", ErrTooLarge, err)
		case Busy, Overloaded:
		default:
			return Folding{}, outcome(ctx, false, err)
		}
		if err := w.wait(ctx, &b, e); err != nil {
			return Folding{}, outcome(ctx, false, err)
		}
	}
}

// compact tries to fold a record that was read.
func (w *Writer) compact(ctx context.Context, key string, rec *Record, also *State) (Folding, error) {
	parts, err := w.parts(ctx, rec.named())
	if err != nil {
		return Folding{}, err
	}
	var p *plan
	for _, with := range [...]scope{{blocks: true, others: true}, {others: true}, {}} {
		if with.blocks && (len(parts) == 0 || rec.Size+bytesOf(parts) > w.limit()) { // they share hardly anything
			continue
		}
		if p, err = w.plan(ctx, rec, also, parts, with); err != nil {
			return Folding{}, err
		}
		if p.fits {
			break
		}
		if with.others && !with.blocks {
			w.noticed(key, Full)
		}
	}
	switch {
	case p.idle:
		return Folding{Size: rec.Size, idle: true, stamp: rec.Stamp}, nil
	case !p.fits:
		return Folding{}, fmt.Errorf("%w: a snapshot of %d bytes, at most %d", ErrTooLarge, len(p.change.Snapshot), w.RecordSize)
	}
	err = w.Cluster.Compact(ctx, key, p.change)
	if e, ok := errors.AsType[*Error](err); ok && e.Class == Absent && rec.IsEmpty() {
		size, err := w.create(ctx, key, p.change)
		return Folding{Size: size}, err
	}
	done := Folding{Size: len(p.change.Snapshot) + rec.sizeWithout(p.change.Folded), stamp: p.change.Next}
	if err == nil {
		w.count(Compacted)
		if !p.more {
			done.Done = p.change
		}
	}
	return done, err
}

// extend merges the records of other datacenters into the state of a record, so that a
// state is not lost with the record it stands in, and also, which may be nil. It reports
// whether any of that was new. Frames that cannot be joined here are left out.
func extend(s *State, rec *Record, also *State) (changed bool, err error) {
	take := func(frame []byte, unapplied *clock.Context) {
		if o, err := s.Decode(frame); err == nil {
			c, err := s.MergeExcept(o, unapplied)
			changed = changed || err == nil && c
		}
	}
	for _, other := range rec.Others {
		for _, frame := range other.Base() {
			take(frame, other.Unapplied)
		}
		for i := range other.Queue {
			take(other.Queue[i].Frame, other.Queue[i].Unapplied)
		}
	}
	if also != nil {
		c, err := s.MergeState(also)
		return changed || c, err
	}
	return changed, nil
}

// create writes a state to a key that has no record, and returns the record's size. It
// appends, so that two who do it at once both succeed.
func (w *Writer) create(ctx context.Context, key string, c *Compaction) (size int, err error) {
	frames, err := ReadSnapshot(c.Snapshot)
	if err != nil {
		panic(fmt.Sprintf("layout: a snapshot just written: %v", err))
	}
	entries := make([]Entry, len(frames))
	for i, f := range frames {
		entries[i] = NewEntryExcept(f, c.Unapplied)
		size += len(entries[i].Bytes()) + len(EntryKey{})
	}
	_, err = w.Cluster.Append(ctx, key, entries, Guard{MaxSize: w.RecordSize})
	return size, err
}
