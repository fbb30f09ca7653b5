package unit

import (
	"context"
	"encoding/binary"
	"slices"

	"github.com/dovetail-crdt/dovetail/clock"
)

// scope says what a compaction takes in besides the snapshot and the queue.
type scope struct {
	blocks bool // the blocks that the record names, so that it need not name them
	others bool // what others have written into their records, and what was brought along
	always bool // also if there is nothing to fold
}

// plan is a compaction that may be done.
type plan struct {
	change *Compaction
	idle   bool // there is nothing to do
	fits   bool // the snapshot is not too large
	more   bool // it takes in what did not belong to the record
}

// plan returns the compaction that replaces u by what it comes to. Parts are the frames
// of the blocks that u and the units beside it name, of those that can be had.
func (w *Writer) plan(
	ctx context.Context, u *Unit, also *State, parts map[EntryKey][]byte, with scope,
) (*plan, error) {
	names := u.Blocks
	if with.others {
		names = u.named()
	}
	here := func(k EntryKey) bool { return parts[k] != nil }
	own, s := *u, NewState(w.Kinds)
	own.Parts, own.Others = nil, nil
	if with.blocks {
		own.Parts = partsOf(u, parts)
		names = slices.DeleteFunc(slices.Clone(names), here)
	} else if err := w.setBeside(s, u, parts); err != nil {
		return nil, err
	}
	f, _, err := Fold(s, &own)
	if err != nil {
		return nil, err
	}
	more := slices.ContainsFunc(names, func(k EntryKey) bool { return !slices.Contains(u.Blocks, k) }) ||
		slices.ContainsFunc(u.gone(), here)
	if with.others {
		for _, o := range u.Others {
			x := *o
			x.Parts = nil
			if with.blocks {
				x.Parts = partsOf(o, parts)
			}
			own.Others = append(own.Others, &x)
		}
		c, err := extend(s, &own, also)
		if err != nil {
			return nil, err
		}
		more = more || c
	}
	p := &plan{more: more}
	if p.idle = len(f.Keys) == 0 && !more && !with.blocks && !with.always; p.idle {
		p.fits = true
		return p, nil
	}
	if with.blocks && s.contextBytes() > w.contextLimit() {
		return p, nil
	}
	if names, err = w.settleBlocks(ctx, s, names, func() map[clock.ReplicaID]bool { return activeIn(s, u) }); err != nil {
		return nil, err
	}
	gone := slices.DeleteFunc(u.gone(), func(k EntryKey) bool { return here(k) || !slices.Contains(names, k) })
	if p.change, err = w.change(s, u, &Compaction{Folded: f.Keys, Blocks: names, Gone: gone}); err != nil {
		return nil, err
	}
	switch size := len(p.change.Snapshot); {
	case with.blocks:
		p.fits = size <= w.limit()
	case with.others && more:
		p.fits = size <= w.RecordSize
	default: // nothing but what the record has by now
		p.fits = size <= max(w.RecordSize, u.Size)
	}
	return p, nil
}

// partsOf returns the frames of the blocks that u names, nil for those that are not
// among parts.
func partsOf(u *Unit, parts map[EntryKey][]byte) [][]byte {
	fs := make([][]byte, len(u.Blocks))
	for i, key := range u.Blocks {
		fs[i] = parts[key]
	}
	return fs
}

// setBeside tells s what the blocks of u cover, if it matters: if something in the queue
// leaves events unapplied, which may be applied there. Of what cannot be had too much
// counts as unapplied.
func (w *Writer) setBeside(s *State, u *Unit, parts map[EntryKey][]byte) error {
	if len(u.Blocks) == 0 || !slices.ContainsFunc(u.Queue, func(e Entry) bool { return e.Unapplied != nil }) {
		return nil
	}
	own := make(map[EntryKey][]byte)
	for _, key := range u.Blocks {
		if f := parts[key]; f != nil {
			own[key] = f
		}
	}
	blocks, err := w.join(own)
	if err == nil {
		s.beside = blocks.context()
	}
	return err
}

// change completes the compaction that replaces u's snapshot by s.
func (w *Writer) change(s *State, u *Unit, c *Compaction) (*Compaction, error) {
	frames, err := s.Frames()
	if err != nil {
		return nil, err
	}
	c.Seen, c.Hash, c.Unapplied = u.Stamp, hashWith(frames, c.Blocks, c.Gone), s.Unapplied()
	for c.Next == c.Seen || c.Next == (Stamp{}) {
		binary.BigEndian.PutUint64(c.Next[:], w.Draw())
	}
	c.Snapshot, err = AppendSnapshot(nil, frames)
	return c, err
}
