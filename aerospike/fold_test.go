package aerospike_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/dovetail-crdt/dovetail/aerospike"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/store"
)

// TestOwnFold lets a process fold a queue in which there are changes of its own alone,
// or others that it has seen, or one that it has not. Only then must it read the record
// before its next transaction, which must see that change.
func TestOwnFold(t *testing.T) {
	c := cluster(t)
	for _, tt := range []struct {
		name         string
		others, seen bool
		reads        int64 // after the fold
	}{
		{name: "its own"},
		{name: "others seen", others: true, seen: true},
		{name: "others not seen", others: true, reads: 2}, // to see what became of the refused write, twice
	} {
		t.Run(tt.name, func(t *testing.T) {
			set, mine := newSet(t, c), &counting{Client: c}
			e := open(t, mine, aerospike.Config{Set: set})
			regs := store.NewObjects(e, "", crdt.MVRegisterKind(crdt.String))
			write := func(o store.Objects[*crdt.MVRegister[string]], value string, want ...string) {
				t.Helper()
				_, err := o.Update(t.Context(), "k", func(tx *crdt.Tx, r *crdt.MVRegister[string]) error {
					got := slices.Collect(r.Values())
					r.Set(tx, value)
					if !slices.Equal(got, want) {
						return fmt.Errorf("before the write of %q: %q, want %q", value, got, want)
					}
					return nil
				})
				if err != nil {
					t.Fatal(err)
				}
			}
			write(regs, "a")
			write(regs, "b", "a")
			last := "b"
			if tt.others {
				other := open(t, c, aerospike.Config{Set: set})
				write(store.NewObjects(other, "", crdt.MVRegisterKind(crdt.String)), "c", "b")
				last = "c"
			}
			if tt.seen {
				if _, _, err := regs.View(t.Context(), "k"); err != nil {
					t.Fatal(err)
				}
			}
			if err := e.Fold(t.Context(), "k"); err != nil {
				t.Fatal(err)
			}
			before := mine.reads.Load()
			_, err := regs.Update(t.Context(), "k", func(tx *crdt.Tx, r *crdt.MVRegister[string]) error {
				r.Set(tx, "d")
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if n := mine.reads.Load() - before; n != tt.reads {
				t.Errorf("%d reads after the fold, want %d", n, tt.reads)
			}
			v, _, err := regs.View(t.Context(), "k")
			if got := slices.Collect(v.Values()); err != nil || !slices.Equal(got, []string{"d"}) {
				t.Errorf("after %q was overwritten by d: %q, %v", last, got, err)
			}
			fresh := store.NewObjects(open(t, c, aerospike.Config{Set: set}), "", crdt.MVRegisterKind(crdt.String))
			write(fresh, "e", "d")
			write(regs, "f", "e")
		})
	}
}
