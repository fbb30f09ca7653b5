package crdt_test

import (
	"errors"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/dovetail-crdt/dovetail/crdt"
)

// An element is its bytes, and bytes are canonical: -0 is 0, and NaN, which has
// no identity, fails the transaction.
func TestFloatElements(t *testing.T) {
	t.Parallel()
	k := crdt.AWSetKind(crdt.MsgPack[float64]("float"))
	s, w := k.New(), writer(1)
	negativeZero := math.Copysign(0, -1)
	do(t, s, w, func(tx *crdt.Tx, s *crdt.AWSet[float64]) {
		for _, f := range []float64{0, negativeZero, 1.5, math.Inf(1), math.MaxFloat64} {
			s.Add(tx, f)
		}
	})
	if s.Len() != 4 || !s.Contains(0) || !s.Contains(negativeZero) || s.Contains(math.NaN()) {
		t.Errorf("set has %v, want 0, 1.5, +Inf and the largest", slices.Collect(s.All()))
	}
	back, err := crdt.DecodeFrame(k, frame(t, k, s))
	if err != nil || !back.Equal(s) {
		t.Fatalf("DecodeFrame = %v", err)
	}
	do(t, back, w, func(tx *crdt.Tx, s *crdt.AWSet[float64]) { s.Remove(tx, negativeZero) })
	if back.Len() != 3 || back.Contains(0) {
		t.Errorf("after Remove the set has %v", slices.Collect(back.All()))
	}
	_, err = crdt.Mutate(s, w, func(tx *crdt.Tx, s *crdt.AWSet[float64]) error { s.Add(tx, math.NaN()); return nil })
	if err == nil || errors.Is(err, crdt.ErrCorrupt) || s.Len() != 4 {
		t.Errorf("adding NaN: %v, %d elements", err, s.Len())
	}
}

// Bytes that are not UTF-8 are kept, and a time is its instant.
func TestBytesAreIdentity(t *testing.T) {
	t.Parallel()
	k := crdt.AWMapKind(crdt.String, crdt.AWSetKind(crdt.String))
	m := k.New()
	odd := []string{"\xff\xfe", "", "\x00", "a\xc3", "ä"}
	do(t, m, writer(1), func(tx *crdt.Tx, m *crdt.AWMap[string, *crdt.AWSet[string]]) {
		for _, x := range odd {
			m.At(x).Add(tx, x)
		}
	})
	back, err := crdt.DecodeFrame(k, frame(t, k, m))
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range odd {
		if !back.Contains(x) || !back.At(x).Contains(x) || back.At(x).Len() != 1 {
			t.Errorf("%q was changed on its way", x)
		}
	}
	if back.Len() != len(odd) {
		t.Errorf("map has %d keys, want %d", back.Len(), len(odd))
	}
	noon := time.Date(2026, 1, 2, 12, 0, 0, 5, time.UTC)
	times := crdt.AWSetKind(crdt.MsgPack[time.Time]("time")).New()
	do(t, times, writer(1), func(tx *crdt.Tx, s *crdt.AWSet[time.Time]) {
		s.Add(tx, noon)
		s.Add(tx, noon.In(time.FixedZone("elsewhere", 3600)))
	})
	if times.Len() != 1 || !times.Contains(noon) {
		t.Errorf("one instant in two zones is %d elements", times.Len())
	}
}

func TestIntegerCodecs(t *testing.T) {
	t.Parallel()
	ints := []int64{math.MinInt64, -2, -1, 0, 1, math.MaxInt64}
	var last []byte
	for _, v := range ints {
		b, err := crdt.Int64.Append(nil, v)
		if back, derr := crdt.Int64.Decode(b); err != nil || derr != nil || back != v || slices.Compare(last, b) >= 0 {
			t.Errorf("Int64 %d is %x behind %x, read as %d (%v, %v)", v, b, last, back, err, derr)
		}
		last = b
	}
	for _, b := range [][]byte{nil, make([]byte, 7), make([]byte, 9)} {
		if _, err := crdt.Uint64.Decode(b); !errors.Is(err, crdt.ErrCorrupt) {
			t.Errorf("Uint64.Decode(%x) = %v, want ErrCorrupt", b, err)
		}
		if _, err := crdt.Int64.Decode(b); !errors.Is(err, crdt.ErrCorrupt) {
			t.Errorf("Int64.Decode(%x) = %v, want ErrCorrupt", b, err)
		}
	}
	in := []byte{1, 2}
	out, _ := crdt.Bytes.Decode(in)
	if in[0] = 9; out[0] != 1 {
		t.Error("Bytes.Decode keeps its argument")
	}
}

// Decode refuses what Append would not write.
func TestMsgPackIsCanonical(t *testing.T) {
	t.Parallel()
	ints, maps := crdt.MsgPack[int64]("int"), crdt.MsgPack[map[string]string]("map")
	refused := []struct {
		name string
		err  func() error
	}{
		{"long integer", func() error { _, err := ints.Decode([]byte{0xd0, 1}); return err }},
		{"trailing byte", func() error { _, err := ints.Decode([]byte{1, 1}); return err }},
		{"nothing", func() error { _, err := ints.Decode(nil); return err }},
		{"a string", func() error { _, err := ints.Decode([]byte{0xa1, 'x'}); return err }},
		{"unsorted map", func() error { _, err := maps.Decode([]byte{0x82, 0xa1, 'b', 0xa0, 0xa1, 'a', 0xa0}); return err }},
	}
	for _, tt := range refused {
		if err := tt.err(); !errors.Is(err, crdt.ErrCorrupt) {
			t.Errorf("%s: Decode = %v, want ErrCorrupt", tt.name, err)
		}
	}
	if v, err := maps.Decode([]byte{0x82, 0xa1, 'a', 0xa0, 0xa1, 'b', 0xa1, 'x'}); err != nil || v["b"] != "x" {
		t.Errorf("Decode of a sorted map = %v, %v", v, err)
	}
}

// What a codec refuses reads as absent and fails whoever writes it.
func TestRefusedKeys(t *testing.T) {
	t.Parallel()
	no := errors.New("no")
	picky := crdt.String
	picky.Append = func(b []byte, s string) ([]byte, error) {
		if s == "bad" {
			return nil, no
		}
		return append(b, s...), nil
	}
	m := crdt.AWMapKind(picky, crdt.AWMapKind(picky, crdt.LWWRegisterKind(picky))).New()
	view := m.At("bad").At("k")
	if v, ok := view.Get(); ok || v != "" || m.Contains("bad") || m.At("bad").Len() != 0 || !view.IsBottom() || !view.Clone().IsBottom() {
		t.Errorf("refused key reads as %q", v)
	}
	type doubleMap = crdt.AWMap[string, *crdt.AWMap[string, *crdt.LWWRegister[string]]]
	for name, f := range map[string]func(*crdt.Tx, *doubleMap){
		"outer key":       func(tx *crdt.Tx, m *doubleMap) { m.At("bad").At("k").Set(tx, "v") },
		"inner key":       func(tx *crdt.Tx, m *doubleMap) { m.At("k").At("bad").Set(tx, "v") },
		"value":           func(tx *crdt.Tx, m *doubleMap) { m.At("k").At("k").Set(tx, "bad") },
		"removed key":     func(tx *crdt.Tx, m *doubleMap) { m.Remove(tx, "bad") },
		"clear of a view": func(tx *crdt.Tx, m *doubleMap) { m.At("bad").Clear(tx) },
	} {
		_, err := crdt.Mutate(m, writer(1), func(tx *crdt.Tx, m *doubleMap) error { m.At("x").At("y").Set(tx, "z"); f(tx, m); return nil })
		if !errors.Is(err, no) || !m.IsBottom() {
			t.Errorf("%s: Mutate = %v, want the codec's error and nothing changed", name, err)
		}
	}
}
