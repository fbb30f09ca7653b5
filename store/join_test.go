package store_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/store"
	"github.com/dovetail-crdt/dovetail/store/replication"
)

// TestJoin: the value of an object is that of all its frames of the kind, or it is
// an error: a value that leaves some out would not be the object's.
func TestJoin(t *testing.T) {
	t.Parallel()
	set := func(item string) []byte {
		w := newWorld(t)
		n := w.open("a", "")
		n.put("k", item)
		return n.w.changes[0].frame
	}
	x := set("x")
	w := newWorld(t)
	n := w.open("b", "")
	update(n, crdt.CounterKind(), "n", func(tx *crdt.Tx, c *crdt.Counter) { c.Add(tx, 1) })
	count := w.changes[0].frame
	newer := bytes.Clone(x)
	newer[1]++
	damaged := bytes.Clone(x)
	damaged[len(damaged)-1] ^= 1
	for _, tt := range []struct {
		name   string
		frames [][]byte
		want   int
		err    error
	}{
		{"nothing", nil, 0, nil},
		{"one", [][]byte{x}, 1, nil},
		{"one twice", [][]byte{x, x}, 1, nil},
		{"beside another kind", [][]byte{count, x}, 1, nil},
		{"another kind alone", [][]byte{count}, 0, crdt.ErrKind},
		{"a newer one beside", [][]byte{x, newer}, 0, crdt.ErrVersion},
		{"a newer one before", [][]byte{newer, x}, 0, crdt.ErrVersion},
		{"a damaged one beside", [][]byte{x, damaged}, 0, crdt.ErrCorrupt},
	} {
		s, err := replication.Join(words, "k", tt.frames)
		if !errors.Is(err, tt.err) || s.Len() != tt.want {
			t.Errorf("Join of %s = %d words, %v; want %d, %v", tt.name, s.Len(), err, tt.want, tt.err)
		}
		var ke *store.KeyError
		if tt.err != nil && (!errors.As(err, &ke) || ke.Key != "k") {
			t.Errorf("Join of %s = %v, which names no object", tt.name, err)
		}
	}
}
