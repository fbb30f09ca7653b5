package layout

import (
	"context"
	"encoding/binary"
	"slices"

	"github.com/dovetail-crdt/dovetail/clock"
)

// scope says what a compaction joins into the snapshot besides the queue.
type scope struct {
	blocks bool // the blocks that the record names, which it names no longer then
	others bool // the records of other datacenters, and the state that the caller brings
	always bool // compact even if there is nothing to join
}

// plan is a compaction that was worked out and not done yet.
type plan struct {
	change *Compaction
	idle   bool // there is nothing to do
	fits   bool // the snapshot is not too large
	more   bool // the snapshot holds what neither the record nor its queue held
}

// plan works out the compaction of rec. Also is a state to be joined too, or nil. Parts are
// the frames of the blocks that rec and the records beside it name, as far as they are
// there.
func (w *Writer) plan(
	ctx context.Context, rec *Record, also *State, parts map[EntryKey][]byte, with scope,
) (*plan, error) {
	names := rec.Blocks
	if with.others {
		names = rec.named()
	}
	here := func(k EntryKey) bool { return parts[k] != nil }
	own, s := *rec, NewState(w.Kinds)
	own.Parts, own.Others = nil, nil
	if with.blocks {
		own.Parts = partsOf(rec, parts)
		names = slices.DeleteFunc(slices.Clone(names), here)
	} else if err := w.noteBlocks(s, rec, parts); err != nil {
		return nil, err
	}
	f, _, err := Fold(s, &own)
	if err != nil {
		return nil, err
	}
	more := slices.ContainsFunc(names, func(k EntryKey) bool { return !slices.Contains(rec.Blocks, k) }) ||
		slices.ContainsFunc(rec.gone(), here)
	if with.others {
		for _, o := range rec.Others {
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
	if names, err = w.writeBlocks(ctx, s, names, func() map[clock.ReplicaID]bool { return activeIn(s, rec) }); err != nil {
		return nil, err
	}
	gone := slices.DeleteFunc(rec.gone(), func(k EntryKey) bool { return here(k) || !slices.Contains(names, k) })
	if p.change, err = w.change(s, rec, &Compaction{Folded: f.Keys, Blocks: names, Gone: gone}); err != nil {
		return nil, err
	}
	switch size := len(p.change.Snapshot); {
	case with.blocks:
		p.fits = size <= w.limit()
	case with.others && more:
		p.fits = size <= w.RecordSize
	default: // nothing but what the record has by now
		p.fits = size <= max(w.RecordSize, rec.Size)
	}
	return p, nil
}

// partsOf returns the frames of the blocks that rec names, nil for those that are not
// among parts.
func partsOf(rec *Record, parts map[EntryKey][]byte) [][]byte {
	fs := make([][]byte, len(rec.Blocks))
	for i, key := range rec.Blocks {
		fs[i] = parts[key]
	}
	return fs
}

// noteBlocks tells s which events the blocks of rec cover. That matters only if an entry
// of the queue leaves events unapplied, since a block may have applied them. Events of a
// block that is not there count as unapplied, which is safe: they are merged once more.
func (w *Writer) noteBlocks(s *State, rec *Record, parts map[EntryKey][]byte) error {
	if len(rec.Blocks) == 0 || !slices.ContainsFunc(rec.Queue, func(e Entry) bool { return e.Unapplied != nil }) {
		return nil
	}
	own := make(map[EntryKey][]byte)
	for _, key := range rec.Blocks {
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

// change completes the compaction that replaces rec's snapshot by s.
func (w *Writer) change(s *State, rec *Record, c *Compaction) (*Compaction, error) {
	frames, err := s.Frames()
	if err != nil {
		return nil, err
	}
	c.Seen, c.Hash, c.Unapplied = rec.Stamp, hashWith(frames, c.Blocks, c.Gone), s.Unapplied()
	for c.Next == c.Seen || c.Next == (Stamp{}) {
		binary.BigEndian.PutUint64(c.Next[:], w.Draw())
	}
	c.Snapshot, err = AppendSnapshot(nil, frames)
	return c, err
}
