package asdtest

import "encoding/binary"

// Types of a message on the wire.
const (
	protoVersion    = 2
	protoInfo       = 1
	protoSecurity   = 2
	protoMessage    = 3
	protoCompressed = 4
	protoHeaderSize = 8
)

// result is one named value of a reply; a value of kind null says that there is
// none.
type result struct {
	name string
	val  value
}

// reply is one message that goes back.
type reply struct {
	code       Code
	info3      byte
	generation uint32
	void       uint32
	index      uint32
	fields     []field
	results    []result
}

type field struct {
	kind byte
	val  []byte
}

// appendProto appends the header of a message of n bytes.
func appendProto(b []byte, kind byte, n int) []byte {
	return binary.BigEndian.AppendUint64(b, protoVersion<<56|uint64(kind)<<48|uint64(n))
}

// setProtoSize puts the size of b, which begins with the header of a message, into
// that header.
func setProtoSize(b []byte) {
	appendProto(b[:0], protoMessage, len(b)-protoHeaderSize)
}

// append appends the message without the header of the protocol.
func (r *reply) append(b []byte) []byte {
	b = append(b, headerSize, 0, 0, r.info3, 0, byte(r.code))
	b = binary.BigEndian.AppendUint32(b, r.generation)
	b = binary.BigEndian.AppendUint32(b, r.void)
	b = binary.BigEndian.AppendUint32(b, r.index)
	b = binary.BigEndian.AppendUint16(b, uint16(len(r.fields)))
	b = binary.BigEndian.AppendUint16(b, uint16(len(r.results)))
	for _, f := range r.fields {
		b = binary.BigEndian.AppendUint32(b, uint32(len(f.val)+1))
		b = append(b, f.kind)
		b = append(b, f.val...)
	}
	for i := range r.results {
		b = appendResult(b, &r.results[i])
	}
	return b
}

func appendResult(b []byte, r *result) []byte {
	at := len(b)
	b = append(b, 0, 0, 0, 0, opRead, byte(r.val.kind), 0, byte(len(r.name)))
	b = append(b, r.name...)
	b = r.val.appendWire(b)
	binary.BigEndian.PutUint32(b[at:], uint32(len(b)-at-4))
	return b
}
