package layout_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/layout"
	"github.com/dovetail-crdt/dovetail/crdt"
)

// unknownFrame returns a frame of a lattice that is not known here, without a
// context.
func unknownFrame(content string) []byte {
	k := crdt.GSetKind(crdt.String)
	k.Name = "own"
	s := k.New()
	_, err := crdt.Mutate(s, crdt.NewWriter(8, wall), func(tx *crdt.Tx, s *crdt.GSet[string]) error {
		s.Add(tx, content)
		return nil
	})
	if err != nil {
		panic(err)
	}
	f, err := crdt.AppendFrame(nil, k, s)
	if err != nil {
		panic(err)
	}
	return f
}

func damaged(frame []byte) []byte {
	b := bytes.Clone(frame)
	b[len(b)/2] ^= 0x40
	return b
}

func TestFold(t *testing.T) {
	t.Parallel()
	a := newActor(t, 1)
	x, y := frameOf(a.add("x")), frameOf(a.add("y"))
	unknown := unknownFrame("s")
	for _, tt := range []struct {
		name            string
		snapshot, queue [][]byte
		want            [][]byte // merged
		folded          []int    // of the queue
		damaged, fails  bool
	}{
		{name: "nothing"},
		{"a queue", nil, [][]byte{x, y}, [][]byte{x, y}, []int{0, 1}, false, false},
		{"a snapshot and a queue", [][]byte{x}, [][]byte{y}, [][]byte{x, y}, []int{0}, false, false},
		{"what was folded before", [][]byte{x}, [][]byte{x}, [][]byte{x}, []int{0}, false, false},
		{"an unknown entry stays", [][]byte{x}, [][]byte{unknown, y}, [][]byte{x, y}, []int{1}, false, false},
		{"a damaged entry stays", [][]byte{x}, [][]byte{damaged(y), y}, [][]byte{x, y}, []int{1}, true, false},
		{"an empty entry stays", nil, [][]byte{{}, x}, [][]byte{x}, []int{1}, true, false},
		{"an unknown snapshot", [][]byte{x, unknown}, [][]byte{y}, [][]byte{x, y, unknown}, []int{0}, false, false},
		{"a damaged snapshot", [][]byte{damaged(x)}, [][]byte{y}, nil, nil, false, true},
		{"damaged beside good", [][]byte{x, damaged(x)}, nil, nil, nil, false, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			u := &layout.Record{Snapshot: tt.snapshot}
			for _, f := range tt.queue {
				u.Queue = append(u.Queue, layout.NewEntry(f))
			}
			f, dmg, err := layout.Fold(layout.NewState(nil), u)
			if (err != nil) != tt.fails || (dmg != nil) != tt.damaged {
				t.Fatalf("Fold: damaged %v, error %v", dmg, err)
			}
			if tt.fails {
				return
			}
			if layout.IsUnknown(dmg) {
				t.Errorf("an unknown entry is told as damaged: %v", dmg)
			}
			var keys []layout.EntryKey
			for _, i := range tt.folded {
				keys = append(keys, u.Queue[i].Key)
			}
			if !slices.Equal(f.Keys, keys) || f.Left != len(tt.queue)-len(keys) {
				t.Errorf("Fold folded %x and left %d, want %x", f.Keys, f.Left, keys)
			}
			got, want := framesOf(t, f.State), framesOf(t, stateOf(t, tt.want...))
			if !slices.EqualFunc(got, want, bytes.Equal) {
				t.Errorf("Fold comes to %x, want %x", got, want)
			}
		})
	}
}

// What is unknown or damaged is neither folded nor removed by a compaction, and
// a frame of an unknown kind in the snapshot is in the next one.
func TestCompactionKeepsUnknownFrames(t *testing.T) {
	t.Parallel()
	a := newActor(t, 1)
	x, y := frameOf(a.add("x")), frameOf(a.add("y"))
	c := newCluster()
	w := c.writer()
	stay := []layout.Entry{layout.NewEntry(unknownFrame("s")), layout.NewEntry(damaged(x))}
	c.put(t, append(slices.Clone(stay), layout.NewEntry(x))...)
	c.compact(t, w, stateOf(t, unknownFrame("t")))
	c.put(t, layout.NewEntry(y))
	c.compact(t, w, nil)
	u := c.v.record()
	if want := framesOf(t, stateOf(t, x, y, unknownFrame("t"))); !slices.EqualFunc(u.Snapshot, want, bytes.Equal) {
		t.Errorf("the snapshot is %x, want %x", u.Snapshot, want)
	}
	for _, e := range stay {
		if !slices.ContainsFunc(u.Queue, func(q layout.Entry) bool { return q.Key == e.Key && bytes.Equal(q.Frame, e.Frame) }) {
			t.Errorf("entry %x is gone", e.Key)
		}
	}
	if len(u.Queue) != len(stay) {
		t.Errorf("%d entries wait, want %d", len(u.Queue), len(stay))
	}
}
