package crdt_test

import (
	"bytes"
	"math"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/vmihailenco/msgpack/v5"
	"pgregory.net/rapid"

	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/crdttest"
)

// order is what a user may put into a register or a set without a thought.
type order struct {
	ID      string
	Amounts map[string]float64
	Tags    map[int8]bool
	Placed  time.Time
	Parent  *order
	Extra   any
	Small   float32
}

var orders = crdt.MsgPack[order]("acme/order.v1")

func anyOrder(t *rapid.T) order {
	amount := rapid.SampledFrom([]float64{0, math.Copysign(0, -1), 1.5, -2, math.Inf(1), math.SmallestNonzeroFloat64})
	zone := rapid.SampledFrom([]*time.Location{time.UTC, time.Local, time.FixedZone("elsewhere", 5400)}).Draw(t, "zone")
	o := order{
		ID:      rapid.SampledFrom([]string{"", "a", "\xff"}).Draw(t, "id"),
		Amounts: rapid.MapOfN(rapid.SampledFrom([]string{"EUR", "USD", "", "CHF", "JPY"}), amount, 0, 5).Draw(t, "amounts"),
		Tags:    rapid.MapOfN(rapid.Int8Range(-100, 100), rapid.Bool(), 0, 20).Draw(t, "tags"),
		Placed:  time.Unix(rapid.SampledFrom([]int64{-1 << 35, -1, 0, 1 << 31, 1 << 35}).Draw(t, "placed"), rapid.SampledFrom([]int64{0, 1}).Draw(t, "ns")).In(zone),
		Extra:   rapid.SampledFrom([]any{nil, "x", uint64(7), int8(-7), 1.0, true, []any{1, "y"}, map[string]any{"a": 1, "b": []byte{1}}}).Draw(t, "extra"),
		Small:   float32(amount.Draw(t, "small")),
	}
	if rapid.Bool().Draw(t, "has parent") {
		o.Parent = &order{ID: "p", Amounts: map[string]float64{"x": math.Copysign(0, -1)}}
	}
	return o
}

// Values of a type with maps, times, floats and pointers keep the laws.
func TestMsgPackLaws(t *testing.T) {
	t.Parallel()
	t.Run("set", func(t *testing.T) {
		t.Parallel()
		crdttest.Laws(t, crdt.AWSetKind(orders), func(t *rapid.T, tx *crdt.Tx, s *crdt.AWSet[order]) {
			if o := anyOrder(t); rapid.Bool().Draw(t, "add") {
				s.Add(tx, o)
			} else {
				s.Remove(tx, o)
			}
		})
	})
	t.Run("register", func(t *testing.T) {
		t.Parallel()
		crdttest.Laws(t, crdt.LWWRegisterKind(orders), func(t *rapid.T, tx *crdt.Tx, r *crdt.LWWRegister[order]) { r.Set(tx, anyOrder(t)) })
	})
	t.Run("map", func(t *testing.T) {
		t.Parallel()
		times := crdt.MsgPack[time.Time]("time")
		crdttest.Laws(t, crdt.AWMapKind(times, crdt.CounterKind()), func(t *rapid.T, tx *crdt.Tx, m *crdt.AWMap[time.Time, *crdt.Counter]) {
			at := anyOrder(t).Placed
			if m.At(at).Add(tx, 1); rapid.Bool().Draw(t, "remove") {
				m.Remove(tx, at)
			}
		})
	})
}

// What Go holds to be other values, but says the same, has the same bytes.
func TestMsgPackSameBytes(t *testing.T) {
	t.Parallel()
	now := time.Now() // with a monotonic reading
	zero := math.Copysign(0, -1)
	big, gib := map[string]float64{}, map[string]float64{}
	for i := range 200 {
		big[strings.Repeat("k", i)] = float64(i)
		gib[strings.Repeat("k", 199-i)] = float64(199 - i)
	}
	for _, tt := range []struct {
		name string
		a, b order
	}{
		{"order of map entries", order{Amounts: big}, order{Amounts: gib}},
		{"zone", order{Placed: now}, order{Placed: now.In(time.FixedZone("elsewhere", 3600))}},
		{"monotonic reading", order{Placed: now}, order{Placed: now.Round(0).UTC()}},
		{"-0", order{Small: float32(zero), Amounts: map[string]float64{"x": zero}}, order{Amounts: map[string]float64{"x": 0}}},
		{"-0 in an interface", order{Extra: []any{zero}}, order{Extra: []any{0.0}}},
		{"width of an integer", order{Extra: uint64(7)}, order{Extra: int8(7)}},
	} {
		a, aerr := orders.Append(nil, tt.a)
		b, berr := orders.Append(nil, tt.b)
		if aerr != nil || berr != nil || !bytes.Equal(a, b) {
			t.Errorf("%s: bytes are\n%x (%v) and\n%x (%v)", tt.name, a, aerr, b, berr)
		}
		back, err := orders.Decode(a)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		if again, err := orders.Append(nil, back); err != nil || !bytes.Equal(again, a) {
			t.Errorf("%s: read and written again\n%x is\n%x (%v)", tt.name, a, again, err)
		}
		if !back.Placed.Equal(tt.a.Placed) {
			t.Errorf("%s: time is %v, want %v", tt.name, back.Placed, tt.a.Placed)
		}
	}
}

// What has no identity has no bytes.
func TestMsgPackRefuses(t *testing.T) {
	t.Parallel()
	nan := math.NaN()
	for name, o := range map[string]order{
		"NaN":                    {Amounts: map[string]float64{"x": nan}},
		"NaN of 32 bits":         {Small: float32(nan)},
		"NaN in an interface":    {Extra: []any{nan}},
		"NaN as a key":           {Extra: map[any]any{nan: 1}},
		"one key in two types":   {Extra: map[any]any{int8(1): 1, uint64(1): 2}},
		"a value of no encoding": {Extra: func() {}},
	} {
		if b, err := orders.Append(nil, o); err == nil {
			t.Errorf("%s has bytes %x", name, b)
		}
	}
}

// byLibrary is the codec of a type that says itself how it is written.
func byLibrary[T any](name string) crdt.Codec[T] {
	return crdt.Codec[T]{
		Name: name,
		Append: func(b []byte, v T) ([]byte, error) {
			raw, err := msgpack.Marshal(v)
			return append(b, raw...), err
		},
		Decode: func(b []byte) (v T, err error) { err = msgpack.Unmarshal(b, &v); return v, err },
	}
}

// lower is read as something else than it is written as.
type lower string //nolint:recvcheck // as msgpack wants it

func (l lower) EncodeMsgpack(enc *msgpack.Encoder) error { return enc.EncodeString(string(l)) }

func (l *lower) DecodeMsgpack(dec *msgpack.Decoder) error {
	s, err := dec.DecodeString()
	*l = lower(strings.ToLower(s))
	return err
}

// counted is written in another way each time.
type counted struct{ N int } //nolint:recvcheck // as msgpack wants it

var written int

func (c counted) EncodeMsgpack(enc *msgpack.Encoder) error {
	written++
	return enc.Encode([]int{c.N, written})
}

func (c *counted) DecodeMsgpack(dec *msgpack.Decoder) error {
	var both [2]int
	err := dec.Decode(&both)
	c.N = both[0]
	return err
}

// tagged is written as what a map makes of it: as Go walks the map.
type tagged map[string]int //nolint:recvcheck // as msgpack wants it

func (m tagged) EncodeMsgpack(enc *msgpack.Encoder) error {
	if err := enc.EncodeArrayLen(len(m)); err != nil {
		return err
	}
	for k := range m {
		if err := enc.EncodeString(k); err != nil {
			return err
		}
	}
	return nil
}

func (m *tagged) DecodeMsgpack(dec *msgpack.Decoder) error {
	n, err := dec.DecodeArrayLen()
	*m = tagged{}
	for range n {
		var k string
		if k, err = dec.DecodeString(); err != nil {
			return err
		}
		(*m)[k] = 1
	}
	return err
}

// uncanonical is runs of Laws that must fail.
var uncanonical = map[string]func(*testing.T){
	"lower": func(t *testing.T) {
		t.Helper()
		crdttest.CodecLaws(t, byLibrary[lower]("lower"), rapid.SampledFrom([]lower{"eur", "EUR"}))
	},
	"counted": func(t *testing.T) {
		t.Helper()
		crdttest.Laws(t, crdt.AWSetKind(byLibrary[counted]("counted")), func(t *rapid.T, tx *crdt.Tx, s *crdt.AWSet[counted]) {
			s.Add(tx, counted{rapid.IntRange(0, 3).Draw(t, "n")})
		})
	},
	"tagged": func(t *testing.T) {
		t.Helper()
		crdttest.Laws(t, crdt.MVRegisterKind(byLibrary[tagged]("tagged")), func(_ *rapid.T, tx *crdt.Tx, r *crdt.MVRegister[tagged]) {
			r.Set(tx, tagged{"a": 1, "b": 1, "c": 1, "d": 1})
		})
	},
}

const lawsOf = "DOVETAIL_LAWS_OF"

// Laws fails types whose values have no one form. It is run in a process of its
// own, since a failure of it cannot be taken back.
func TestLawsCatchUncanonicalBytes(t *testing.T) {
	t.Parallel()
	if run := uncanonical[os.Getenv(lawsOf)]; run != nil {
		run(t)
		return
	}
	for name := range uncanonical {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestLawsCatchUncanonicalBytes$", "-rapid.nofailfile", "-rapid.shrinktime=1ms")
			cmd.Env = append(os.Environ(), lawsOf+"="+name)
			out, err := cmd.CombinedOutput()
			if err == nil || !bytes.Contains(out, []byte("encodes as")) && !bytes.Contains(out, []byte("have other bytes")) {
				t.Errorf("Laws of %s: %v\n%s", name, err, out)
			}
		})
	}
}
