package asdtest

import "encoding/binary"

// What an operation on a map or list returns, as the protocol numbers it.
const (
	returnNone     = 0
	returnIndex    = 1
	returnRevIndex = 2
	returnRank     = 3
	returnRevRank  = 4
	returnCount    = 5
	returnKey      = 6
	returnValue    = 7
	returnPairs    = 8
	returnExists   = 13
	returnMap      = 16
	returnSorted   = 17
	returnInverted = 0x10000
)

// cdtOp is an operation on the inside of a map or list.
type cdtOp struct {
	code   int64
	params [][]byte
}

const firstMapOp = 64

// parseCDT reads the value of an operation: its number, and a list of parameters if
// there are any. One that reaches into nested values is refused.
func parseCDT(b []byte) (*cdtOp, error) {
	if len(b) < 2 || b[0] != 0 {
		return nil, errUnsupported
	}
	o := &cdtOp{code: int64(binary.BigEndian.Uint16(b))}
	if len(b) > 2 {
		var ok bool
		if o.params, ok = cutList(b[2:]); !ok {
			return nil, errParameter
		}
	}
	return o, nil
}

// int returns parameter i, or def if it is not there.
func (o *cdtOp) int(i int, def int64) (int64, error) {
	if i >= len(o.params) {
		return def, nil
	}
	e, ok := readElement(o.params[i])
	if !ok || e.class != classInt || e.big {
		return 0, errParameter
	}
	return int64(e.n), nil
}

// need fails unless there are between lo and hi parameters.
func (o *cdtOp) need(lo, hi int) error {
	if len(o.params) < lo || len(o.params) > hi {
		return errParameter
	}
	return nil
}

// modify applies o to v, a missing bin being of kind null. It returns what the bin
// becomes, which is of kind null if the bin is to stay missing, and the result.
func (o *cdtOp) modify(v value) (next, res value, err error) {
	if o.code >= firstMapOp {
		return o.modifyMap(v)
	}
	return o.modifyList(v)
}

// read applies o, which changes nothing, to v.
func (o *cdtOp) read(v value) (value, error) {
	if o.code >= firstMapOp {
		if v.kind != kindMap {
			return value{}, errType
		}
		return o.readMap(v.m)
	}
	if v.kind != kindList {
		return value{}, errType
	}
	return o.readList(v.l)
}

// span turns an index, which counts from the end if negative, and a count into a
// range within n elements.
func span(index, count int64, n int) (from, to int) {
	size := int64(n)
	if index < 0 {
		index += size
	}
	if count < 0 {
		count = 0
	}
	if index < 0 { // what sticks out at the front is lost
		count += index
		index = 0
		if count < 0 {
			count = 0
		}
	}
	index = min(index, size)
	return int(index), int(index + min(count, size-index))
}

// counted returns the range that parameters i (index) and i+1 (count, or to the
// end) select of n elements.
func (o *cdtOp) counted(i, n int) (from, to int, err error) {
	index, err := o.int(i, 0)
	if err != nil {
		return 0, 0, err
	}
	count, err := o.int(i+1, 1<<40)
	if err != nil {
		return 0, 0, err
	}
	from, to = span(index, count, n)
	return from, to, nil
}
