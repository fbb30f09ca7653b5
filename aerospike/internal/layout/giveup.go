package layout

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

var (
	// ErrNotNamed means that the record does not name the block.
	ErrNotNamed = errors.New("the record names no such block")
	// ErrBlockHere means that the block can be read.
	ErrBlockHere = errors.New("the block is here")
)

// GiveUp decides that key's record does without a block which cannot be had. The
// decision stands in the record (Gone), so that all who read the record follow it. What
// only the block said is not known any more: elements that were removed may be back,
// and what replicas did that are told of nowhere else is lost. If the block is found
// again, the next fold takes it in and ends the decision. GiveUp tries until the
// context ends, and does nothing if it was decided before.
func (w *Writer) GiveUp(ctx context.Context, key string, block EntryKey) error {
	var b backoff
	for {
		rec, err := w.ReadPart(ctx, key, true)
		if err != nil {
			return err
		}
		switch {
		case slices.Contains(rec.gone(), block):
			return nil
		case !slices.Contains(rec.named(), block):
			return fmt.Errorf("%w: %x", ErrNotNamed, block)
		case !rec.lacks(block):
			return fmt.Errorf("%w: %x", ErrBlockHere, block)
		}
		err = w.giveUp(ctx, key, rec, block)
		if err == nil {
			return nil
		}
		e := classify(err)
		switch e.Class {
		case Refused, Absent: // it was changed meanwhile
			e = &Error{Class: Busy, Err: err}
		case Busy, Overloaded:
		default:
			return outcome(ctx, false, err)
		}
		if err := w.wait(ctx, &b, e); err != nil {
			return outcome(ctx, false, err)
		}
	}
}

// lacks reports whether the block is missing.
func (r *Record) lacks(block EntryKey) bool {
	return slices.Contains(r.Missing, block) || slices.ContainsFunc(r.Others, func(o *Record) bool { return o.lacks(block) })
}

// giveUp writes the decision into the record that was read.
func (w *Writer) giveUp(ctx context.Context, key string, rec *Record, block EntryKey) error {
	parts, err := w.parts(ctx, rec.named())
	if err != nil {
		return err
	}
	rec.Gone = append(rec.Gone, block)
	p, err := w.plan(ctx, rec, nil, parts, scope{others: true, always: true})
	if err != nil {
		return err
	}
	if !p.fits {
		return fmt.Errorf("%w: a snapshot of %d bytes, at most %d", ErrTooLarge, len(p.change.Snapshot), w.RecordSize)
	}
	return w.Cluster.Compact(ctx, key, p.change)
}
