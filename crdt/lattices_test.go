package crdt_test

import (
	"errors"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/crdttest"
)

type (
	tally   = crdt.GCounter
	grown   = crdt.GSet[string]
	top     = crdt.MaxRegister[int64]
	low     = crdt.MinRegister[string]
	tallies = crdt.GMap[string, *crdt.PNCounter]
	nested  = crdt.GMap[string, *tallies]
)

var (
	grownKind   = crdt.GSetKind(crdt.String)
	topKind     = crdt.MaxRegisterKind(crdt.Int64)
	lowKind     = crdt.MinRegisterKind(crdt.String)
	talliesKind = crdt.GMapKind(crdt.String, crdt.PNCounterKind())
	nestedKind  = crdt.GMapKind(crdt.String, talliesKind)
)

func count(n uint64) func(*crdt.Tx, *tally) {
	return func(tx *crdt.Tx, c *tally) { c.Add(tx, n) }
}

// in adds n to the value of k.
func in(k string, n int64) func(*crdt.Tx, *tallies) {
	return func(tx *crdt.Tx, m *tallies) {
		_ = m.Apply(tx, k, func(tx *crdt.Tx, c *crdt.PNCounter) error { c.Add(tx, n); return nil })
	}
}

func TestLawsGCounter(t *testing.T) {
	crdttest.Laws(t, crdt.GCounterKind(), some(func(t *rapid.T, tx *crdt.Tx, c *tally) {
		count(rapid.Uint64Range(0, 300).Draw(t, "n"))(tx, c)
	}))
}

func TestLawsGSet(t *testing.T) {
	crdttest.Laws(t, grownKind, some(func(t *rapid.T, tx *crdt.Tx, s *grown) {
		s.Add(tx, rapid.SampledFrom([]string{"", "a", "b", "\xff", "ab"}).Draw(t, "e"))
	}))
}

func TestLawsMaxRegister(t *testing.T) {
	crdttest.Laws(t, topKind, some(func(t *rapid.T, tx *crdt.Tx, r *top) {
		r.Set(tx, rapid.Int64Range(-3, 3).Draw(t, "v"))
	}))
}

func TestLawsMinRegister(t *testing.T) {
	crdttest.Laws(t, lowKind, some(func(t *rapid.T, tx *crdt.Tx, r *low) {
		r.Set(tx, rapid.SampledFrom([]string{"", "a", "b", "\xff", "ab"}).Draw(t, "v"))
	}))
}

func TestLawsGMap(t *testing.T) {
	crdttest.Laws(t, nestedKind, some(func(t *rapid.T, tx *crdt.Tx, m *nested) {
		no := errors.New("no")
		fails := rapid.IntRange(0, 5).Draw(t, "inner fails") == 0
		err := m.Apply(tx, item(t), func(tx *crdt.Tx, inner *tallies) error {
			in(item(t), rapid.Int64Range(-2, 3).Draw(t, "n"))(tx, inner)
			if fails {
				return no
			}
			return nil
		})
		if fails != errors.Is(err, no) {
			t.Fatalf("Apply = %v", err)
		}
	}))
}

// A table of many replicas joins as a map does, whichever rows the two share.
func TestRowsAgainstMaps(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		k := crdt.PNCounterKind()
		ids := rapid.SliceOfNDistinct(rapid.Uint64Range(1, 40), 0, 40, rapid.ID)
		draw := func(ids []uint64) (*crdt.PNCounter, map[clock.ReplicaID][2]uint64) {
			c, want := k.New(), map[clock.ReplicaID][2]uint64{}
			for _, id := range ids {
				row := [2]uint64{rapid.Uint64Range(1, 4).Draw(t, "inc"), rapid.Uint64Range(0, 3).Draw(t, "dec")}
				want[clock.ReplicaID(id)] = row
				if _, err := crdt.Mutate(c, writer(clock.ReplicaID(id)), func(tx *crdt.Tx, c *crdt.PNCounter) error {
					c.Add(tx, int64(row[0]))
					c.Add(tx, -int64(row[1]))
					return nil
				}); err != nil {
					t.Fatal(err)
				}
			}
			return c, want
		}
		into := ids.Draw(t, "into")
		from := into
		if !coin(t) {
			from = ids.Draw(t, "from")
		}
		c, want := draw(into)
		d, more := draw(from)
		for id, row := range more {
			want[id] = [2]uint64{max(want[id][0], row[0]), max(want[id][1], row[1])}
		}
		expect, sum := k.New(), int64(0)
		for id, row := range want {
			sum += int64(row[0]) - int64(row[1])
			if _, err := crdt.Mutate(expect, writer(id), func(tx *crdt.Tx, c *crdt.PNCounter) error {
				c.Add(tx, int64(row[0]))
				c.Add(tx, -int64(row[1]))
				return nil
			}); err != nil {
				t.Fatal(err)
			}
		}
		was := c.Clone()
		if changed := c.Merge(d); changed == c.Equal(was) || !c.Equal(expect) || c.Value() != sum {
			t.Fatalf("Merge = %t, value %v, want %d", changed, c, sum)
		}
		if c.Merge(d) || c.Merge(was) || c.Merge(c) {
			t.Fatal("merging the same once more changed something")
		}
		f, _ := k.Append(nil, c)
		if back, err := k.Decode(f); err != nil || !back.Equal(c) {
			t.Fatalf("Decode = %v, %v", back, err)
		}
	})
}

func TestGCounterOverflow(t *testing.T) {
	t.Parallel()
	add := func(c *tally, id clock.ReplicaID, n uint64) error {
		_, err := crdt.Mutate(c, writer(id), func(tx *crdt.Tx, c *tally) error { c.Add(tx, n); return nil })
		return err
	}
	tests := []struct {
		own, other, add uint64
		ok              bool
	}{
		{math.MaxUint64, 0, 0, true},
		{math.MaxUint64, 0, 1, false},
		{math.MaxUint64 - 1, 0, 1, true},
		{1, math.MaxUint64 - 1, 1, false}, // the value would leave the range, not the total
		{1, math.MaxUint64 - 2, 1, true},
		{0, math.MaxUint64, math.MaxUint64, false},
	}
	for _, tt := range tests {
		c := crdt.GCounterKind().New()
		if err := errors.Join(add(c, 1, tt.own), add(c, 2, tt.other)); err != nil {
			t.Fatal(err)
		}
		was := c.Value()
		err := add(c, 1, tt.add)
		if (err == nil) != tt.ok || !tt.ok && (!errors.Is(err, crdt.ErrOverflow) || c.Value() != was) {
			t.Errorf("%d and %d + %d = %d, %v, want ok %t", tt.own, tt.other, tt.add, c.Value(), err, tt.ok)
		}
	}
	a, b := crdt.GCounterKind().New(), crdt.GCounterKind().New()
	if err := errors.Join(add(a, 1, math.MaxUint64), add(b, 2, 3)); err != nil {
		t.Fatal(err)
	}
	if a.Merge(b); a.Value() != 2 {
		t.Errorf("beyond the range the value is %v, want 2", a)
	}
	if err := add(a, 3, 1); !errors.Is(err, crdt.ErrOverflow) {
		t.Errorf("Add to a value beyond the range = %v, want ErrOverflow", err)
	}
}

func TestGSetElements(t *testing.T) {
	t.Parallel()
	s := crdt.GSetKind(crdt.Int64).New()
	do(t, s, writer(1), func(tx *crdt.Tx, s *crdt.GSet[int64]) {
		for _, e := range []int64{3, -1, 0, 3} {
			s.Add(tx, e)
		}
	})
	if got := slices.Collect(s.All()); !slices.Equal(got, []int64{-1, 0, 3}) || s.Len() != 3 || !s.Contains(3) || s.Contains(1) {
		t.Errorf("elements are %v", got)
	}
	bad := crdt.GSetKind(crdt.MsgPack[float64]("number")).New()
	if _, err := crdt.Mutate(bad, writer(1), func(tx *crdt.Tx, s *crdt.GSet[float64]) error { s.Add(tx, math.NaN()); return nil }); err == nil || bad.Contains(math.NaN()) {
		t.Errorf("Add of what the codec refuses = %v", err)
	}
}

func TestRegistersKeepTheExtreme(t *testing.T) {
	t.Parallel()
	hi, lo := topKind.New(), crdt.MinRegisterKind(crdt.Int64).New()
	if v, ok := hi.Get(); ok || v != 0 {
		t.Errorf("Get of an empty register = %d, %t", v, ok)
	}
	for _, v := range []int64{-5, 3, math.MinInt64, 3, math.MaxInt64, 0} {
		do(t, hi, writer(1), func(tx *crdt.Tx, r *top) { r.Set(tx, v) })
		do(t, lo, writer(1), func(tx *crdt.Tx, r *crdt.MinRegister[int64]) { r.Set(tx, v) })
	}
	if v, ok := hi.Get(); !ok || v != math.MaxInt64 {
		t.Errorf("largest = %d, %t", v, ok)
	}
	if v, ok := lo.Get(); !ok || v != math.MinInt64 {
		t.Errorf("smallest = %d, %t", v, ok)
	}
	bad := crdt.MaxRegisterKind(crdt.MsgPack[float64]("number")).New()
	if _, err := crdt.Mutate(bad, writer(1), func(tx *crdt.Tx, r *crdt.MaxRegister[float64]) error { r.Set(tx, math.NaN()); return nil }); err == nil {
		t.Error("Set of what the codec refuses succeeded")
	}
}
