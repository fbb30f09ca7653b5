package crdt_test

import (
	"strings"
	"testing"
	"time"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/internal/envelope"
	"github.com/dovetail-crdt/dovetail/crdt/untyped"
)

// What a program declares wrongly panics with a sentence, where it is declared or first
// used.
func TestDeclarations(t *testing.T) {
	t.Parallel()
	counters, noCodec := crdt.CounterKind(), crdt.Codec[string]{}
	half := crdt.Codec[string]{Name: "half", Append: crdt.String.Append}
	var noField *crdt.Field[*crdt.Counter]
	field := crdt.NewField("f", counters)
	var noKind crdt.Kind[*crdt.GCounter]
	halfKind := crdt.Kind[*crdt.GCounter]{Name: "half", Version: 1, New: crdt.GCounterKind().New}
	of := func(name string) crdt.Codec[string] { c := crdt.String; c.Name = name; return c }
	for what, f := range map[string]func(){
		"AWSetKind of no codec":           func() { crdt.AWSetKind(noCodec) },
		"RWSetKind of no codec":           func() { crdt.RWSetKind(noCodec) },
		"GSetKind of no codec":            func() { crdt.GSetKind(noCodec) },
		"LWWRegisterKind of no codec":     func() { crdt.LWWRegisterKind(noCodec) },
		"MVRegisterKind of no codec":      func() { crdt.MVRegisterKind(noCodec) },
		"MaxRegisterKind of no codec":     func() { crdt.MaxRegisterKind(noCodec) },
		"MinRegisterKind of no codec":     func() { crdt.MinRegisterKind(noCodec) },
		"LWWMapKind of no codec":          func() { crdt.LWWMapKind(crdt.String, noCodec) },
		"MVMapKind of no codec":           func() { crdt.MVMapKind(noCodec, crdt.String) },
		"MultiMapKind of no codec":        func() { crdt.MultiMapKind(crdt.String, noCodec) },
		"AWMapKind of no codec":           func() { crdt.AWMapKind(noCodec, counters) },
		"AWMapKind of no kind":            func() { crdt.AWMapKind(crdt.String, crdt.Kind[*crdt.Counter]{}) },
		"GMapKind of no codec":            func() { crdt.GMapKind(noCodec, crdt.GCounterKind()) },
		"GMapKind of no kind":             func() { crdt.GMapKind(crdt.String, noKind) },
		"GMapKind of a causal kind":       func() { crdt.GMapKind(crdt.String, counters) },
		"AWSetKind of half a codec":       func() { crdt.AWSetKind(half) },
		"AWSetKind of a long name":        func() { crdt.AWSetKind(of(strings.Repeat("n", envelope.MaxName))) },
		"AWSetKind of a name not UTF-8":   func() { crdt.AWSetKind(of("\xff")) },
		"BoundedCounterKind upside down":  func() { crdt.BoundedCounterKind(1, 0) },
		"BoundedCounterKind without room": func() { crdt.BoundedCounterKind(1, 1) },
		"DocKind of nil":                  func() { crdt.DocKind(nil) },
		"DocKind of a nil field":          func() { crdt.DocKind(noField) },
		"DocKind of a zero field":         func() { crdt.DocKind(&crdt.Field[*crdt.Counter]{}) },
		"DocKind of a field twice":        func() { crdt.DocKind(field, field) },
		"NewField without a name":         func() { crdt.NewField("", counters) },
		"NewField of no kind":             func() { crdt.NewField("f", crdt.Kind[*crdt.Counter]{}) },
		"a nil field":                     func() { noField.In(crdt.DocKind().New()) },
		"a zero field":                    func() { (&crdt.Field[*crdt.Counter]{}).In(crdt.DocKind().New()) },
		"a field that is not declared":    func() { field.In(crdt.DocKind().New()) },
		"MsgPack without a name":          func() { crdt.MsgPack[int]("") },
		"MsgPack of a channel":            func() { crdt.MsgPack[chan int]("c") },
		"NewWriter of no replica":         func() { crdt.NewWriter(0, time.Now) },
		"NewWriter without a clock":       func() { crdt.NewWriter(1, nil) },
		"AppendFrame of no kind":          func() { _, _ = crdt.AppendFrame(nil, noKind, crdt.GCounterKind().New()) },
		"AppendFrame of half a kind":      func() { _, _ = crdt.AppendFrame(nil, halfKind, crdt.GCounterKind().New()) },
		"DecodeFrame of half a kind":      func() { _, _ = crdt.DecodeFrame(halfKind, frame(t, crdt.GCounterKind(), crdt.GCounterKind().New())) },
		"NewObject of no kind":            func() { untyped.NewObject(noKind) },
		"Mutate without a source":         func() { _, _ = crdt.Mutate(counters.New(), nil, func(*crdt.Tx, *crdt.Counter) error { return nil }) },
		"a nil transaction":               func() { counters.New().Add(nil, 1) },
		"a zero transaction":              func() { counters.New().Add(&crdt.Tx{}, 1) },
		"a zero transaction, no context":  func() { crdt.GCounterKind().New().Add(&crdt.Tx{}, 1) },
		"a zero object":                   func() { _, _ = (&untyped.Object{}).Merge(untyped.NewObject(counters)) },
		"a nil object":                    func() { var o *untyped.Object; o.Clone() },
	} {
		if words := said(t, what, f); words == "" {
			t.Errorf("%s goes without a word", what)
		}
	}
}

// What comes from outside is an error, and so is a writer that was not made.
func TestOutside(t *testing.T) {
	t.Parallel()
	_, err := crdt.Mutate(crdt.CounterKind().New(), &crdt.Writer{}, func(*crdt.Tx, *crdt.Counter) error { return nil })
	if err == nil {
		t.Error("a writer without a replica writes")
	}
	if _, err := clock.ParseReplicaID("0"); err == nil {
		t.Error("a replica id of 0 can be read")
	}
	var none *crdt.Snapshot
	if _, err := none.Seal([]byte("short"), "k"); err == nil {
		t.Error("a snapshot is sealed under a short key")
	}
	sealed, err := none.Seal([]byte("a key of 16 bytes"), "k")
	if err != nil {
		t.Fatal(err)
	}
	if s, err := crdt.OpenSnapshot([]byte("a key of 16 bytes"), "k", sealed); err != nil || !s.Context().IsEmpty() || !none.Context().IsEmpty() {
		t.Errorf("the snapshot of nothing opens as %v, %v", s, err)
	}
}
