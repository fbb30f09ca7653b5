package wire_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/dovetail-crdt/dovetail/clock/wire"
)

// fieldOps reads a field and writes it again, one for each kind.
var fieldOps = []func(r *wire.Reader, out []byte) []byte{
	func(r *wire.Reader, out []byte) []byte { return append(out, r.Byte()) },
	func(r *wire.Reader, out []byte) []byte { return wire.AppendUvarint(out, r.Uvarint()) },
	func(r *wire.Reader, out []byte) []byte { return wire.AppendVarint(out, r.Varint()) },
	func(r *wire.Reader, out []byte) []byte { return wire.AppendUint64(out, r.Uint64()) },
	func(r *wire.Reader, out []byte) []byte { return wire.AppendBytes(out, r.Bytes()) },
	func(r *wire.Reader, out []byte) []byte { return append(out, r.Next(2)...) },
}

// FuzzReader reads data as fields of the kinds that ops lists. What was read
// without fault writes exactly the bytes that were read.
func FuzzReader(f *testing.F) {
	for op := range fieldOps {
		for _, tt := range goldens {
			f.Add([]byte{byte(op), byte(op)}, unhex(tt.hex))
		}
	}
	f.Add([]byte{1}, unhex("8100"))
	f.Add([]byte{4}, unhex("ffffffffffffffffff01 61"))
	f.Fuzz(func(t *testing.T, ops, data []byte) {
		in := bytes.Clone(data)
		r := wire.NewReader(data)
		var out []byte
		for _, op := range ops {
			next := fieldOps[int(op)%len(fieldOps)](r, out)
			if r.Err() != nil {
				break
			}
			if out = next; r.Offset()+r.Len() != len(data) {
				t.Fatalf("offset %d and %d left of %d", r.Offset(), r.Len(), len(data))
			}
		}
		if !bytes.Equal(data, in) {
			t.Fatalf("reading %x changed it to %x", in, data)
		}
		if r.Err() == nil && !bytes.Equal(out, data[:r.Offset()]) {
			t.Fatalf("read %x, which is written %x", data[:r.Offset()], out)
		}
		if err := r.Done(); err != nil && !errors.Is(err, wire.ErrCorrupt) {
			t.Fatalf("Done() = %v, want ErrCorrupt", err)
		} else if err == nil && !bytes.Equal(out, data) {
			t.Fatalf("Done() = nil for %x, which is written %x", data, out)
		}
		if r.Err() != nil && (r.Len() != 0 || r.Uvarint() != 0 || len(r.Bytes()) != 0) {
			t.Fatalf("%d bytes left behind a fault", r.Len())
		}
	})
}
