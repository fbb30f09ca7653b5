package asdtest

import (
	"bufio"
	"bytes"
	"time"
)

// Answer works off a message as if it had come over a connection.
func (c *Cluster) Answer(body []byte) []byte {
	var out bytes.Buffer
	s := &session{c: c, side: -1, out: bufio.NewWriter(&out)}
	s.answer(protoMessage, bytes.Clone(body))
	s.out.Flush() //nolint:errcheck // a buffer takes everything
	return out.Bytes()
}

// Evaluate parses an expression and evaluates it on a record with bins of every kind.
func Evaluate(b []byte) {
	x, err := parseExpression(b)
	if err != nil {
		return
	}
	m := &mapValue{order: orderKey}
	m.set(newEntry([]byte{1}, []byte{2}))
	r := &record{set: "s", key: []byte{byte(kindString), 'k'}, generation: 1, bins: []bin{
		{"i", intValue(3)},
		{"f", floatValue(1.5)},
		{"b", value{kind: kindBlob, raw: []byte{1}}},
		{"s", value{kind: kindString, raw: []byte("x")}},
		{"t", boolValue(true)},
		{"m", value{kind: kindMap, m: m}},
		{"l", value{kind: kindList, l: &listValue{items: [][]byte{{1}, {0xc0}}}}},
	}}
	v, ok := x.run(&env{r: r, now: time.Unix(epoch+100, 0)})
	if ok && v.kind != x.typ.kind() {
		panic("an expression yields another type than it said")
	}
	v.appendWire(nil)
}
