package sim

import (
	"maps"
	"strings"

	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/crdttest/spec"
)

// accounts are documents with fields of four types: a counter, a set, a register, maps.
func accounts() Type[*crdt.Doc] {
	balance := crdt.NewField("balance", crdt.CounterKind())
	tags := crdt.NewField("tags", crdt.AWSetKind(crdt.String))
	owner := crdt.NewField("owner", crdt.LWWRegisterKind(crdt.String))
	funds := crdt.NewField("funds", crdt.AWMapKind(crdt.String, crdt.AWMapKind(crdt.String, crdt.CounterKind())))
	sets, registers := Carts(), Prices()

	return Type[*crdt.Doc]{
		Name: "account", Kind: crdt.DocKind(balance, tags, owner, funds), Keys: []string{"ann", "bob"},
		Do: func(tx *crdt.Tx, d *crdt.Doc, op spec.Op) {
			field, rest, _ := strings.Cut(op.Path, "/")
			if op.Verb == spec.Kill && rest == "" {
				if field == "" {
					d.Clear(tx)
				} else {
					d.Remove(tx, field)
				}
				return
			}
			inner := op
			inner.Path = rest
			switch field {
			case "balance":
				doCounter(tx, balance.In(d), inner)
			case "tags":
				sets.Do(tx, tags.In(d), inner)
			case "owner":
				registers.Do(tx, owner.In(d), inner)
			default:
				doPurse(tx, funds.In(d), inner)
			}
		},
		Show: func(d *crdt.Doc) map[string]string {
			out := map[string]string{}
			for name := range d.Fields() {
				switch name {
				case "balance":
					out[name] = counted(balance.In(d).Value())
				case "tags":
					for e := range tags.In(d).All() {
						out["tags/"+e] = "+"
					}
				case "owner":
					out[name] = showRegister(name, owner.In(d))[name]
				default:
					maps.Copy(out, showPurse("funds/", funds.In(d)))
				}
			}
			return out
		},
		Draw: func(d *Stream) spec.Op {
			switch d.Choose(10) {
			case 0, 1, 2:
				return drawCounter(d, "balance")
			case 3, 4:
				op := sets.Draw(d)
				op.Path = strings.TrimSuffix("tags/"+op.Path, "/")
				return op
			case 5:
				return drawValue(d, "owner")
			case 6:
				return spec.Op{Verb: spec.Kill, Path: pick(d, "", "balance", "funds", "owner", "tags")}
			default:
				return drawPurse(d, "funds/")
			}
		},
	}
}
