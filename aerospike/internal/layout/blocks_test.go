package layout_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/layout"
	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
)

// shelf is a layout.Blocks in memory, of which blocks may be lost.
type shelf struct{ blocks, lost map[layout.EntryKey][]byte }

func newShelf() *shelf {
	return &shelf{make(map[layout.EntryKey][]byte), make(map[layout.EntryKey][]byte)}
}

// Put implements layout.Blocks.
func (s *shelf) Put(_ context.Context, key layout.EntryKey, frame []byte) error {
	if layout.KeyOf(frame) != key {
		return fmt.Errorf("block %x under %x", layout.KeyOf(frame), key)
	}
	s.blocks[key] = frame
	return nil
}

// Get implements layout.Blocks.
func (s *shelf) Get(_ context.Context, key layout.EntryKey) ([]byte, error) {
	if f, ok := s.blocks[key]; ok {
		return f, nil
	}
	return nil, fmt.Errorf("%w: %x", layout.ErrIncomplete, key)
}

// lose takes the blocks away; back brings them back.
func (s *shelf) lose() { s.lost, s.blocks = s.blocks, make(map[layout.EntryKey][]byte) }
func (s *shelf) back() { s.blocks = s.lost }

// old is a record that an earlier version would have made: all that it knows of 100
// replicas stands in a block. It returns the object with it.
func old(t *testing.T, c *cluster, b *shelf) *crdt.Doc {
	t.Helper()
	w := c.writer()
	w.Blocks, w.RecordSize = b, 2000 // so that the context may have 1000 bytes
	all := accountKind.New()
	for id := clock.ReplicaID(1); id <= 100; id++ {
		a := newActor(t, id*0x9e3779b97f4a7c15)
		a.doc.Merge(all)
		d := a.add(fmt.Sprint("t", id%3))
		all.Merge(d)
		c.put(t, layout.NewEntry(frameOf(d)))
	}
	c.compact(t, w, nil)
	if len(c.v.blocks) != 1 {
		t.Fatalf("%d blocks were made", len(c.v.blocks))
	}
	return all
}

// A block that would fit into the record is folded back into it, and then it does not
// matter what becomes of the block.
func TestFoldBack(t *testing.T) {
	t.Parallel()
	c, b := newCluster(), newShelf()
	all := old(t, c, b)
	w := c.writer()
	w.Blocks = b
	var noticed layout.Notice
	w.Noticed = func(_ string, n layout.Notice) { noticed = n }
	if _, err := w.Read(t.Context(), key, false); err != nil || noticed != layout.Foldable {
		t.Errorf("Read: notices %d, %v, want Foldable", noticed, err)
	}
	c.compact(t, w, nil)
	b.lose()
	if len(c.v.blocks) > 0 || !c.account(t).Equal(all) {
		t.Errorf("the record names %x and shows %v, want %v", c.v.blocks, shown(c.account(t)), shown(all))
	}
	if _, err := w.Read(t.Context(), key, false); err != nil || noticed != layout.Whole {
		t.Errorf("Read: notices %d, %v, want Whole", noticed, err)
	}
	if n := c.writes; c.compact(t, w, nil) > 0 && c.writes > n {
		t.Error("a record without a queue is folded again")
	}
}

// A record without its block says nothing, and goes on taking changes. Who can do with
// a part gets what there is.
func TestMissingBlock(t *testing.T) {
	t.Parallel()
	c, b := newCluster(), newShelf()
	all := old(t, c, b)
	b.lose()
	w := c.writer()
	w.Blocks = b
	_, err := w.Read(t.Context(), key, false)
	if e, ok := errors.AsType[*layout.IncompleteError](err); !ok || !slices.Equal(e.Missing, c.v.blocks) || !errors.Is(err, layout.ErrIncomplete) {
		t.Errorf("Read: %v, want that %x are missing", err, c.v.blocks)
	}
	d := newActor(t, 200).add("more")
	if _, err := w.Append(t.Context(), key, []layout.Entry{layout.NewEntry(frameOf(d))}, layout.Guard{}); err != nil {
		t.Errorf("Append: %v", err)
	}
	c.compact(t, w, nil)
	u, err := w.ReadPart(t.Context(), key, false)
	if err != nil || len(u.Missing) == 0 {
		t.Fatalf("ReadPart: missing %x, %v", u.Missing, err)
	}
	part, err := layout.Join(nil, u)
	if err != nil || !stateOf(t, frameOf(all), frameOf(d)).ContainsState(part) {
		t.Errorf("a part is not below the object: %v", err)
	}
	b.back()
	all.Merge(d)
	u, err = w.Read(t.Context(), key, false)
	if err != nil || !stateOf(t, u.Frames()...).ContainsState(stateOf(t, frameOf(all))) {
		t.Errorf("with the block again: %v", err)
	}
}

// A block is made again by whoever knows all of what it held, and by nobody else.
func TestRebuild(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		known func(*crdt.Doc, *actor) *crdt.Doc
		want  bool
	}{
		{"who knows the object", func(all *crdt.Doc, _ *actor) *crdt.Doc { return all }, true},
		{"who knows what came since", func(all *crdt.Doc, a *actor) *crdt.Doc { all.Merge(a.doc); return all }, true},
		{"who knows less", func(_ *crdt.Doc, a *actor) *crdt.Doc { return a.doc }, false},
		{"who knows what they all did since", func(all *crdt.Doc, a *actor) *crdt.Doc {
			for id := range crdt.ContextOf(all).Clone().Replicas() {
				w := crdt.NewWriter(id, wall)
				(&actor{a.t, w, accountKind.New()}).add("the event that it had")
				(&actor{a.t, w, all}).add("again")
			}
			return all
		}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, b := newCluster(), newShelf()
			all := old(t, c, b)
			late := newActor(t, 300)
			c.put(t, layout.NewEntry(frameOf(late.add("late"))))
			b.lose()
			w := c.writer()
			w.Blocks = b
			known := stateOf(t, frameOf(tt.known(all, late)))
			w.Recall = func(string) *layout.State { return known }
			if _, err := w.Read(t.Context(), key, true); (err == nil) != tt.want || err != nil && !errors.Is(err, layout.ErrIncomplete) {
				t.Errorf("Read: %v, want it to succeed: %t", err, tt.want)
			}
			if tt.want && !slices.Equal(slices.Collect(mapsKeys(b.blocks)), slices.Collect(mapsKeys(b.lost))) {
				t.Errorf("blocks %d, want the %d that were lost", len(b.blocks), len(b.lost))
			}
		})
	}
}

func mapsKeys(m map[layout.EntryKey][]byte) func(func(layout.EntryKey) bool) {
	return func(yield func(layout.EntryKey) bool) {
		keys := make([]layout.EntryKey, 0, len(m))
		for k := range m {
			keys = append(keys, k)
		}
		slices.SortFunc(keys, func(a, b layout.EntryKey) int { return a.Compare(&b) })
		for _, k := range keys {
			if !yield(k) {
				return
			}
		}
	}
}

// A block is given up by its name, if it is missing, and everybody goes on without it,
// until it is found again: then it is taken in.
func TestGiveUp(t *testing.T) {
	t.Parallel()
	c, b := newCluster(), newShelf()
	all := old(t, c, b)
	w := c.writer()
	w.Blocks = b
	block := c.v.blocks[0]
	if err := w.GiveUp(t.Context(), key, block); !errors.Is(err, layout.ErrBlockHere) {
		t.Errorf("GiveUp of a block that is here: %v", err)
	}
	b.lose()
	if err := w.GiveUp(t.Context(), key, layout.KeyOf(nil)); !errors.Is(err, layout.ErrNotNamed) {
		t.Errorf("GiveUp of no block of the record: %v", err)
	}
	was := c.v.stamp
	if err := w.GiveUp(t.Context(), key, block); err != nil || c.v.stamp == was {
		t.Fatalf("GiveUp: %v; the stamp is new: %t", err, c.v.stamp != was)
	}
	if err := w.GiveUp(t.Context(), key, block); err != nil {
		t.Errorf("GiveUp again: %v", err)
	}
	u, err := w.Read(t.Context(), key, false)
	if err != nil || !slices.Equal(u.Gone, []layout.EntryKey{block}) {
		t.Fatalf("Read: gone %x, %v", u.Gone, err)
	}
	d := newActor(t, 200).add("more")
	c.put(t, layout.NewEntry(frameOf(d)))
	c.compact(t, w, nil)
	if !slices.Equal(c.v.gone, []layout.EntryKey{block}) {
		t.Errorf("after a fold %x are gone", c.v.gone)
	}
	b.back()
	c.compact(t, w, nil)
	all.Merge(d)
	if len(c.v.blocks)+len(c.v.gone) > 0 || !c.account(t).Equal(all) {
		t.Errorf("when it was found again: names %x, without %x, shows %v", c.v.blocks, c.v.gone, shown(c.account(t)))
	}
}

// TestBlocksHistories plays random histories of a small record with many replicas whose
// blocks are lost and come back: a read is the whole object or ErrIncomplete, and
// nothing is lost that is not in a lost block.
func TestBlocksHistories(t *testing.T) {
	t.Parallel()
	seeds := uint64(50)
	if testing.Short() {
		seeds = 10
	}
	read, incomplete, moved := 0, 0, 0
	for seed := range seeds {
		r := rand.New(rand.NewPCG(seed, 1))
		c, b := newCluster(), newShelf()
		w := c.writer()
		w.Blocks, w.RecordSize = b, 2000+r.IntN(3000)
		all := accountKind.New()
		for step := range clock.ReplicaID(300) {
			a := newActor(t, step%200+1)
			a.src = crdt.NewWriter(step+1, wall).On()
			if r.IntN(2) == 0 {
				a.doc.Merge(all)
			}
			d := a.add(fmt.Sprint(r.IntN(5)))
			if r.IntN(3) == 0 {
				d = a.remove(fmt.Sprint(r.IntN(5)))
			}
			all.Merge(d)
			if f := frameOf(d); !d.IsBottom() {
				c.put(t, layout.NewEntry(f))
			}
			switch r.IntN(20) {
			case 0:
				b.lose()
			case 1, 2:
				maps.Copy(b.blocks, b.lost)
			case 3, 4, 5:
				w.RecordSize = 2000 + r.IntN(3000)
				c.compact(t, w, nil)
				moved = max(moved, len(c.v.blocks))
			}
			u, err := w.Read(t.Context(), key, false)
			switch {
			case errors.Is(err, layout.ErrIncomplete):
				incomplete++
			case err != nil:
				t.Fatalf("seed %d, step %d: %v", seed, step, err)
			case !all.IsBottom() && !stateOf(t, u.Frames()...).ContainsState(stateOf(t, frameOf(all))):
				t.Fatalf("seed %d, step %d: a read without an error lacks something", seed, step)
			default:
				read++
			}
		}
	}
	if read == 0 || incomplete == 0 || moved < 2 {
		t.Errorf("%d reads, %d of incomplete records, %d blocks: not all was met", read, incomplete, moved)
	}
}
