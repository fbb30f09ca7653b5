package asdtest

import "encoding/binary"

// Digest names a record: RIPEMD-160 of its set and user key.
type Digest [20]byte

// Bits of the four info bytes of a message, as the protocol numbers them.
const (
	info1Read     = 1 << 0
	info1All      = 1 << 1
	info1Batch    = 1 << 3
	info1NoBins   = 1 << 5
	info1Replicas = 1 << 6 // ask all replicas
	info2Write    = 1 << 0
	info2Delete   = 1 << 1
	info2Gen      = 1 << 2
	info2GenGT    = 1 << 3
	info2Durable  = 1 << 4
	info2Create   = 1 << 5
	info2AllOps   = 1 << 7
	info3Last     = 1 << 0
	info3PartDone = 1 << 2
	info3Update   = 1 << 3
	info3Replace  = 1 << 4
	info3ReplOnly = 1 << 5
	info3SCRead   = 1<<6 | 1<<7
)

// Numbers of the fields of a message.
const (
	fieldNamespace  = 0
	fieldSet        = 1
	fieldKey        = 2
	fieldDigest     = 4
	fieldPartitions = 11
	fieldDigests    = 12
	fieldMaxRecords = 13
	fieldIndexRange = 22
	fieldUDF        = 30
	fieldBatch      = 41
	fieldBatchSet   = 42
	fieldFilter     = 43
)

// header is what every message starts with. In a reply to a batch, timeout holds
// the index of the record.
type header struct {
	info1, info2, info3, info4 byte
	code                       Code
	generation, ttl, timeout   uint32
	fields, ops                uint16
}

const headerSize = 22

// request is a decoded message. Its slices alias the bytes that it was decoded
// from, so it is valid only as long as they are.
type request struct {
	header
	namespace, set string
	key            []byte // particle type and value, if the client sent it
	digest         Digest
	hasDigest      bool
	filter         []byte
	batch          []byte
	partitions     []byte
	resume         []byte
	maxRecords     uint64
	isScan         bool
	unsupported    bool // an index query or a UDF
	list           []op
}

// op is one operation on one bin.
type op struct {
	code, particle byte
	name           string
	value          []byte
}

// decodeRequest reads a message. It never allocates more than a small multiple of
// len(b), and fails with ParameterError.
func decodeRequest(b []byte) (*request, error) {
	if len(b) < headerSize || b[0] != headerSize {
		return nil, errParameter
	}
	r := &request{header: header{
		info1: b[1], info2: b[2], info3: b[3], info4: b[4], code: Code(b[5]),
		generation: binary.BigEndian.Uint32(b[6:]), ttl: binary.BigEndian.Uint32(b[10:]),
		timeout: binary.BigEndian.Uint32(b[14:]),
		fields:  binary.BigEndian.Uint16(b[18:]), ops: binary.BigEndian.Uint16(b[20:]),
	}}
	rest, err := r.decodeBody(b[headerSize:])
	if err != nil {
		return nil, err
	}
	if len(rest) != 0 {
		return nil, errParameter
	}
	return r, nil
}

// decodeBody reads the fields and operations that the header counts and returns
// what follows them.
func (r *request) decodeBody(b []byte) ([]byte, error) {
	for range r.fields {
		if len(b) < 5 {
			return nil, errParameter
		}
		n := uint64(binary.BigEndian.Uint32(b))
		if rest := uint64(len(b) - 4); n > rest && (b[4] == fieldBatch || b[4] == fieldBatchSet) {
			n = rest // the client counts a filter that stands before it twice
		}
		if n == 0 || n > uint64(len(b)-4) {
			return nil, errParameter
		}
		if err := r.setField(b[4], b[5:4+n]); err != nil {
			return nil, err
		}
		b = b[4+n:]
	}
	if int(r.ops) > len(b)/8 {
		return nil, errParameter
	}
	if r.ops > 0 {
		r.list = make([]op, 0, r.ops)
	}
	for range r.ops {
		o, rest, err := decodeOp(b)
		if err != nil {
			return nil, err
		}
		r.list = append(r.list, o)
		b = rest
	}
	return b, nil
}

func (r *request) setField(kind byte, v []byte) error {
	switch kind {
	case fieldNamespace:
		r.namespace = string(v)
	case fieldSet:
		if len(v) > maxSetName {
			return errParameter
		}
		r.set = string(v)
	case fieldKey:
		r.key = v
	case fieldDigest:
		if len(v) != len(r.digest) {
			return errParameter
		}
		r.digest, r.hasDigest = Digest(v), true
	case fieldPartitions:
		r.partitions, r.isScan = v, true
	case fieldDigests:
		r.resume, r.isScan = v, true
	case fieldMaxRecords:
		if len(v) != 8 {
			return errParameter
		}
		r.maxRecords = binary.BigEndian.Uint64(v)
	case fieldIndexRange, fieldUDF:
		r.unsupported = true
	case fieldBatch, fieldBatchSet:
		r.batch = v
	case fieldFilter:
		r.filter = v
	}
	return nil // what is not known is ignored, as the server does
}

func decodeOp(b []byte) (op, []byte, error) {
	if len(b) < 8 {
		return op{}, nil, errParameter
	}
	n := uint64(binary.BigEndian.Uint32(b)) + 4
	name := uint64(b[7])
	if n > uint64(len(b)) || n < 8+name {
		return op{}, nil, errParameter
	}
	return op{code: b[4], particle: b[5], name: string(b[8 : 8+name]), value: b[8+name : n]}, b[n:], nil
}
