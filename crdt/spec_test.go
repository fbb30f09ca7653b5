package crdt_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/crdttest/spec"
)

// account is a document with a field of every causal type, nested where that is
// possible: one object on which all rules meet.
type account struct {
	kind    crdt.Kind[*crdt.Doc]
	balance *crdt.Field[*crdt.Counter]
	tags    *crdt.Field[*crdt.AWSet[string]]
	owner   *crdt.Field[*crdt.LWWRegister[string]]
	memo    *crdt.Field[*crdt.MVRegister[string]]
	funds   *crdt.Field[*nestedMap]
	*gates
}

func newAccount() *account {
	a := &account{
		gates:   newGates(),
		balance: crdt.NewField("balance", crdt.CounterKind()),
		tags:    crdt.NewField("tags", crdt.AWSetKind(crdt.String)),
		owner:   crdt.NewField("owner", crdt.LWWRegisterKind(crdt.String)),
		memo:    crdt.NewField("memo", crdt.MVRegisterKind(crdt.String)),
		funds:   crdt.NewField("funds", crdt.AWMapKind(crdt.String, crdt.AWMapKind(crdt.String, crdt.CounterKind()))),
	}
	a.kind = crdt.DocKind(append(a.fields(), a.balance, a.tags, a.owner, a.memo, a.funds)...)
	return a
}

// shown reads the document through its public face, in the form of spec.Reads.
func (a *account) shown(d *crdt.Doc) map[string]string {
	out := a.gates.shown(d)
	for name := range d.Fields() {
		switch name {
		case "balance":
			out[name] = fmt.Sprintf("#%d", a.balance.In(d).Value())
		case "tags":
			for e := range a.tags.In(d).All() {
				out["tags/"+e] = "+"
			}
		case "owner":
			var all []string
			for s := range a.owner.In(d).Siblings() {
				all = append(all, s.Value)
			}
			if v, ok := a.owner.In(d).Get(); !ok || v != all[0] {
				panic(fmt.Sprintf("Get() = %q, %t, but the first sibling is %q", v, ok, all[0]))
			}
			slices.Sort(all)
			out[name] = strings.Join(all, "|")
		case "memo":
			out[name] = strings.Join(slices.Sorted(a.memo.In(d).Values()), "|")
		case "funds":
			for k, inner := range a.funds.In(d).All() {
				for l, c := range inner.All() {
					out["funds/"+k+"/"+l] = fmt.Sprintf("#%d", c.Value())
				}
			}
		}
	}
	return out
}

// change draws one operation, does it, and says it in the words of spec.
func (a *account) change(t *rapid.T, tx *crdt.Tx, d *crdt.Doc, id int) []spec.Op {
	if rapid.IntRange(0, 3).Draw(t, "gates") == 0 {
		return a.gates.change(t, tx, d, id)
	}
	op := spec.Op{Replica: id, N: rapid.Int64Range(-3, 9).Draw(t, "n")}
	k, l := item(t), item(t)
	op.Value = fmt.Sprintf("%s%d", k, id)
	switch rapid.IntRange(0, 14).Draw(t, "op") {
	case 0, 1, 2:
		op.Verb, op.Path = spec.Inc, "balance"
		a.balance.In(d).Add(tx, op.N)
	case 3, 4, 5:
		op.Verb, op.Path = spec.Inc, "funds/"+k+"/"+l
		a.funds.In(d).At(k).At(l).Add(tx, op.N)
	case 6, 7:
		op.Verb, op.Path, op.Value = spec.Put, "tags/"+k, ""
		a.tags.In(d).Add(tx, k)
	case 8:
		op.Verb, op.Path = spec.Put, "owner"
		a.owner.In(d).Set(tx, op.Value)
	case 9:
		op.Verb, op.Path = spec.Put, "memo"
		a.memo.In(d).Set(tx, op.Value)
	case 10:
		op.Verb, op.Path = spec.Kill, "tags/"+k
		a.tags.In(d).Remove(tx, k)
	case 11:
		op.Verb, op.Path = spec.Kill, "funds/"+k
		a.funds.In(d).Remove(tx, k)
	case 12:
		op.Verb, op.Path = spec.Kill, "funds/"+k+"/"+l
		a.funds.In(d).At(k).Remove(tx, l)
	case 13:
		op.Verb, op.Path = spec.Kill, "balance"
		a.balance.In(d).Reset(tx)
	default:
		op.Path = rapid.SampledFrom([]string{"balance", "tags", "owner", "memo", "funds", ""}).Draw(t, "field")
		op.Verb = spec.Kill
		if op.Path == "" {
			d.Clear(tx)
		} else {
			d.Remove(tx, op.Path)
		}
	}
	return []spec.Op{op}
}

// TestSpecification checks after every event of random histories that a document
// with all types shows what the operations visible there require.
func TestSpecification(t *testing.T) {
	a := newAccount()
	rapid.Check(t, func(rt *rapid.T) {
		w := newSpecWorld(rt, a.kind, a.change, a.shown)
		for range rapid.IntRange(1, 60).Draw(rt, "steps") {
			w.step()
		}
	})
}
