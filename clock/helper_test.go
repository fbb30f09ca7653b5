package clock_test

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/dovetail-crdt/dovetail/clock"
)

// ctx returns the context that s spells, such as "1:1-7,9 2:3" (replica:runs).
func ctx(s string) *clock.Context {
	c := &clock.Context{}
	for row := range strings.FieldsSeq(s) {
		id, runs, _ := strings.Cut(row, ":")
		for run := range strings.SplitSeq(runs, ",") {
			lo, hi, ok := strings.Cut(run, "-")
			if !ok {
				hi = lo
			}
			c.AddRange(clock.ReplicaID(number(id)), clock.Interval{Lo: number(lo), Hi: number(hi)})
		}
	}
	return c
}

// vec returns the vector that s spells, such as "1:7 2:3" (replica:number).
func vec(s string) *clock.Vector {
	v := &clock.Vector{}
	for row := range strings.FieldsSeq(s) {
		id, seq, _ := strings.Cut(row, ":")
		v.Advance(clock.Dot{Replica: clock.ReplicaID(number(id)), Seq: number(seq)})
	}
	return v
}

// number reads a decimal number; "max" is MaxSeq and "all" the largest replica.
func number(s string) uint64 {
	switch s {
	case "max":
		return clock.MaxSeq
	case "all":
		return 1<<64 - 1
	}
	var n uint64
	if _, err := fmt.Sscanf(s, "%d", &n); err != nil {
		panic(fmt.Sprintf("number %q: %v", s, err))
	}
	return n
}

// unhex reads hexadecimal digits with blanks in between.
func unhex(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic(fmt.Sprintf("unhex %q: %v", s, err))
	}
	return b
}

// mustEncode returns v's bytes.
func mustEncode(t testing.TB, v codec) []byte {
	t.Helper()
	b, err := v.MarshalBinary()
	if err != nil {
		t.Fatalf("%T %v: MarshalBinary: %v", v, v, err)
	}
	return b
}

// panics returns what f panics with, or nil.
func panics(f func()) (what any) {
	defer func() { what = recover() }()
	f()
	return nil
}
