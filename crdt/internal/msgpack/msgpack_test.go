package msgpack_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"math"
	"math/big"
	"net/netip"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	library "github.com/vmihailenco/msgpack/v5"
	"pgregory.net/rapid"

	"github.com/dovetail-crdt/dovetail/crdt/internal/msgpack"
)

type level int8

type base struct {
	ID      string `msgpack:"id"`
	Version uint32
}

type order struct {
	base
	Amounts map[string]float64
	Tags    map[int8]bool
	Placed  time.Time
	Due     *time.Time
	Parent  *order `msgpack:",omitempty"`
	Lines   []line `msgpack:"lines,omitempty"`
	Extra   any
	Raw     []byte
	Hash    [4]byte
	Small   float32
	Level   level
	Wait    time.Duration
	Note    string `msgpack:"note,omitempty"`
	Secret  func() `msgpack:"-"`
}

type line struct {
	Item  string
	Count int `msgpack:",omitempty"`
	Price [2]uint16
}

type pair struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // it is an option
	X, Y     int
}

// person is a struct of which all may be left out.
type person struct {
	Name, Street, City string            `msgpack:",omitempty"`
	Born               time.Time         `msgpack:",omitempty"`
	Phones             []string          `msgpack:",omitempty"`
	More               map[string]string `msgpack:",omitempty"`
}

// common is types that people use.
func common() []reflect.Type {
	return []reflect.Type{
		reflect.TypeFor[bool](), reflect.TypeFor[int](), reflect.TypeFor[int8](), reflect.TypeFor[level](),
		reflect.TypeFor[uint64](), reflect.TypeFor[uint16](), reflect.TypeFor[float32](), reflect.TypeFor[float64](),
		reflect.TypeFor[string](), reflect.TypeFor[[]byte](), reflect.TypeFor[[4]byte](), reflect.TypeFor[time.Time](),
		reflect.TypeFor[time.Duration](), reflect.TypeFor[[]string](), reflect.TypeFor[[][]int32](), reflect.TypeFor[[3]string](),
		reflect.TypeFor[map[string]string](), reflect.TypeFor[map[string]int](), reflect.TypeFor[map[int][]string](),
		reflect.TypeFor[map[string]map[string]bool](), reflect.TypeFor[map[pair]string](), reflect.TypeFor[map[string]struct{}](),
		reflect.TypeFor[*int](), reflect.TypeFor[*order](), reflect.TypeFor[[]*line](), reflect.TypeFor[order](),
		reflect.TypeFor[[]order](), reflect.TypeFor[map[string]order](), reflect.TypeFor[line](), reflect.TypeFor[pair](),
		reflect.TypeFor[[]pair](), reflect.TypeFor[person](), reflect.TypeFor[map[string]person](),
	}
}

// others is types that people use too: those that marshal themselves, and those with
// values of no given type, which are read as other types than they were written.
func others() []reflect.Type {
	return []reflect.Type{
		reflect.TypeFor[any](), reflect.TypeFor[[]any](), reflect.TypeFor[map[string]any](), reflect.TypeFor[map[any]any](),
		reflect.TypeFor[map[any]int](), reflect.TypeFor[[]map[string]any](), reflect.TypeFor[[]map[string]string](),
		reflect.TypeFor[netip.Addr](), reflect.TypeFor[map[netip.Prefix]string](), reflect.TypeFor[*big.Int](),
		reflect.TypeFor[struct{ At []netip.AddrPort }](), reflect.TypeFor[map[[1]any]int](),
	}
}

func typeOf(t testing.TB, of reflect.Type) *msgpack.Type {
	t.Helper()
	typ, err := msgpack.Of(of)
	if err != nil {
		t.Fatal(err)
	}
	return typ
}

// draw makes a value of a type; what rapid makes of an interface is nil.
func draw(t *rapid.T, of reflect.Type, depth int) reflect.Value {
	v := reflect.New(of).Elem()
	switch of.Kind() {
	case reflect.Bool:
		v.SetBool(rapid.Bool().Draw(t, "b"))
	case reflect.String:
		v.SetString(rapid.SampledFrom([]string{"", "a", "\xff", "zz", string(make([]byte, 40)), string(make([]byte, 300))}).Draw(t, "s"))
	case reflect.Float32, reflect.Float64:
		v.SetFloat(rapid.SampledFrom([]float64{0, math.Copysign(0, -1), 1.5, -2, math.Inf(1), math.Inf(-1)}).Draw(t, "f"))
	case reflect.Pointer:
		if depth < 4 && rapid.Bool().Draw(t, "some") {
			v.Set(reflect.New(of.Elem()))
			v.Elem().Set(draw(t, of.Elem(), depth+1))
		}
	case reflect.Slice:
		if rapid.Bool().Draw(t, "some") && depth < 4 {
			n := rapid.SampledFrom([]int{0, 1, 2, 3, 17}).Draw(t, "n")
			v.Set(reflect.MakeSlice(of, n, n))
			drawAll(t, v, depth)
		}
	case reflect.Array:
		drawAll(t, v, depth)
	case reflect.Map:
		if rapid.Bool().Draw(t, "some") && depth < 4 {
			v.Set(reflect.MakeMap(of))
			for range rapid.SampledFrom([]int{0, 1, 3, 20}).Draw(t, "n") {
				v.SetMapIndex(draw(t, of.Key(), depth+1), draw(t, of.Elem(), depth+1))
			}
		}
	case reflect.Interface:
		if rapid.Bool().Draw(t, "some") && depth < 4 {
			all := slices.DeleteFunc(common(), func(t reflect.Type) bool { return t.Kind() == reflect.Map && t.Key().Kind() == reflect.Struct })
			v.Set(draw(t, rapid.SampledFrom(all).Draw(t, "of"), depth+1))
		}
	case reflect.Struct:
		if of == reflect.TypeFor[time.Time]() {
			sec := rapid.SampledFrom([]int64{-62135596800, -1 << 35, -1, 0, 1 << 31, 1 << 35, math.MaxInt64, math.MinInt64}).Draw(t, "sec")
			v.Set(reflect.ValueOf(time.Unix(sec, rapid.SampledFrom([]int64{0, 1, 999999999}).Draw(t, "ns"))))
			break
		}
		for i := range of.NumField() {
			if f := of.Field(i); f.Type.Kind() != reflect.Func && f.Name != "_msgpack" {
				drawn := draw(t, f.Type, depth+1)
				if f.IsExported() {
					v.Field(i).Set(drawn)
				} else { // an embedded struct
					for j := range f.Type.NumField() {
						v.Field(i).Field(j).Set(drawn.Field(j))
					}
				}
			}
		}
	default:
		edges := []int64{0, 1, 127, 128, 255, 256, 65535, 65536, math.MaxUint32, 1 << 32, math.MaxInt64, -1, -32, -33, -128, -129, -32768, -32769, math.MinInt32, math.MinInt32 - 1, math.MinInt64}
		if n := rapid.SampledFrom(edges).Draw(t, "n"); v.CanInt() {
			v.SetInt(n << (64 - of.Bits()) >> (64 - of.Bits()))
		} else {
			v.SetUint(uint64(n) << (64 - of.Bits()) >> (64 - of.Bits()))
		}
	}
	return v
}

func drawAll(t *rapid.T, v reflect.Value, depth int) {
	for i := range v.Len() {
		v.Index(i).Set(draw(t, v.Type().Elem(), depth+1))
	}
}

// What is written is what the library writes, in canonical form, and is read back as a
// value that is written in the same way.
func TestLikeTheLibrary(t *testing.T) {
	t.Parallel()
	for _, of := range append(common(), reflect.TypeFor[any](), reflect.TypeFor[[]any](), reflect.TypeFor[map[string]any]()) {
		t.Run(of.String(), func(t *testing.T) {
			t.Parallel()
			typ := typeOf(t, of)
			rapid.Check(t, func(t *rapid.T) {
				v := draw(t, of, 0)
				got, err := typ.Append([]byte("head"), v)
				if err != nil {
					t.Fatalf("Append(%#v) = %v", v, err)
				}
				got = got[4:]
				var buf bytes.Buffer
				enc := library.NewEncoder(&buf)
				enc.UseCompactInts(true)
				if err := enc.EncodeValue(v); err != nil {
					t.Fatal(err)
				}
				want, err := appendCanonical(nil, buf.Bytes())
				if err != nil || !bytes.Equal(got, want) {
					t.Fatalf("Append(%#v) =\n%x, want\n%x (%v)", v, got, want, err)
				}
				checkRead(t, typ, of, got)
			})
		})
	}
}

// checkRead reads what must be good bytes.
func checkRead(t interface{ Fatalf(string, ...any) }, typ *msgpack.Type, of reflect.Type, b []byte) {
	back := reflect.New(of).Elem()
	in := bytes.Clone(b)
	if err := typ.Decode(in, back); err != nil {
		t.Fatalf("%v: Decode(%x) = %v", of, b, err)
	}
	clear(in)
	if again, err := typ.Append(nil, back); err != nil || !bytes.Equal(again, b) {
		t.Fatalf("%v: Decode accepts\n%x, which is written\n%x (%v)", of, b, again, err)
	}
}

// Values that stand in themselves end.
func TestCycles(t *testing.T) {
	t.Parallel()
	m := map[string]any{}
	m["m"] = m
	o := &order{}
	o.Parent = o
	var p any
	p = &p
	all := []any{nil}
	all[0] = all
	for _, v := range []any{m, o, map[string]any{"p": p}, all} {
		if b, err := typeOf(t, reflect.TypeOf(v)).Append(nil, reflect.ValueOf(v)); err == nil {
			t.Errorf("%T in itself is %d bytes", v, len(b))
		}
	}
}

// A list of maps of one entry takes more memory than any other value of its length.
func TestMapsAreCounted(t *testing.T) {
	t.Parallel()
	small, few := map[string]any{"": nil}, map[string]any{"a": int64(1)}
	typ := typeOf(t, reflect.TypeFor[[]map[string]any]())
	if b, err := typ.Append(nil, reflect.ValueOf(slices.Repeat([]map[string]any{small}, 200))); err == nil {
		t.Errorf("200 maps are %d bytes", len(b))
	}
	for n, v := range map[int]map[string]any{20: small, 100_000: few} {
		b, err := typ.Append(nil, reflect.ValueOf(slices.Repeat([]map[string]any{v}, n)))
		if err != nil {
			t.Errorf("%d maps like %v: %v", n, v, err)
			continue
		}
		checkRead(t, typ, reflect.TypeFor[[]map[string]any](), b)
	}
}

// Bytes are those of the version before values were checked against their type.
func TestGoldenBytes(t *testing.T) {
	t.Parallel()
	type address struct {
		Street string
		City   string   `msgpack:"city"`
		Zip    int      `msgpack:"zip,omitempty"`
		Tags   []string `msgpack:",omitempty"`
		Labels map[string]int
		At     time.Time
		Home   *address
		More   any
		Hash   [3]byte
		Rate   float32
	}
	const empty = "88a24174c70cff00000000fffffff1886e0900a448617368c403000000a4486f6d65c0a44d6f7265c0a452617465ca00000000a463697479a0a64c6162656c73c0a6537472656574a0"
	full := address{
		Street: "S", City: "C", Zip: 8000, Tags: []string{"x"}, Labels: map[string]int{"k": 1}, At: time.Unix(0, 0), Home: &address{},
		More: map[string]any{"b": int8(1), "aa": []any{nil, "x"}}, Hash: [3]byte{1, 2, 3}, Rate: 0.5,
	}
	for _, tt := range []struct {
		v    any
		want string
	}{
		{"", "a0"},
		{"straße", "a773747261c39f65"},
		{strings.Repeat("x", 40), "d928" + strings.Repeat("78", 40)},
		{int8(-128), "d080"},
		{uint16(300), "cd012c"},
		{int64(math.MinInt64), "d38000000000000000"},
		{uint64(math.MaxUint64), "cfffffffffffffffff"},
		{-1, "ff"},
		{true, "c3"},
		{1.5, "cb3ff8000000000000"},
		{float32(-2), "cac0000000"},
		{math.Copysign(0, -1), "cb0000000000000000"},
		{[]byte("ab"), "c4026162"},
		{[]string{"b", "a"}, "92a162a161"},
		{time.Unix(1700000000, 5), "d7ff000000146553f100"},
		{time.Duration(90), "5a"},
		{map[string]int{"aa": 1, "b": 2, "": 3}, "83a003a16202a2616101"},
		{map[int]string{-1: "x", 300: "y", 7: "z"}, "8307a17acd012ca179ffa178"},
		{pair{X: 1, Y: -2}, "9201fe"},
		{map[pair]bool{{X: 2, Y: 1}: true, {X: 1, Y: 2}: false}, "82920102c2920201c3"},
		{map[string]any{"z": uint64(1), "y": -1.5}, "82a179cbbff8000000000000a17a01"},
		{address{}, empty},
		{full, "8aa24174d6ff00000000a37a6970cd1f40a448617368c403010203a4486f6d65" + empty +
			"a44d6f726582a16201a2616192c0a178a452617465ca3f000000a45461677391a178a463697479a143a64c6162656c7381a16b01a6537472656574a153"},
	} {
		v := reflect.New(reflect.TypeOf(tt.v)).Elem()
		v.Set(reflect.ValueOf(tt.v))
		typ := typeOf(t, v.Type())
		got, err := typ.Append(nil, v)
		if hex.EncodeToString(got) != tt.want {
			t.Errorf("Append(%#v) = %x (%v), want %s", tt.v, got, err, tt.want)
		}
		checkRead(t, typ, v.Type(), got)
	}
}

// allocated returns the bytes that f allocates, the least of a few runs.
func allocated(f func()) uint64 {
	var m runtime.MemStats
	least := uint64(math.MaxUint64)
	for range 3 {
		runtime.ReadMemStats(&m)
		before := m.TotalAlloc
		f()
		runtime.ReadMemStats(&m)
		least = min(least, m.TotalAlloc-before)
	}
	return least
}

// FuzzDecode reads bytes as each of the types.
func FuzzDecode(f *testing.F) {
	all := append(common(), others()...)
	for _, s := range []string{
		"c70501df000fffff", "81a161c70501df000fffff", "c0", "81a3447565c0", "818001", "819001", "81c4016101", "81a161818001", "81919001",
		"d5ff0000", "d60100000000", "9381a0c081a0c081a0c0", "81a081a081a0c0", "dd000fffff", "df000fffff", "c6000fffff", "9190919091", "c403312f33",
	} {
		raw, err := hex.DecodeString(s)
		if err != nil {
			f.Fatal(err)
		}
		for i := range all {
			f.Add(byte(i), raw)
		}
	}
	f.Add(byte(len(common())), bytes.Repeat([]byte{0x91}, 100))
	for i, of := range all {
		if b, err := typeOf(f, of).Append(nil, reflect.Zero(of)); err == nil {
			f.Add(byte(i), b)
		}
	}
	types := make([]*msgpack.Type, len(all))
	for i, of := range all {
		types[i] = typeOf(f, of)
	}
	f.Fuzz(func(t *testing.T, i byte, b []byte) {
		typ, of := types[int(i)%len(all)], all[int(i)%len(all)]
		var err error
		n := allocated(func() { err = typ.Decode(b, reflect.New(of).Elem()) })
		if n > maxPerByte*uint64(len(b))+maxSmall {
			t.Fatalf("%v: %d bytes allocate %d: %x", of, len(b), n, b)
		}
		if verdict := typ.Check(b); fmt.Sprint(verdict) != fmt.Sprint(err) {
			t.Fatalf("%v: of %x Check says %v, Decode %v", of, b, verdict, err)
		}
		if err == nil {
			checkRead(t, typ, of, b)
		}
	})
}
