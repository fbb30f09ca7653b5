package crdt_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math"
	"reflect"
	"testing"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/untyped"
)

// What a mutator does not change makes no delta, and a delta holds what changed
// alone.
func TestPlainDeltas(t *testing.T) {
	t.Parallel()
	c, s, m := crdt.GCounterKind().New(), grownKind.New(), nestedKind.New()
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
	c := crdt.GCounterKind().New()
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
	bc := crdt.BoundedCounterKind(-100, 50).New()
	do(t, bc, a, func(tx *crdt.Tx, c *crdt.BoundedCounter) {
		check(t, c.Start(tx, 0))
		check(t, c.Transfer(tx, replicaB, 3))
	})
	do(t, bc, b, func(tx *crdt.Tx, c *crdt.BoundedCounter) {
		check(t, c.Spend(tx, 2))
		check(t, c.TransferRoom(tx, replicaA, 1))
	})
	checkBytes(t, crdt.BoundedCounterKind(-100, 50), bc, "05 0a0a0a0a0a0a0a0a 00 64 0a0a0a0a0a0a0a0a 02 b0b0b0b0b0b0b0b0 03 0a0a0a0a0a0a0a0a 03 9601"+
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
	limited := crdt.BoundedCounterKind(0, 9)
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
		"01" + id1 + "03" + "09":                      refuse(crdt.BoundedCounterKind(0, math.MaxInt64)),
		"01" + id1 + "04" + id2 + "01":                refuse(crdt.BoundedCounterKind(0, math.MaxInt64)),
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
			if v, err := k.Erased().Decode(raw); !errors.Is(err, crdt.ErrCorrupt) {
				t.Errorf("%s: Decode(%s) = %v, %v, want ErrCorrupt", untyped.KindName(k), in, v, err)
			}
		}
	}
}

// A hostile count allocates in proportion to the input.
func TestPlainDecodersAreBounded(t *testing.T) {
	in := append([]byte{0xff, 0xff, 0x3f}, make([]byte, 1<<20-1)...) // 2^20-1 items announced
	for _, k := range []crdt.AnyKind{
		crdt.GCounterKind(), crdt.PNCounterKind(), crdt.BoundedCounterKind(0, math.MaxInt64), grownKind, talliesKind,
	} {
		var err error
		if n := allocated(func() { _, err = k.Erased().Decode(in) }); n > 8*uint64(len(in)) || err == nil {
			t.Errorf("%s: %d bytes allocated for %d, error %v", untyped.KindName(k), n, len(in), err)
		}
	}
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
