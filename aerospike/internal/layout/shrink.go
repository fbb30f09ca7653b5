package layout

import (
	"context"
	"fmt"
	"slices"

	"github.com/dovetail-crdt/dovetail/crdt/untyped"
)

// A record that is full takes no change that adds something. One that only ends
// something must still go, or the object could never be made smaller. It is not
// appended, since there may be no room for it, but folded into the snapshot with the
// queue, in one operation.

// payloadSlack is how many bytes a change may add to what is live without counting as
// one that adds: an entry may be written in a few bytes more under another replica.
const payloadSlack = 16

// shrink folds entries that only end something into the snapshot, and returns how many
// entries are left in the queue. Any others are ErrTooLarge, which says why. It tries
// until the context ends; its error is in doubt if the outcome of an attempt is not
// known.
func (w *Writer) shrink(ctx context.Context, key string, entries []Entry, full error) (queued int, err error) {
	doubt := false
	for b := (backoff{}); ; {
		rec, err := w.Cluster.Read(ctx, key, true)
		if err == nil {
			if queued, err = w.foldEnding(ctx, key, rec, entries, full); err == nil {
				return queued, nil
			}
		}
		e := classify(err)
		doubt = doubt || e.Doubt
		switch e.Class {
		case Refused, Absent: // it was changed meanwhile
			w.count(CompactionLost)
			e = &Error{Class: Busy, Err: err}
		case Busy, Overloaded:
		case TooBig:
			return 0, outcome(ctx, doubt, fmt.Errorf("%w: %w", ErrTooLarge, err))
		default:
			return 0, outcome(ctx, doubt, err)
		}
		if err := w.wait(ctx, &b, e); err != nil {
			return 0, outcome(ctx, doubt, err)
		}
	}
}

// foldEnding folds entries into a record that was read.
func (w *Writer) foldEnding(ctx context.Context, key string, rec *Record, entries []Entry, full error) (queued int, err error) {
	if rec.IsEmpty() {
		return 0, full
	}
	before, _, err := Fold(NewState(w.Kinds), rec)
	if err != nil {
		return 0, err
	}
	if !onlyEnds(before.State, entries) {
		return 0, full
	}
	parts, err := w.parts(ctx, rec.named())
	if err != nil {
		return 0, err
	}
	with := *rec
	with.Queue = append(slices.Clip(with.Queue), entries...)
	p, err := w.plan(ctx, &with, nil, parts, scope{})
	if err != nil {
		return 0, err
	}
	// What ends something adds a little to the context. That a record which is too large
	// already has no room for it, the cluster says.
	if len(p.change.Snapshot) > max(w.RecordSize, rec.Size+w.RecordSize/reserved) {
		return 0, full
	}
	if err := w.Cluster.Compact(ctx, key, p.change); err != nil {
		return 0, err
	}
	w.count(Compacted)
	return len(with.Queue) - len(p.change.Folded), nil
}

// onlyEnds reports whether entries only end something of a state: they have no live
// entry, or there are no more live ones by them, and what is live takes no more bytes.
func onlyEnds(s *State, entries []Entry) bool {
	after, ends := s.Clone(), true
	for i := range entries {
		o, err := s.Decode(entries[i].Frame)
		if err != nil {
			return false
		}
		ends = ends && o.BorrowContext() != nil && liveIn(o) == 0
		if _, err := after.Merge(o); err != nil {
			return false
		}
	}
	if ends {
		return true
	}
	for _, o := range after.frames.Objects() {
		was := s.Object(o.Kind())
		if o.BorrowContext() == nil || was == nil {
			return false
		}
		if liveIn(o) > liveIn(was) || payload(o) > payload(was)+payloadSlack {
			return false
		}
	}
	return true
}

// liveIn returns how many entries are live in an object.
func liveIn(o *untyped.Object) (n uint64) {
	for _, in := range o.Live().Intervals() {
		n += in.Hi - in.Lo + 1
	}
	return n
}

// payload returns how many bytes an object has beside its context.
func payload(o *untyped.Object) int {
	f, err := o.AppendFrame(nil)
	if err != nil {
		panic(fmt.Sprintf("layout: an object of kind %q that cannot be written: %v", o.Kind(), err))
	}
	return len(f) - contextBytes(o) - o.BorrowContext().Rows()
}
