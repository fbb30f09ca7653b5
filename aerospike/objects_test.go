package aerospike_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dovetail-crdt/dovetail/aerospike"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/store"
)

func add(n int64) func(*crdt.Tx, *crdt.Counter) error {
	return func(tx *crdt.Tx, c *crdt.Counter) error { c.Add(tx, n); return nil }
}

// TestHotKey adds to one counter and one set from many goroutines of several
// processes, some of whose writes are lost, repeated or late.
func TestHotKey(t *testing.T) {
	c := cluster(t)
	for _, faults := range []bool{false, true} {
		t.Run(fmt.Sprintf("faults=%v", faults), func(t *testing.T) {
			set := newSet(t, c)
			const processes, writers, rounds = 3, 8, 30
			var acked, pending atomic.Int64
			var wg sync.WaitGroup
			for p := range processes {
				f := &faulty{Client: c, rand: rand.New(rand.NewPCG(uint64(p), 1))}
				if faults {
					f.set(odds{lost: 5, unanswered: 5, busy: 5, twice: 5})
				}
				e := open(t, f, aerospike.Config{Set: set, QueueLength: 16})
				counters := store.NewObjects(e, "c/", crdt.CounterKind())
				members := store.NewObjects(e, "s/", crdt.AWSetKind(crdt.String))
				for w := range writers {
					wg.Go(func() {
						for i := range rounds {
							var opts []store.Option
							if w%2 == 0 {
								opts = append(opts, store.Blind())
							}
							_, err := counters.Update(t.Context(), "hot", add(1), opts...)
							switch {
							case err == nil:
								acked.Add(1)
							case errors.Is(err, store.ErrInDoubt):
								pending.Add(1)
								t.Logf("%v", err)
							default:
								t.Errorf("Update: %v", err)
							}
							name := fmt.Sprint(p, w, i)
							_, err = members.Update(t.Context(), "hot", func(tx *crdt.Tx, s *crdt.AWSet[string]) error {
								s.Add(tx, name)
								if i%3 == 2 {
									s.Remove(tx, fmt.Sprint(p, w, i-1))
								}
								return nil
							}, opts...)
							if err != nil {
								t.Errorf("Update: %v", err)
							}
						}
					})
				}
			}
			wg.Wait()
			if n := pending.Load(); n > 0 {
				t.Fatalf("%d updates in doubt with seconds to retry", n)
			}
			e := open(t, c, aerospike.Config{Set: set})
			v, _, err := store.NewObjects(e, "c/", crdt.CounterKind()).View(t.Context(), "hot")
			if err != nil || v.Value() != acked.Load() || acked.Load() != processes*writers*rounds {
				t.Errorf("counter is %v, %v; acknowledged %d of %d", v, err, acked.Load(), processes*writers*rounds)
			}
			s, _, err := store.NewObjects(e, "s/", crdt.AWSetKind(crdt.String)).View(t.Context(), "hot")
			if want := processes * writers * rounds * 2 / 3; err != nil || s.Len() != want {
				t.Errorf("set of %d elements, want %d: %v", s.Len(), want, err)
			}
		})
	}
}

// TestUpdateSeesOthers changes an object in two processes in turn: each transaction
// runs on what the other wrote, although both remember the object.
func TestUpdateSeesOthers(t *testing.T) {
	c := cluster(t)
	set := newSet(t, c)
	var regs [2]store.Objects[*crdt.MVRegister[string]]
	for i := range regs {
		regs[i] = store.NewObjects(open(t, c, aerospike.Config{Set: set}), "", crdt.MVRegisterKind(crdt.String))
	}
	for i := range 20 {
		_, err := regs[i%2].Update(t.Context(), "k", func(tx *crdt.Tx, r *crdt.MVRegister[string]) error {
			if i > 0 {
				if got := slices.Collect(r.Values()); i > 0 && !slices.Equal(got, []string{strconv.Itoa(i - 1)}) {
					return fmt.Errorf("before write %d: %q", i, got)
				}
			}
			r.Set(tx, strconv.Itoa(i))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	// What changes nothing on a stale state may change something on the present one.
	sets := [2]store.Objects[*crdt.AWSet[string]]{}
	for i := range sets {
		sets[i] = store.NewObjects(open(t, c, aerospike.Config{Set: set}), "", crdt.AWSetKind(crdt.String))
	}
	put := func(tx *crdt.Tx, s *crdt.AWSet[string]) error { s.Add(tx, "x"); return nil }
	drop := func(tx *crdt.Tx, s *crdt.AWSet[string]) error { s.Remove(tx, "x"); return nil }
	for i := range 6 {
		for j, fn := range []func(*crdt.Tx, *crdt.AWSet[string]) error{put, drop} {
			if _, err := sets[(i+j)%2].Update(t.Context(), "s", fn); err != nil {
				t.Fatal(err)
			}
		}
		s, _, err := sets[i%2].View(t.Context(), "s")
		if err != nil || s.Len() != 0 {
			t.Fatalf("round %d: %d elements left, %v", i, s.Len(), err)
		}
	}
}

// TestSecondAnswer hands each write to the server twice and returns the second
// answer, as a proxy that repeats itself may. An update that the first time was
// applied and the second time refused must not run again.
func TestSecondAnswer(t *testing.T) {
	c := cluster(t)
	e := open(t, &repeating{Client: c}, aerospike.Config{Set: newSet(t, c), QueueLength: 4})
	counters := store.NewObjects(e, "", crdt.CounterKind())
	for range 20 {
		if _, err := counters.Update(t.Context(), "k", add(1)); err != nil {
			t.Fatal(err)
		}
	}
	v, _, err := counters.View(t.Context(), "k")
	if err != nil || v.Value() != 20 {
		t.Errorf("after 20 increments: %v, %v", v, err)
	}
}

// TestViewIsTheCallers changes values that View and Views returned, and the object: none
// of them shows what happened to another.
func TestViewIsTheCallers(t *testing.T) {
	c := cluster(t)
	e := open(t, c, aerospike.Config{Set: newSet(t, c)})
	sets := store.NewObjects(e, "", crdt.AWSetKind(crdt.String))
	put := func(name string) func(*crdt.Tx, *crdt.AWSet[string]) error {
		return func(tx *crdt.Tx, s *crdt.AWSet[string]) error { s.Add(tx, name); return nil }
	}
	if _, err := sets.Update(t.Context(), "k", put("first")); err != nil {
		t.Fatal(err)
	}
	writer := crdt.NewWriter(7, time.Now)
	var kept []*crdt.AWSet[string]
	want := []string{"first"}
	for i := range 6 {
		for _, view := range []func() (*crdt.AWSet[string], error){
			func() (*crdt.AWSet[string], error) { v, _, err := sets.View(t.Context(), "k"); return v, err },
			func() (*crdt.AWSet[string], error) {
				vs, err := sets.Views(t.Context(), []string{"k"})
				return vs[0], err
			},
		} {
			v, err := view()
			if err != nil || !slices.Equal(slices.Sorted(v.All()), want) {
				t.Fatalf("round %d: %q, %v, want %q", i, slices.Sorted(v.All()), err, want)
			}
			if _, err := crdt.Mutate(v, writer.On(), put(fmt.Sprint("mine", len(kept)))); err != nil {
				t.Fatal(err)
			}
			kept = append(kept, v)
		}
		name := fmt.Sprint("n", i)
		want = append(want, name)
		if _, err := sets.Update(t.Context(), "k", put(name)); err != nil {
			t.Fatal(err)
		}
	}
	for i, v := range kept {
		if !v.Contains(fmt.Sprint("mine", i)) || v.Len() != 2+i/2 {
			t.Errorf("value %d has %q", i, slices.Sorted(v.All()))
		}
	}
}
