package aerospike_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/dovetail-crdt/dovetail/aerospike"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/store"
)

// TestFullObjectCanBeMadeSmaller fills an object until it takes nothing more. Another
// process removes from it, blindly or not, and then it takes more again.
func TestFullObjectCanBeMadeSmaller(t *testing.T) {
	for _, blind := range []bool{false, true} {
		t.Run(fmt.Sprint("blind=", blind), func(t *testing.T) {
			c := cluster(t)
			set := newSet(t, c)
			cfg := aerospike.Config{Set: set, Watch: -1, RecordSize: 64 << 10, QueueSize: 16 << 10}
			e := open(t, c, cfg)
			sets := store.NewObjects(e, "", crdt.AWSetKind(crdt.String))
			var opts []store.Option
			if blind {
				opts = append(opts, store.Blind())
			}
			update := func(o store.Objects[*crdt.AWSet[string]], fn func(*crdt.Tx, *crdt.AWSet[string])) error {
				_, err := o.Update(t.Context(), "k", func(tx *crdt.Tx, s *crdt.AWSet[string]) error { fn(tx, s); return nil }, opts...)
				return err
			}
			tag := func(size, i int) string { return strings.Repeat("x", size) + fmt.Sprint(i) }
			for _, size := range []int{1000, 10, 0} {
				for i := 0; ; i++ {
					err := update(sets, func(tx *crdt.Tx, s *crdt.AWSet[string]) { s.Add(tx, tag(size, i)) })
					if errors.Is(err, aerospike.ErrStateTooLarge) {
						break
					}
					if err != nil {
						t.Fatal(err)
					}
				}
			}
			if n := e.Stats().Oversized; n != 1 {
				t.Errorf("%d objects are known to be full, want 1", n)
			}
			other := open(t, c, cfg)
			o := store.NewObjects(other, "", crdt.AWSetKind(crdt.String))
			if v, _, err := o.View(t.Context(), "k"); err != nil || v.Len() < 50 {
				t.Fatalf("a full object: %d elements, %v", v.Len(), err)
			}
			for i := range 20 {
				if err := update(o, func(tx *crdt.Tx, s *crdt.AWSet[string]) { s.Remove(tx, tag(1000, i)) }); err != nil {
					t.Fatalf("remove %d: %v", i, err)
				}
			}
			v, _, err := sets.View(t.Context(), "k")
			if err != nil || v.Contains(tag(1000, 0)) || v.Contains(tag(1000, 19)) || !v.Contains(tag(1000, 20)) {
				t.Errorf("after the removes: %d elements, %v", v.Len(), err)
			}
			for _, o := range []store.Objects[*crdt.AWSet[string]]{sets, o} {
				if err := update(o, func(tx *crdt.Tx, s *crdt.AWSet[string]) { s.Add(tx, tag(1000, 0)) }); err != nil {
					t.Errorf("an add, when there is room again: %v", err)
				}
			}
			if n := other.Stats().Oversized + e.Stats().Oversized; n != 0 {
				t.Errorf("%d objects are known to be full, want none", n)
			}
			if err := update(o, func(tx *crdt.Tx, s *crdt.AWSet[string]) { s.Clear(tx) }); err != nil {
				t.Errorf("clear: %v", err)
			}
		})
	}
}
