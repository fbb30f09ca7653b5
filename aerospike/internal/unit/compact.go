package unit

import (
	"context"
	"errors"
	"fmt"

	"github.com/dovetail-crdt/dovetail/clock"
)

// Compact folds the queue of key's unit, and also, which may be nil, into its
// snapshot, and returns the size of what is left in the record. It tries until
// the context ends; that somebody else folds meanwhile is no failure. A
// compaction whose outcome is not known needs no care: what it wrote is what the
// record holds.
func (w *Writer) Compact(ctx context.Context, key string, also *State) (size int, err error) {
	f, err := w.fold(ctx, key, also, false)
	return f.Size, err
}

// Folding is what a compaction came to.
type Folding struct {
	Size int // of what is left in the record
	// Done is the compaction that took place, if it made the snapshot of nothing but
	// the one before and the entries that it removed. Nil also where there was nothing
	// to fold, or its answer was lost.
	Done *Compaction

	idle  bool  // there was nothing to fold
	stamp Stamp // of what is left
}

// Fold is Compact of nothing else, for who goes on with what the record holds then.
func (w *Writer) Fold(ctx context.Context, key string) (Folding, error) {
	return w.fold(ctx, key, nil, false)
}

func (w *Writer) fold(ctx context.Context, key string, also *State, newest bool) (Folding, error) {
	var b backoff
	for ; ; newest = true {
		u, err := w.Cluster.Read(ctx, key, newest)
		if err == nil {
			var f Folding
			if f, err = w.compact(ctx, key, u, also); err == nil {
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
			return Folding{}, settle(ctx, false, err)
		}
		if err := w.wait(ctx, &b, e); err != nil {
			return Folding{}, settle(ctx, false, err)
		}
	}
}

// compact tries to fold a unit that was read.
func (w *Writer) compact(ctx context.Context, key string, u *Unit, also *State) (Folding, error) {
	parts, err := w.parts(ctx, u.named())
	if err != nil {
		return Folding{}, err
	}
	var p *plan
	for _, with := range [...]scope{{blocks: true, others: true}, {others: true}, {}} {
		if with.blocks && (len(parts) == 0 || u.Size+bytesOf(parts) > w.limit()) { // they share hardly anything
			continue
		}
		if p, err = w.plan(ctx, u, also, parts, with); err != nil {
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
		return Folding{Size: u.Size, idle: true, stamp: u.Stamp}, nil
	case !p.fits:
		return Folding{}, fmt.Errorf("%w: a snapshot of %d bytes, at most %d", ErrTooLarge, len(p.change.Snapshot), w.RecordSize)
	}
	err = w.Cluster.Compact(ctx, key, p.change)
	if e, ok := errors.AsType[*Error](err); ok && e.Class == Absent && u.IsEmpty() {
		size, err := w.create(ctx, key, p.change)
		return Folding{Size: size}, err
	}
	done := Folding{Size: len(p.change.Snapshot) + u.sizeWithout(p.change.Folded), stamp: p.change.Next}
	if err == nil {
		w.count(Compacted)
		if !p.more {
			done.Done = p.change
		}
	}
	return done, err
}

// extend merges into the state of a unit what others have written into theirs, so
// that a state is not lost with its unit, and also, and reports whether any of that
// was new. What of theirs cannot be read stays with them.
func extend(s *State, u *Unit, also *State) (changed bool, err error) {
	take := func(frame []byte, unapplied *clock.Context) {
		if o, err := s.Decode(frame); err == nil {
			c, err := s.MergeExcept(o, unapplied)
			changed = changed || err == nil && c
		}
	}
	for _, other := range u.Others {
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

// create makes the record of a state that stands nowhere here yet, as an append
// does, so that whoever makes it first has no advantage, and returns its size.
func (w *Writer) create(ctx context.Context, key string, c *Compaction) (size int, err error) {
	frames, err := ReadSnapshot(c.Snapshot)
	if err != nil {
		panic(fmt.Sprintf("unit: a snapshot just written: %v", err))
	}
	entries := make([]Entry, len(frames))
	for i, f := range frames {
		entries[i] = NewEntryExcept(f, c.Unapplied)
		size += len(entries[i].Bytes()) + len(EntryKey{})
	}
	_, err = w.Cluster.Append(ctx, key, entries, Guard{MaxSize: w.RecordSize})
	return size, err
}
