package crdt_test

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"

	"github.com/vmihailenco/msgpack/v5"

	"github.com/dovetail-crdt/dovetail/crdt/untyped"
)

// pack is a frame put together by an ordinary MessagePack encoder, whatever it
// says.
type pack struct {
	format        int // FrameVersion if 0
	kind          string
	version       int
	context, body []byte
}

func (p pack) frame() []byte {
	if p.format == 0 {
		p.format = untyped.FrameVersion
	}
	var buf bytes.Buffer
	enc := msgpack.NewEncoder(&buf)
	enc.UseCompactInts(true)
	must := func(err error) {
		if err != nil {
			panic(err)
		}
	}
	must(enc.EncodeArrayLen(6))
	must(enc.EncodeInt(int64(p.format)))
	must(enc.EncodeString(p.kind))
	must(enc.EncodeInt(int64(p.version)))
	must(enc.EncodeBytes(p.context)) // nil if nil
	must(enc.EncodeBytes(p.body))
	return sealed(buf.Bytes())
}

// sealed appends the checksum that b needs.
func sealed(b []byte) []byte {
	sum := crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli))
	return binary.BigEndian.AppendUint32(append(bytes.Clone(b), 0xc4, 4), sum)
}

// unpack opens a frame with an ordinary MessagePack decoder.
func unpack(frame []byte) (p pack, sum []byte, err error) {
	var fields []any
	if err := msgpack.Unmarshal(frame, &fields); err != nil {
		return p, nil, err
	}
	var f struct {
		_msgpack      struct{} `msgpack:",as_array"`
		Format        int
		Kind          string
		Version       int
		Context, Body []byte
		Sum           []byte
	}
	err = msgpack.Unmarshal(frame, &f)
	return pack{f.Format, f.Kind, f.Version, f.Context, f.Body}, f.Sum, err
}
