package layout

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/dovetail-crdt/dovetail/clock"
)

// resolve reads the blocks that the record and the others beside it name, but for those
// that were given up. What cannot be had is in their Missing.
func (w *Writer) resolve(ctx context.Context, rec *Record) error {
	gone := rec.gone()
	for _, x := range append([]*Record{rec}, rec.Others...) {
		x.Parts, x.Missing = make([][]byte, len(x.Blocks)), nil
		for i, key := range x.Blocks {
			if slices.Contains(gone, key) {
				continue
			}
			f, err := w.block(ctx, key)
			switch {
			case errors.Is(err, ErrIncomplete):
				x.Missing = append(x.Missing, key)
			case err != nil:
				return err
			}
			x.Parts[i] = f
		}
	}
	return nil
}

// missing returns the error of a record of which blocks are missing, or nil.
func (r *Record) missing() error {
	all := slices.Clone(r.Missing)
	for _, o := range r.Others {
		all = append(all, o.Missing...)
	}
	if len(all) == 0 {
		return nil
	}
	return &IncompleteError{unique(all)}
}

// gone returns the blocks that were given up, in the record or in one beside it.
func (r *Record) gone() []EntryKey {
	all := slices.Clone(r.Gone)
	for _, o := range r.Others {
		all = append(all, o.Gone...)
	}
	return unique(all)
}

// named returns the blocks that the record and those beside it name.
func (r *Record) named() []EntryKey {
	all := slices.Clone(r.Blocks)
	for _, o := range r.Others {
		all = append(all, o.Blocks...)
	}
	return unique(all)
}

// parts returns the frames of those of the blocks that can be had, also of such as
// were given up: one may have come back.
func (w *Writer) parts(ctx context.Context, names []EntryKey) (map[EntryKey][]byte, error) {
	if len(names) == 0 || w.Blocks == nil {
		return nil, nil //nolint:nilnil // nothing, and nothing wrong
	}
	parts := make(map[EntryKey][]byte, len(names))
	for _, key := range names {
		f, err := w.block(ctx, key)
		if errors.Is(err, ErrIncomplete) {
			continue // no reason to refuse a write
		}
		if err != nil {
			return nil, err
		}
		parts[key] = f
	}
	return parts, nil
}

func bytesOf(parts map[EntryKey][]byte) (n int) {
	for _, f := range parts {
		n += len(f)
	}
	return n
}

// join returns the state of blocks.
func (w *Writer) join(parts map[EntryKey][]byte) (*State, error) {
	s := NewState(w.Kinds)
	for key, f := range parts {
		if _, err := s.MergeFrame(f); err != nil && !IsUnknown(err) {
			return nil, fmt.Errorf("block %x: %w", key, err)
		}
	}
	return s, nil
}

func (w *Writer) block(ctx context.Context, key EntryKey) ([]byte, error) {
	if w.Blocks == nil {
		return nil, fmt.Errorf("%w: %x, and no blocks are kept here", ErrIncomplete, key)
	}
	f, err := w.Blocks.Get(ctx, key)
	if err == nil && KeyOf(f) != key {
		return nil, fmt.Errorf("%w: %x holds something else", ErrIncomplete, key)
	}
	return f, err
}

// Rebuild makes blocks again that are missing of rec, out of what is known of the object
// from elsewhere, and writes them. It returns how many of them. A block is what a
// state knew of some replicas; if nothing has happened to what they did since, a state
// that has it all knows the same, and the hash, which is the block's name, proves it.
// One that does not match is not written: that a state covers the same events does
// not say that it has what they did.
func (w *Writer) Rebuild(ctx context.Context, rec *Record, known *State) (rebuilt int, err error) {
	if w.Blocks == nil {
		return 0, nil
	}
	for _, x := range append([]*Record{rec}, rec.Others...) {
		frames, err := w.rebuild(x, known)
		if err != nil {
			return rebuilt, err
		}
		for _, f := range frames {
			if err := w.Blocks.Put(ctx, KeyOf(f), f); err != nil {
				return rebuilt, err
			}
			w.count(BlockRestored)
			rebuilt++
		}
	}
	return rebuilt, nil
}

// rebuild returns those missing blocks of rec that can be made of known. The replicas of a
// block are those that known has, but not those that the rest of the record is of: its
// snapshot and other blocks, and the changes in its queue.
func (w *Writer) rebuild(rec *Record, known *State) ([][]byte, error) {
	if len(rec.Missing) == 0 {
		return nil, nil
	}
	rest := make(map[clock.ReplicaID]bool)
	add := func(frame []byte, ended *clock.Context) {
		o, err := known.Decode(frame)
		if err != nil || o.Context() == nil {
			return
		}
		c := o.Context()
		if ended != nil {
			c = c.Minus(ended)
		}
		for id := range c.Replicas() {
			rest[id] = true
		}
	}
	for _, f := range rec.Base() {
		add(f, nil)
	}
	frames, err := w.blocksBeside(known, rest, rec.Missing)
	if len(frames) > 0 || err != nil {
		return frames, err
	}
	for i := range rec.Queue {
		add(rec.Queue[i].Frame, rec.Queue[i].Unapplied)
	}
	return w.blocksBeside(known, rest, rec.Missing)
}

// blocksBeside returns those of the blocks of these names that are what the state has of
// all replicas but the rest.
func (w *Writer) blocksBeside(s *State, rest map[clock.ReplicaID]bool, names []EntryKey) (blocks [][]byte, err error) {
	for _, o := range s.frames.Objects() {
		_, part := o.Split(func(id clock.ReplicaID) bool { return !rest[id] })
		if part == nil {
			continue
		}
		frames, err := w.cut(part)
		if err != nil {
			return nil, err
		}
		for _, f := range frames {
			if slices.Contains(names, KeyOf(f)) {
				blocks = append(blocks, f)
			}
		}
	}
	return blocks, nil
}
