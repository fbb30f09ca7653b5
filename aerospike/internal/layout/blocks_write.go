package layout

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt/untyped"
)

const (
	// contextMost is how many bytes the context of a snapshot may have, unless that is
	// more than half of a record, before what it knows of replicas that seem retired is
	// moved to a block: thousands of starts of processes without a journal.
	contextMost = 64 << 10
	// activeMost is how many replicas stay in the snapshot then, at most: those that
	// the queue came from.
	activeMost = 32
	// blocksMost is how many blocks a record names, at most: beyond, the smaller half of
	// them is joined to one.
	blocksMost = 8
)

// contextLimit returns how many bytes the context of a snapshot may have.
func (w *Writer) contextLimit() int { return min(contextMost, w.RecordSize/2) }

// writeBlocks moves to blocks what the state knows of replicas that seem retired, if
// its context is too large, and returns the blocks to name: those of names, whose
// content is not in the state, and the new ones. Active returns the replicas that seem
// not to be retired; it is asked only if there is something to move.
func (w *Writer) writeBlocks(
	ctx context.Context, s *State, names []EntryKey, active func() map[clock.ReplicaID]bool,
) ([]EntryKey, error) {
	if w.Blocks == nil {
		return unique(names), nil
	}
	names = slices.Clone(names)
	for i, o := range s.frames.Objects() {
		if contextBytes(o) <= w.contextLimit() {
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
		s.frames.Objects()[i] = rest
		names = append(names, keys...)
	}
	if names = unique(names); len(names) <= blocksMost {
		return names, nil
	}
	return w.joinBlocks(ctx, names)
}

// put writes an object as blocks and returns their names.
func (w *Writer) put(ctx context.Context, o *untyped.Object) ([]EntryKey, error) {
	frames, err := w.cut(o)
	if err != nil {
		return nil, err
	}
	keys := make([]EntryKey, len(frames))
	for i, f := range frames {
		keys[i] = KeyOf(f)
		if err := w.Blocks.Put(ctx, keys[i], f); err != nil {
			return nil, err
		}
	}
	return keys, nil
}

// cut returns an object as the frames of blocks: as one, or as several if it is too
// large for that.
func (w *Writer) cut(o *untyped.Object) ([][]byte, error) {
	f, err := o.AppendFrame(nil)
	if err != nil {
		return nil, fmt.Errorf("block: %w", err)
	}
	if len(f) <= w.RecordSize || w.RecordSize <= 0 {
		return [][]byte{f}, nil
	}
	ids := slices.Collect(o.Context().Replicas())
	if len(ids) < 2 {
		return nil, fmt.Errorf("%w: %d bytes of one replica, at most %d", ErrTooLarge, len(f), w.RecordSize)
	}
	middle := ids[len(ids)/2]
	low, high := o.Split(func(id clock.ReplicaID) bool { return id >= middle })
	frames, err := w.cut(low)
	if err != nil {
		return nil, err
	}
	more, err := w.cut(high)
	return append(frames, more...), err
}

// joinBlocks joins the smaller half of the blocks that can be had, so that there are
// few, and each is copied a few times only, however many come. The others stay named.
func (w *Writer) joinBlocks(ctx context.Context, names []EntryKey) ([]EntryKey, error) {
	frames, err := w.parts(ctx, names)
	if err != nil {
		return nil, err
	}
	here := slices.Collect(maps.Keys(frames))
	slices.SortFunc(here, func(a, b EntryKey) int {
		return cmp.Or(cmp.Compare(len(frames[a]), len(frames[b])), a.Compare(&b))
	})
	smaller := here[:(len(here)+1)/2]
	for _, key := range here[len(smaller):] {
		delete(frames, key)
	}
	s, err := w.join(frames)
	if err != nil {
		return nil, err
	}
	if len(s.frames.Kept()) > 0 { // of a later version, which nothing here can join
		return names, nil
	}
	out := slices.DeleteFunc(slices.Clone(names), func(k EntryKey) bool { return frames[k] != nil })
	for _, o := range s.frames.Objects() {
		keys, err := w.put(ctx, o)
		if err != nil {
			return nil, err
		}
		out = append(out, keys...)
	}
	return unique(out), nil
}

// contextBytes returns the size of the largest context in the state.
func (s *State) contextBytes() (n int) {
	for _, o := range s.frames.Objects() {
		n = max(n, contextBytes(o))
	}
	return n
}

func contextBytes(o *untyped.Object) int {
	c := o.Context()
	if c == nil {
		return 0
	}
	b, err := c.AppendBinary(nil)
	if err != nil {
		panic(fmt.Sprintf("layout: a context that cannot be written: %v", err)) // documented not to happen
	}
	return len(b)
}

// activeIn returns the replicas that issued what the record's queue holds, a few at
// most. Those that it only killed events of are among them: nothing tells.
func activeIn(s *State, rec *Record) map[clock.ReplicaID]bool {
	ids := make(map[clock.ReplicaID]bool)
	for i := range rec.Queue {
		o, err := s.Decode(rec.Queue[i].Frame)
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
