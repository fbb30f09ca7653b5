package asdtest

import (
	"encoding/binary"
	"math"
)

// particle is the type of a value in a bin, as the protocol numbers it.
type particle byte

const (
	kindNull   particle = 0
	kindInt    particle = 1
	kindFloat  particle = 2
	kindString particle = 3
	kindBlob   particle = 4
	kindBool   particle = 17
	kindHLL    particle = 18
	kindMap    particle = 19
	kindList   particle = 20
	kindGeo    particle = 23
)

// value is the content of a bin. It is immutable: whoever changes a bin makes
// another value, so versions of a record share what they have in common.
type value struct {
	kind particle
	raw  []byte // the wire form, for all but maps and lists
	m    *mapValue
	l    *listValue
}

func intValue(n int64) value {
	return value{kind: kindInt, raw: binary.BigEndian.AppendUint64(nil, uint64(n))}
}

func floatValue(f float64) value {
	return value{kind: kindFloat, raw: binary.BigEndian.AppendUint64(nil, math.Float64bits(f))}
}

func boolValue(v bool) value {
	if v {
		return value{kind: kindBool, raw: []byte{1}}
	}
	return value{kind: kindBool, raw: []byte{0}}
}

func (v value) int() int64     { return int64(binary.BigEndian.Uint64(v.raw)) }
func (v value) float() float64 { return math.Float64frombits(binary.BigEndian.Uint64(v.raw)) }

// newValue makes a value of what a client sent. It copies raw.
func newValue(kind particle, raw []byte) (value, error) {
	switch kind {
	case kindInt:
		return newInt(raw)
	case kindFloat:
		if len(raw) != 8 {
			return value{}, errParameter
		}
	case kindBool:
		if len(raw) != 1 || raw[0] > 1 {
			return value{}, errParameter
		}
	case kindString, kindBlob, kindHLL, kindGeo:
	case kindMap:
		m, err := decodeMap(raw)
		return value{kind: kindMap, m: m}, err
	case kindList:
		l, err := decodeList(raw)
		return value{kind: kindList, l: l}, err
	default:
		return value{}, errParameter
	}
	return value{kind: kind, raw: append(make([]byte, 0, len(raw)), raw...)}, nil
}

// newInt reads a big-endian integer of 1, 2, 4 or 8 bytes.
func newInt(raw []byte) (value, error) {
	switch len(raw) {
	case 1:
		return intValue(int64(int8(raw[0]))), nil
	case 2:
		return intValue(int64(int16(binary.BigEndian.Uint16(raw)))), nil
	case 4:
		return intValue(int64(int32(binary.BigEndian.Uint32(raw)))), nil
	case 8:
		return intValue(int64(binary.BigEndian.Uint64(raw))), nil
	}
	return value{}, errParameter
}

// appendWire appends the value as a client reads it.
func (v value) appendWire(b []byte) []byte {
	switch v.kind {
	case kindMap:
		return v.m.append(b)
	case kindList:
		return v.l.append(b)
	default:
		return append(b, v.raw...)
	}
}

// storedSize is what the value takes in the server's storage, type byte included.
func (v value) storedSize() int {
	switch v.kind {
	case kindNull:
		return 1
	case kindInt:
		n := v.int()
		switch {
		case n >= 0 && n < 1<<8:
			return 2 + 1
		case n >= 0 && n < 1<<16:
			return 2 + 2
		case n >= 0 && n < 1<<32:
			return 2 + 4
		}
		return 2 + 8
	case kindFloat:
		return 1 + 8
	case kindBool:
		return 1 + 1
	case kindMap:
		return 1 + 4 + v.m.storedSize()
	case kindList:
		return 1 + 4 + v.l.storedSize()
	default:
		return 1 + 4 + len(v.raw)
	}
}

// packed returns the value as an element of a map or list. ok is false for kinds
// that cannot be one.
func (v value) packed() (b []byte, ok bool) {
	switch v.kind {
	case kindNull:
		return []byte{0xc0}, true
	case kindInt:
		return appendInt(nil, v.int()), true
	case kindFloat:
		return append([]byte{0xcb}, v.raw...), true
	case kindBool:
		return []byte{0xc2 + v.raw[0]}, true
	case kindString, kindBlob, kindGeo:
		b = appendStringHeader(nil, len(v.raw)+1)
		return append(append(b, byte(v.kind)), v.raw...), true
	case kindMap, kindList:
		return v.appendWire(nil), true
	default:
		return nil, false
	}
}

// unpackValue makes a value of an element of a map or list. It copies b.
func unpackValue(b []byte) (value, error) {
	e, ok := readElement(b)
	if !ok {
		return value{}, errParameter
	}
	switch e.class {
	case classNil:
		return value{}, nil
	case classBool:
		return boolValue(e.n == 1), nil
	case classInt:
		return intValue(int64(e.n)), nil
	case classFloat:
		return floatValue(e.f), nil
	case classString:
		return newValue(kindString, e.body[1:])
	case classBlob:
		if len(e.body) == 0 { // not even a type byte
			return value{}, errParameter
		}
		return newValue(kindBlob, e.body[1:])
	case classGeo:
		return newValue(kindGeo, e.body[1:])
	case classMap:
		return newValue(kindMap, b)
	case classList:
		return newValue(kindList, b)
	default:
		return value{}, errParameter
	}
}
