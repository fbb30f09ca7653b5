package asdtest

import "encoding/binary"

// Recorded returns messages of every form that a client sends, as seeds.
func Recorded() [][]byte {
	field := func(kind byte, v string) string {
		return string(append(binary.BigEndian.AppendUint32(nil, uint32(len(v)+1)), kind)) + v
	}
	operation := func(code, kind byte, name, v string) string {
		b := binary.BigEndian.AppendUint32(nil, uint32(4+len(name)+len(v)))
		return string(append(b, code, kind, 0, byte(len(name)))) + name + v
	}
	message := func(i1, i2, i3 byte, fields, ops uint16, body string) []byte {
		b := append([]byte{headerSize, i1, i2, i3}, make([]byte, 14)...)
		b = binary.BigEndian.AppendUint16(b, fields)
		b = binary.BigEndian.AppendUint16(b, ops)
		return append(b, body...)
	}
	key := field(fieldNamespace, "test") + field(fieldSet, "s") + field(fieldDigest, "01234567890123456789")
	batch := "\x00\x00\x00\x02\x01" + "\x00\x00\x00\x00" + "01234567890123456789" +
		"\x0a\x03\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00" +
		field(fieldNamespace, "test") + field(fieldSet, "s") + "\x00\x00\x00\x01" + "98765432109876543210" + "\x01"
	return [][]byte{
		message(3, 0, 0, 3, 0, key),
		message(1, 0, 0, 3, 1, key+operation(opRead, 0, "a", "")),
		message(0, 1, 0, 3, 2, key+
			operation(opWrite, 1, "a", "\x00\x00\x00\x00\x00\x00\x00\x05")+
			operation(opAppend, 3, "s", "tail")),
		message(1, 0x81, 0, 3, 2, key+
			operation(opCDTModify, 4, "m", "\x00\x43\x94\x01\x02\x01\x00")+
			operation(opCDTRead, 4, "m", "\x00\x60")),
		message(1, 1, 0, 3, 1, key+operation(opExpModify, 4, "e", "\x92\x93\x14\x01\x02\x00")),
		message(0, 3, 0, 3, 0, key),
		message(0, 1, 8, 4, 1, key+field(fieldFilter, "\x93\x03\x91\x4a\x05")+operation(opTouch, 0, "", "")),
		message(9, 0, 0, 1, 0, field(fieldBatch, batch)),
		message(1, 0, 4, 3, 0, field(fieldNamespace, "test")+
			field(fieldPartitions, "\x00\x00\x01\x00")+
			field(fieldMaxRecords, "\x00\x00\x00\x00\x00\x00\x00\x03")),
	}
}

// Expressions returns expressions of every form, as seeds.
func Expressions() [][]byte {
	return [][]byte{
		{0x93, 3, 0x91, 74, 5},                                          // record size > 5
		{0x93, 1, 0x93, 81, 6, 0xa1, 'b', 0xa2, 4, 1},                   // blob bin = value
		{0x92, 18, 0x93, 2, 0x92, 82, 0xa1, 'x', 0},                     // not bin type != 0
		{0x94, 16, 0xc3, 0xc2, 0x91, 0},                                 // and, unknown
		{0x94, 123, 0xc3, 1, 2},                                         // cond
		{0x94, 125, 0xa1, 'v', 4, 0x92, 124, 0xa1, 'v'},                 // let
		{0x95, 127, 2, 0, 0x91, 96, 0x93, 81, 5, 0xa1, 'm'},             // size of a map
		{0x95, 127, 1, 0, 0x93, 97, 13, 1, 0x93, 81, 5, 0xa1, 'm'},      // key of a map exists
		{0x95, 127, 5, 0x40, 0x94, 67, 7, 8, 1, 0x93, 81, 5, 0xa1, 'm'}, // put into a map
		{0x92, 126, 0x92, 1, 2},                                         // a list
		{0x93, 23, 0x93, 81, 2, 0xa1, 'i', 0},                           // division by zero
		{0x95, 127, 2, 0, 0x91, 16, 0x93, 81, 4, 0xa1, 'l'},             // size of a list
		{0x95, 127, 4, 0, 0x93, 18, 0, 9, 0x93, 81, 4, 0xa1, 'l'},       // range of a list
		{0x92, 64, 7}, {0x91, 66}, {0x91, 69}, {0x91, 70}, {0x92, 80, 3}, // metadata and key
	}
}
