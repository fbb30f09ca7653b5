package crdt_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math"
	"reflect"
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
	grownKind   = crdt.GSetOf(crdt.String)
	topKind     = crdt.MaxRegisterOf(crdt.Int64)
	lowKind     = crdt.MinRegisterOf(crdt.String)
	talliesKind = crdt.GMapOf(crdt.String, crdt.PNCounterKind())
	nestedKind  = crdt.GMapOf(crdt.String, talliesKind)
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
		c := crdt.NewGCounter()
		if err := errors.Join(add(c, 1, tt.own), add(c, 2, tt.other)); err != nil {
			t.Fatal(err)
		}
		was := c.Value()
		err := add(c, 1, tt.add)
		if (err == nil) != tt.ok || !tt.ok && (!errors.Is(err, crdt.ErrOverflow) || c.Value() != was) {
			t.Errorf("%d and %d + %d = %d, %v, want ok %t", tt.own, tt.other, tt.add, c.Value(), err, tt.ok)
		}
	}
	a, b := crdt.NewGCounter(), crdt.NewGCounter()
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

// What a mutator does not change makes no delta, and a delta holds what changed
// alone.
func TestPlainDeltas(t *testing.T) {
	t.Parallel()
	c, s, m := crdt.NewGCounter(), grownKind.New(), nestedKind.New()
	hi, lo := topKind.New(), lowKind.New()
	for id := range clock.ReplicaID(4) {
		w := writer(id + 1)
		do(t, c, w, count(7))
		do(t, s, w, func(tx *crdt.Tx, s *grown) { s.Add(tx, "a"); s.Add(tx, string(rune('b'+id))) })
		do(t, m, w, func(tx *crdt.Tx, m *nested) {
			_ = m.Apply(tx, "x", discard(in("y", 3)))
			_ = m.Apply(tx, "z", discard(in("y", 3)))
		})
		do(t, hi, w, func(tx *crdt.Tx, r *top) { r.Set(tx, 5) })
		do(t, lo, w, func(tx *crdt.Tx, r *low) { r.Set(tx, "m") })
	}
	w := writer(2)
	checkBytes(t, crdt.GCounterKind(), do(t, c, w, count(1)), "01 0000000000000002 08")
	checkBytes(t, grownKind, do(t, s, w, func(tx *crdt.Tx, s *grown) { s.Add(tx, "a"); s.Add(tx, "new") }), "01 03 6e6577")
	checkBytes(t, topKind, do(t, hi, w, func(tx *crdt.Tx, r *top) { r.Set(tx, 6); r.Set(tx, 4) }), "01 8000000000000006")
	checkBytes(t, lowKind, do(t, lo, w, func(tx *crdt.Tx, r *low) { r.Set(tx, "z"); r.Set(tx, "") }), "01")
	checkBytes(t, nestedKind, do(t, m, w, func(tx *crdt.Tx, m *nested) { _ = m.Apply(tx, "x", discard(in("y", -1))) }),
		"01 01 78 0f 01 01 79 0b 01 0000000000000002 00 01")
	noDelta(t, crdt.GCounterKind(), c, count(0))
	noDelta(t, grownKind, s, func(tx *crdt.Tx, s *grown) { s.Add(tx, "a") })
	noDelta(t, topKind, hi, func(tx *crdt.Tx, r *top) { r.Set(tx, 6) })
	noDelta(t, lowKind, lo, func(tx *crdt.Tx, r *low) { r.Set(tx, "a") })
	noDelta(t, nestedKind, m, func(tx *crdt.Tx, m *nested) { _ = m.Apply(tx, "new", discard(in("y", 0))) })
	if m.Contains("new") {
		t.Error("an Apply that changed nothing made a key")
	}
}

// discard is change as a function for Apply.
func discard[S any](change func(*crdt.Tx, S)) func(*crdt.Tx, S) error {
	return func(tx *crdt.Tx, s S) error { change(tx, s); return nil }
}

func checkBytes[S crdt.Lattice[S]](t *testing.T, k crdt.Kind[S], s S, want string) {
	t.Helper()
	raw, err := hex.DecodeString(string(bytes.ReplaceAll([]byte(want), []byte(" "), nil)))
	if err != nil {
		t.Fatal(err)
	}
	got, err := k.Append([]byte("head"), s)
	if err != nil || string(got) != "head"+string(raw) {
		t.Errorf("%s: Append = %x (%v), want %s", k.Name, got[min(4, len(got)):], err, want)
	}
	if back, err := k.Decode(raw); err != nil || !back.Equal(s) {
		t.Errorf("%s: Decode = %v, %v", k.Name, back, err)
	}
}

// noDelta checks that fn makes no delta and no event, and that a nil delta is
// bottom.
func noDelta[S crdt.Lattice[S]](t *testing.T, k crdt.Kind[S], s S, fn func(*crdt.Tx, S)) {
	t.Helper()
	src := &liar{id: 9}
	was := frame(t, k, s)
	delta, err := crdt.Mutate(s, src, discard(fn))
	if any(delta) != any(*new(S)) || err != nil || src.issued != 0 || !bytes.Equal(frame(t, k, s), was) {
		t.Errorf("%s: no change = %v, %v with %d events", k.Name, delta, err, src.issued)
	}
	if s.Merge(delta) || !delta.IsBottom() {
		t.Errorf("%s: a nil delta is not bottom", k.Name)
	}
}

func TestPlainBytes(t *testing.T) {
	t.Parallel()
	a, b := writer(replicaA), writer(replicaB)
	c := crdt.NewGCounter()
	checkBytes(t, crdt.GCounterKind(), c, "00")
	do(t, c, b, count(300))
	do(t, c, a, count(1))
	checkBytes(t, crdt.GCounterKind(), c, "02 0a0a0a0a0a0a0a0a 01 b0b0b0b0b0b0b0b0 ac02")
	s := grownKind.New()
	checkBytes(t, grownKind, s, "00")
	do(t, s, a, func(tx *crdt.Tx, s *grown) { s.Add(tx, "b"); s.Add(tx, ""); s.Add(tx, "\xff"); s.Add(tx, "ab") })
	checkBytes(t, grownKind, s, "04 00 02 6162 01 62 01 ff")
	hi, lo := topKind.New(), lowKind.New()
	checkBytes(t, topKind, hi, "00")
	do(t, hi, a, func(tx *crdt.Tx, r *top) { r.Set(tx, -1) })
	checkBytes(t, topKind, hi, "01 7fffffffffffffff")
	checkBytes(t, lowKind, lo, "00")
	do(t, lo, a, func(tx *crdt.Tx, r *low) { r.Set(tx, "x") })
	checkBytes(t, lowKind, lo, "01 78")
	m := talliesKind.New()
	checkBytes(t, talliesKind, m, "00")
	do(t, m, a, func(tx *crdt.Tx, m *tallies) { in("EUR", 5)(tx, m); in("", -2)(tx, m); in("EUR", 1)(tx, m) })
	checkBytes(t, talliesKind, m, "02 00 0b 01 0a0a0a0a0a0a0a0a 00 02 03 455552 0b 01 0a0a0a0a0a0a0a0a 06 00")
	bc := crdt.BoundedCounterBetween(-100, 50).New()
	do(t, bc, a, func(tx *crdt.Tx, c *crdt.BoundedCounter) {
		check(t, c.Start(tx, 0))
		check(t, c.Transfer(tx, replicaB, 3))
	})
	do(t, bc, b, func(tx *crdt.Tx, c *crdt.BoundedCounter) {
		check(t, c.Spend(tx, 2))
		check(t, c.TransferRoom(tx, replicaA, 1))
	})
	checkBytes(t, crdt.BoundedCounterBetween(-100, 50), bc, "05 0a0a0a0a0a0a0a0a 00 64 0a0a0a0a0a0a0a0a 02 b0b0b0b0b0b0b0b0 03 0a0a0a0a0a0a0a0a 03 9601"+
		"b0b0b0b0b0b0b0b0 01 02 b0b0b0b0b0b0b0b0 04 0a0a0a0a0a0a0a0a 01")
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
}

// What no encoder writes is refused, and leaves the value as it was.
func TestPlainDecodersRefuse(t *testing.T) {
	t.Parallel()
	limited := crdt.BoundedCounterBetween(0, 9)
	id1, id2 := "0000000000000001", "0000000000000002"
	tests := map[string]func(*testing.T, string){
		"":                               refuse(crdt.GCounterKind(), grownKind, topKind, lowKind, talliesKind, limited),
		"02":                             refuse(topKind, lowKind),
		"00 00":                          refuse(crdt.GCounterKind(), grownKind, topKind, lowKind, talliesKind, limited),
		"8000":                           refuse(crdt.GCounterKind(), grownKind, talliesKind, limited),
		"ffffffffffffffffff01":           refuse(crdt.GCounterKind(), grownKind, talliesKind, limited),
		"01" + id1 + "00":                refuse(crdt.GCounterKind(), crdt.PNCounterKind()),
		"01" + "0000000000000000" + "01": refuse(crdt.GCounterKind()),
		"02" + id2 + "01" + id1 + "01":   refuse(crdt.GCounterKind()),
		"02" + id1 + "01" + id1 + "01":   refuse(crdt.GCounterKind()),
		"01" + id1 + "0000":              refuse(crdt.PNCounterKind()),
		"01" + id1 + "00" + "80808080808080808001": refuse(crdt.PNCounterKind()), // 2^63
		"01" + id1:                              refuse(crdt.GCounterKind(), limited),
		"02 0161 0161":                          refuse(grownKind),
		"02 0162 0161":                          refuse(grownKind),
		"02 00 00":                              refuse(grownKind),
		"01 7fffffffffffffff00":                 refuse(topKind),
		"01 0161 01 00":                         refuse(talliesKind), // a bottom value
		"01 0161 01 02":                         refuse(talliesKind),
		"01 0161":                               refuse(talliesKind),
		"01" + "0000000000000000" + "00" + "01": refuse(limited),
		"01" + id1 + "00" + "00":                refuse(limited), // total 0
		"01" + id1 + "03" + "08":                refuse(limited), // room is 9
		"01" + id1 + "05" + "01":                refuse(limited), // no such cell
		"01" + id1 + "02" + id1 + "01":          refuse(limited), // transfer to itself
		"01" + id1 + "04" + "0000000000000000" + "01": refuse(limited), // to nobody
		"01" + id1 + "03" + "09":                      refuse(crdt.BoundedCounterKind()),
		"01" + id1 + "04" + id2 + "01":                refuse(crdt.BoundedCounterKind()),
		"02" + id1 + "01" + "01" + id1 + "00" + "01":  refuse(limited), // out of order
		"02" + id1 + "00" + "01" + id1 + "00" + "01":  refuse(limited), // twice
	}
	for in, refuse := range tests {
		refuse(t, in)
	}
}

// refuse checks that values of these kinds refuse to be what in says.
func refuse(kinds ...crdt.AnyKind) func(t *testing.T, in string) {
	return func(t *testing.T, in string) {
		t.Helper()
		raw, err := hex.DecodeString(string(bytes.ReplaceAll([]byte(in), []byte(" "), nil)))
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range kinds {
			v := reflect.ValueOf(k)
			name := v.FieldByName("Name").String()
			s := v.FieldByName("New").Call(nil)[0]
			was := s.MethodByName("Clone").Call(nil)[0]
			got := s.MethodByName("UnmarshalBinary").Call([]reflect.Value{reflect.ValueOf(raw)})[0].Interface()
			if err, _ := got.(error); !errors.Is(err, crdt.ErrCorrupt) {
				t.Errorf("%s: UnmarshalBinary(%s) = %v, want ErrCorrupt", name, in, err)
			}
			if !s.MethodByName("Equal").Call([]reflect.Value{was})[0].Bool() {
				t.Errorf("%s: UnmarshalBinary(%s) changed the value", name, in)
			}
		}
	}
}

// A hostile count allocates in proportion to the input.
func TestPlainDecodersAreBounded(t *testing.T) {
	in := append([]byte{0xff, 0xff, 0x3f}, make([]byte, 1<<20-1)...) // 2^20-1 items announced
	decoders := map[string]func([]byte) error{
		"gcounter": crdt.NewGCounter().UnmarshalBinary, "pncounter": crdt.NewPNCounter().UnmarshalBinary,
		"gset": grownKind.New().UnmarshalBinary, "gmap": talliesKind.New().UnmarshalBinary,
		"boundedcounter": crdt.NewBoundedCounter().UnmarshalBinary,
	}
	for name, decode := range decoders {
		var err error
		if n := allocated(func() { err = decode(in) }); n > 8*uint64(len(in)) || err == nil {
			t.Errorf("%s: %d bytes allocated for %d, error %v", name, n, len(in), err)
		}
	}
}

// The kinds without type parameters are known to every program.
func TestErasedPlainKinds(t *testing.T) {
	t.Parallel()
	c, b := crdt.NewGCounter(), crdt.NewBoundedCounter()
	do(t, c, writer(1), count(5))
	do(t, b, writer(1), func(tx *crdt.Tx, b *crdt.BoundedCounter) { check(t, b.Grant(tx, 5)) })
	for _, f := range [][]byte{frame(t, crdt.GCounterKind(), c), frame(t, crdt.BoundedCounterKind(), b)} {
		if got := bytesOf(t, object(t, f)); !bytes.Equal(got, f) {
			t.Errorf("as an object it is\n%x, want\n%x", got, f)
		}
	}
	if _, err := crdt.DecodeObject(frame(t, grownKind, grownKind.New())); !errors.Is(err, crdt.ErrKind) {
		t.Errorf("DecodeObject of a set = %v, want ErrKind", err)
	}
	object(t, frame(t, grownKind, grownKind.New()), grownKind)
}

// None of these types can be the value of an AWMap or a field of a Doc: that would
// not compile. Counter, which can, shows that the test can tell.
func TestPlainTypesAreNotNested(t *testing.T) {
	t.Parallel()
	if typ := reflect.TypeFor[*crdt.Counter](); !typ.Implements(reflect.TypeFor[crdt.Nested[*crdt.Counter]]()) {
		t.Errorf("%v is not Nested", typ)
	}
	for typ, nested := range map[reflect.Type]reflect.Type{
		reflect.TypeFor[*crdt.BoundedCounter](): reflect.TypeFor[crdt.Nested[*crdt.BoundedCounter]](),
		reflect.TypeFor[*crdt.GCounter]():       reflect.TypeFor[crdt.Nested[*crdt.GCounter]](),
		reflect.TypeFor[*crdt.PNCounter]():      reflect.TypeFor[crdt.Nested[*crdt.PNCounter]](),
		reflect.TypeFor[*grown]():               reflect.TypeFor[crdt.Nested[*grown]](),
		reflect.TypeFor[*top]():                 reflect.TypeFor[crdt.Nested[*top]](),
		reflect.TypeFor[*low]():                 reflect.TypeFor[crdt.Nested[*low]](),
		reflect.TypeFor[*tallies]():             reflect.TypeFor[crdt.Nested[*tallies]](),
	} {
		if typ.Implements(nested) {
			t.Errorf("%v is Nested", typ)
		}
	}
}

func TestGSetElements(t *testing.T) {
	t.Parallel()
	s := crdt.NewGSet(crdt.Int64)
	do(t, s, writer(1), func(tx *crdt.Tx, s *crdt.GSet[int64]) {
		for _, e := range []int64{3, -1, 0, 3} {
			s.Add(tx, e)
		}
	})
	if got := slices.Collect(s.All()); !slices.Equal(got, []int64{-1, 0, 3}) || s.Len() != 3 || !s.Contains(3) || s.Contains(1) {
		t.Errorf("elements are %v", got)
	}
	bad := crdt.NewGSet(crdt.MsgPack[chan int]("chan"))
	if _, err := crdt.Mutate(bad, writer(1), func(tx *crdt.Tx, s *crdt.GSet[chan int]) error { s.Add(tx, nil); return nil }); err == nil || bad.Contains(nil) {
		t.Errorf("Add of what the codec refuses = %v", err)
	}
}

func TestRegistersKeepTheExtreme(t *testing.T) {
	t.Parallel()
	hi, lo := topKind.New(), crdt.NewMinRegister(crdt.Int64)
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
	bad := crdt.NewMaxRegister(crdt.MsgPack[chan int]("chan"))
	if _, err := crdt.Mutate(bad, writer(1), func(tx *crdt.Tx, r *crdt.MaxRegister[chan int]) error { r.Set(tx, nil); return nil }); err == nil {
		t.Error("Set of what the codec refuses succeeded")
	}
}
