package unit

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
)

// An object that thousands of processes touched knows of thousands of replicas, most
// of which will never issue anything again. What a state knows of those can stand
// beside it in a block: a frame that is written once, under the hash of its bytes.
// The state of the unit is then the join of its snapshot, its queue and the blocks
// that it names. Nothing is forgotten by it, and nothing agreed upon: that a replica
// is taken for retired is a guess, and if it issues again after all, that is in the
// snapshot beside the block. What lacks a block that it names says nothing at all
// (ErrIncomplete): what the block ended would be back.

// ErrIncomplete means that a block which a unit names cannot be had.
var ErrIncomplete = errors.New("a block of the object is missing")

// Blocks keeps blocks. Each is written once and never changes.
type Blocks interface {
	// Put keeps a frame under its key, and returns when it is there to be read.
	Put(ctx context.Context, key EntryKey, frame []byte) error
	// Get returns the frame, or an error that matches ErrIncomplete if there is none.
	// The frame must not be changed.
	Get(ctx context.Context, key EntryKey) ([]byte, error)
}

const (
	// contextSize is how many bytes the context of a snapshot may have before what it
	// knows of replicas that seem retired is moved to a block.
	contextSize = 1 << 10
	// activeMost is how many replicas stay in the snapshot then, at most: those that
	// the queue came from.
	activeMost = 32
	// blocksMost is how many blocks a unit names, at most: beyond, the smaller half of
	// them is joined to one.
	blocksMost = 8
)

// resolve reads the blocks that the unit and the others beside it name.
func (w *Writer) resolve(ctx context.Context, u *Unit) error {
	for _, x := range append([]*Unit{u}, u.Others...) {
		x.Parts = x.Parts[:0]
		for _, key := range x.Blocks {
			f, err := w.block(ctx, key)
			if err != nil {
				return err
			}
			x.Parts = append(x.Parts, f)
		}
	}
	return nil
}

// beside returns what the blocks of a unit cover, if it matters: if something in the
// queue leaves events unapplied, which may be applied there.
func (w *Writer) beside(ctx context.Context, u *Unit) (*clock.Context, error) {
	if len(u.Blocks) == 0 || !slices.ContainsFunc(u.Queue, func(e Entry) bool { return e.Unapplied != nil }) {
		return nil, nil //nolint:nilnil // nothing, and nothing wrong
	}
	all := &clock.Context{}
	s := NewState(w.Kinds)
	for _, key := range u.Blocks {
		f, err := w.block(ctx, key)
		if errors.Is(err, ErrIncomplete) {
			continue // no reason to refuse a write: too much counts as unapplied
		}
		if err != nil {
			return nil, err
		}
		o, err := s.Decode(f)
		if err != nil {
			return nil, fmt.Errorf("block %x: %w", key, err)
		}
		if c := o.Context(); c != nil {
			all.Merge(c)
		}
	}
	return all, nil
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

// settleBlocks moves to blocks what the state knows of replicas that seem retired,
// if its context is large, and returns the blocks to name: those of u and of the
// others beside it, whose snapshots are in the state, and the new ones. Active returns
// those that seem not to be retired; it is asked only if there is something to move.
func (w *Writer) settleBlocks(
	ctx context.Context, s *State, u *Unit, active func() map[clock.ReplicaID]bool,
) ([]EntryKey, error) {
	names := slices.Clone(u.Blocks)
	for _, o := range u.Others {
		names = append(names, o.Blocks...)
	}
	if w.Blocks == nil {
		return unique(names), nil
	}
	for i, o := range s.objects {
		if contextBytes(o) <= contextSize {
			continue
		}
		stay := active()
		rest, part := o.Split(func(id clock.ReplicaID) bool { return !stay[id] })
		if part == nil {
			continue
		}
		keys, err := w.put(ctx, part)
		if err != nil {
			return nil, err
		}
		s.objects[i] = rest
		names = append(names, keys...)
	}
	if names = unique(names); len(names) <= blocksMost {
		return names, nil
	}
	joined, err := w.joinBlocks(ctx, names)
	if errors.Is(err, ErrIncomplete) { // no reason to refuse a write: name them all
		return names, nil
	}
	return joined, err
}

// put writes an object as one block, or as several if it is too large for one.
func (w *Writer) put(ctx context.Context, o *crdt.Object) ([]EntryKey, error) {
	f, err := o.AppendFrame(nil)
	if err != nil {
		return nil, fmt.Errorf("block: %w", err)
	}
	if len(f) > w.RecordSize {
		ids := slices.Collect(o.Context().Replicas())
		if len(ids) < 2 {
			return nil, fmt.Errorf("%w: %d bytes of one replica, at most %d", ErrTooLarge, len(f), w.RecordSize)
		}
		middle := ids[len(ids)/2]
		low, high := o.Split(func(id clock.ReplicaID) bool { return id >= middle })
		keys, err := w.put(ctx, low)
		if err != nil {
			return nil, err
		}
		more, err := w.put(ctx, high)
		return append(keys, more...), err
	}
	key := KeyOf(f)
	return []EntryKey{key}, w.Blocks.Put(ctx, key, f)
}

// joinBlocks joins the smaller half of the blocks, so that there are few, and each
// is copied a few times only, however many come.
func (w *Writer) joinBlocks(ctx context.Context, names []EntryKey) ([]EntryKey, error) {
	frames := make(map[EntryKey][]byte, len(names))
	for _, key := range names {
		f, err := w.block(ctx, key)
		if err != nil {
			return nil, err
		}
		frames[key] = f
	}
	slices.SortStableFunc(names, func(a, b EntryKey) int { return len(frames[a]) - len(frames[b]) })
	half := (len(names) + 1) / 2
	s := NewState(w.Kinds)
	for _, key := range names[:half] {
		if _, err := s.MergeFrame(frames[key]); err != nil {
			return nil, fmt.Errorf("block %x: %w", key, err)
		}
	}
	out := slices.Clone(names[half:])
	for _, o := range s.objects {
		keys, err := w.put(ctx, o)
		if err != nil {
			return nil, err
		}
		out = append(out, keys...)
	}
	return unique(out), nil
}

func contextBytes(o *crdt.Object) int {
	c := o.Context()
	if c == nil {
		return 0
	}
	b, err := c.AppendBinary(nil)
	if err != nil {
		panic(fmt.Sprintf("unit: a context that cannot be written: %v", err)) // documented not to happen
	}
	return len(b)
}

// activeIn returns the replicas that issued what the unit's queue holds, a few at
// most. Those that it only killed events of are among them: nothing tells.
func activeIn(s *State, u *Unit) map[clock.ReplicaID]bool {
	ids := make(map[clock.ReplicaID]bool)
	for i := range u.Queue {
		o, err := s.Decode(u.Queue[i].Frame)
		if err != nil || o.Context() == nil {
			continue
		}
		for id := range o.Context().Replicas() {
			if ids[id] = true; len(ids) == activeMost {
				return ids
			}
		}
	}
	return ids
}

// unique returns the names in order, each once.
func unique(names []EntryKey) []EntryKey {
	set := make(map[EntryKey]bool, len(names))
	for _, n := range names {
		set[n] = true
	}
	return slices.SortedFunc(maps.Keys(set), func(a, b EntryKey) int { return slices.Compare(a[:], b[:]) })
}
