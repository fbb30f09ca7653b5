package layout_test

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/crdttest/spec"
)

// The object of the histories: a set, a counter and a register in one, so that
// all that can go wrong with one of them can go wrong in every record.
var (
	tagsField    = crdt.NewField("tags", crdt.AWSetKind(crdt.String))
	balanceField = crdt.NewField("balance", crdt.CounterKind())
	memoField    = crdt.NewField("memo", crdt.MVRegisterKind(crdt.String))
	accountKind  = crdt.DocKind(tagsField, balanceField, memoField)
)

// shown reads an account, in the form of spec.View.Reads.
func shown(d *crdt.Doc) map[string]string {
	out := map[string]string{}
	for name := range d.Fields() {
		switch name {
		case "tags":
			for e := range tagsField.In(d).All() {
				out["tags/"+e] = "+"
			}
		case "balance":
			out[name] = fmt.Sprintf("#%d", balanceField.In(d).Value())
		case "memo":
			out[name] = strings.Join(slices.Sorted(memoField.In(d).Values()), "|")
		}
	}
	return out
}

// operation is a change of an account, and the same in the words of spec.
type operation struct {
	spec spec.Op
	do   func(tx *crdt.Tx, d *crdt.Doc) error
}

// drawOperation draws a change. Elements are few, so that writers meet.
func drawOperation(d dice, fields []string) operation {
	var op operation
	tag := string(rune('a' + d.pick(2, "tag")))
	n := int64(d.pick(9, "n") + 1)
	field := fields[d.pick(len(fields), "field")]
	change := d.pick(3, "change") // the last of these takes something away
	op.spec = spec.Op{Verb: spec.Kill, Path: field}
	switch {
	case d.pick(12, "clear") == 11:
		op.do = func(tx *crdt.Tx, d *crdt.Doc) error { d.Remove(tx, field); return nil }
	case field == "tags" && change < 2:
		op.spec = spec.Op{Verb: spec.Put, Path: "tags/" + tag}
		op.do = func(tx *crdt.Tx, d *crdt.Doc) error { tagsField.In(d).Add(tx, tag); return nil }
	case field == "tags":
		op.spec.Path = "tags/" + tag
		op.do = func(tx *crdt.Tx, d *crdt.Doc) error { tagsField.In(d).Remove(tx, tag); return nil }
	case field == "balance" && change < 2:
		op.spec = spec.Op{Verb: spec.Inc, Path: field, N: n}
		op.do = func(tx *crdt.Tx, d *crdt.Doc) error { balanceField.In(d).Add(tx, n); return nil }
	case field == "balance":
		op.do = func(tx *crdt.Tx, d *crdt.Doc) error { balanceField.In(d).Reset(tx); return nil }
	case change < 2:
		value := fmt.Sprint(n)
		op.spec = spec.Op{Verb: spec.Put, Path: field, Value: value}
		op.do = func(tx *crdt.Tx, d *crdt.Doc) error { memoField.In(d).Set(tx, value); return nil }
	default:
		op.do = func(tx *crdt.Tx, d *crdt.Doc) error { memoField.In(d).Clear(tx); return nil }
	}
	return op
}
