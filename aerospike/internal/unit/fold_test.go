package unit_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/unit"
	"github.com/dovetail-crdt/dovetail/crdt"
)

// strangeFrame returns a frame of a lattice that is not known here, without a
// context.
func strangeFrame(content string) []byte {
	k := crdt.GSetOf(crdt.String)
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
	strange := strangeFrame("s")
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
		{"a strange entry stays", [][]byte{x}, [][]byte{strange, y}, [][]byte{x, y}, []int{1}, false, false},
		{"a damaged entry stays", [][]byte{x}, [][]byte{damaged(y), y}, [][]byte{x, y}, []int{1}, true, false},
		{"an empty entry stays", nil, [][]byte{{}, x}, [][]byte{x}, []int{1}, true, false},
		{"a strange snapshot", [][]byte{x, strange}, [][]byte{y}, [][]byte{x, y, strange}, []int{0}, false, false},
		{"a damaged snapshot", [][]byte{damaged(x)}, [][]byte{y}, nil, nil, false, true},
		{"damaged beside good", [][]byte{x, damaged(x)}, nil, nil, nil, false, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			u := &unit.Unit{Snapshot: tt.snapshot}
			for _, f := range tt.queue {
				u.Queue = append(u.Queue, unit.NewEntry(f))
			}
			f, dmg, err := unit.Fold(unit.NewState(nil), u)
			if (err != nil) != tt.fails || (dmg != nil) != tt.damaged {
				t.Fatalf("Fold: damaged %v, error %v", dmg, err)
			}
			if tt.fails {
				return
			}
			if unit.IsStrange(dmg) {
				t.Errorf("a strange entry is told as damaged: %v", dmg)
			}
			var keys []unit.EntryKey
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

// What is strange or damaged is neither folded nor removed by a compaction, and
// what was strange in the snapshot is in the next one.
func TestCompactionKeepsWhatIsStrange(t *testing.T) {
	t.Parallel()
	a := newActor(t, 1)
	x, y := frameOf(a.add("x")), frameOf(a.add("y"))
	c := newCluster()
	w := c.writer()
	stay := []unit.Entry{unit.NewEntry(strangeFrame("s")), unit.NewEntry(damaged(x))}
	c.put(t, append(slices.Clone(stay), unit.NewEntry(x))...)
	c.compact(t, w, stateOf(t, strangeFrame("t")))
	c.put(t, unit.NewEntry(y))
	c.compact(t, w, nil)
	u := c.v.unit()
	if want := framesOf(t, stateOf(t, x, y, strangeFrame("t"))); !slices.EqualFunc(u.Snapshot, want, bytes.Equal) {
		t.Errorf("the snapshot is %x, want %x", u.Snapshot, want)
	}
	for _, e := range stay {
		if !slices.ContainsFunc(u.Queue, func(q unit.Entry) bool { return q.Key == e.Key && bytes.Equal(q.Frame, e.Frame) }) {
			t.Errorf("entry %x is gone", e.Key)
		}
	}
	if len(u.Queue) != len(stay) {
		t.Errorf("%d entries wait, want %d", len(u.Queue), len(stay))
	}
}
