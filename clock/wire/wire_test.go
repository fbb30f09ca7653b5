package wire_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/dovetail-crdt/dovetail/clock/wire"
)

// unhex reads hexadecimal digits with blanks in between.
func unhex(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic(fmt.Sprintf("unhex %q: %v", s, err))
	}
	return b
}

// field is one kind of field: how it is written, and how it is read back.
type field struct {
	append func([]byte) []byte
	read   func(*wire.Reader) any
	want   any
}

func uvarint(v uint64) field {
	return field{
		func(b []byte) []byte { return wire.AppendUvarint(b, v) },
		func(r *wire.Reader) any { return r.Uvarint() }, v,
	}
}

func varint(v int64) field {
	return field{
		func(b []byte) []byte { return wire.AppendVarint(b, v) },
		func(r *wire.Reader) any { return r.Varint() }, v,
	}
}

func fixed(v uint64) field {
	return field{
		func(b []byte) []byte { return wire.AppendUint64(b, v) },
		func(r *wire.Reader) any { return r.Uint64() }, v,
	}
}

func byteString(v string) field {
	return field{
		func(b []byte) []byte { return wire.AppendBytes(b, v) },
		func(r *wire.Reader) any { return string(r.Bytes()) }, v,
	}
}

// goldens pins the bytes of every kind of field.
var goldens = []struct {
	name string
	field
	hex string
}{
	{"uvarint/zero", uvarint(0), "00"},
	{"uvarint/one byte", uvarint(127), "7f"},
	{"uvarint/two bytes", uvarint(128), "8001"},
	{"uvarint/300", uvarint(300), "ac02"},
	{"uvarint/largest", uvarint(math.MaxUint64), "ffffffffffffffffff01"},
	{"varint/zero", varint(0), "00"},
	{"varint/minus one", varint(-1), "01"},
	{"varint/one", varint(1), "02"},
	{"varint/minus 65", varint(-65), "8101"},
	{"varint/largest", varint(math.MaxInt64), "feffffffffffffffff01"},
	{"varint/smallest", varint(math.MinInt64), "ffffffffffffffffff01"},
	{"uint64/one", fixed(1), "0000000000000001"},
	{"uint64/order", fixed(0x0102030405060708), "0102030405060708"},
	{"uint64/largest", fixed(math.MaxUint64), "ffffffffffffffff"},
	{"bytes/empty", byteString(""), "00"},
	{"bytes/abc", byteString("abc"), "03 616263"},
	{"bytes/128", byteString(strings.Repeat("x", 128)), "8001" + strings.Repeat("78", 128)},
}

func TestGolden(t *testing.T) {
	t.Parallel()
	for _, tt := range goldens {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			want := unhex(tt.hex)
			if got := tt.append(nil); !bytes.Equal(got, want) {
				t.Errorf("append(%v) = %x, want %x", tt.want, got, want)
			}
			if got := tt.append([]byte("ab")); !bytes.Equal(got, append([]byte("ab"), want...)) {
				t.Errorf("append(%v) behind ab = %x, want the prefix kept", tt.want, got)
			}
			r := wire.NewReader(want)
			if got := tt.read(r); got != tt.want || r.Done() != nil {
				t.Errorf("read(%x) = %v, %v, want %v", want, got, r.Err(), tt.want)
			}
			if r.Offset() != len(want) || r.Len() != 0 {
				t.Errorf("read(%x): offset %d with %d left, want all read", want, r.Offset(), r.Len())
			}
		})
	}
}

func TestCut(t *testing.T) {
	t.Parallel()
	for _, tt := range goldens {
		for n, b := 0, unhex(tt.hex); n < len(b); n++ {
			r := wire.NewReader(b[:n:n])
			if got := tt.read(r); !errors.Is(r.Err(), wire.ErrCorrupt) {
				t.Errorf("%s: read(%x) = %v, %v, want ErrCorrupt", tt.name, b[:n], got, r.Err())
			}
		}
	}
}

func TestError(t *testing.T) {
	t.Parallel()
	r := wire.NewReader([]byte{1, 2, 3})
	r.Next(2)
	r.Failf("bad %s", "field")
	err := r.Done()
	if want := "corrupt encoding at byte 2: bad field"; err == nil || err.Error() != want {
		t.Errorf("Done() = %v, want %v", err, want)
	}
	var e *wire.Error
	if !errors.As(err, &e) || e.Offset != 2 || e.What != "bad field" {
		t.Errorf("Done() = %#v, want an Error at 2", err)
	}
	if errors.Is(err, errors.ErrUnsupported) {
		t.Error("an Error matches another sentinel")
	}
}
