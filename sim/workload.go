package sim

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/crdttest/spec"
)

// Mixed returns objects of seven types of package crdt, for workloads that should meet
// all of them: AWSet (carts), Counter (stocks), LWWRegister (prices), MVRegister (memos),
// AWMap of AWMap of Counter (wallets), Doc with a field of each of the first three and of
// the last (accounts), and PNCounter (likes). It has none of GCounter, BoundedCounter,
// GSet, GMap, MaxRegister, MinRegister, EWFlag, DWFlag and RWSet.
func Mixed() []Object {
	return []Object{Carts(), Stocks(), Prices(), memos(), wallets(), accounts(), likes()}
}

func pick(d *Stream, from ...string) string { return from[d.Choose(len(from))] }

func counted(n int64) string { return fmt.Sprintf("#%d", n) }

// joined is how spec.View.Reads shows concurrent values.
func joined(values []string) string {
	slices.Sort(values)
	return strings.Join(values, "|")
}

// Carts are add-wins sets of goods.
func Carts() Type[*crdt.AWSet[string]] {
	goods := []string{"apple", "bread", "coffee", "dates", "eggs", "flour"}
	return Type[*crdt.AWSet[string]]{
		Name: "cart", Kind: crdt.AWSetKind(crdt.String), Keys: []string{"ann", "bob"},
		Do: func(tx *crdt.Tx, s *crdt.AWSet[string], op spec.Op) {
			switch {
			case op.Verb == spec.Put:
				s.Add(tx, op.Path)
			case op.Path == "":
				s.Clear(tx)
			default:
				s.Remove(tx, op.Path)
			}
		},
		Show: func(s *crdt.AWSet[string]) map[string]string {
			out := map[string]string{}
			for e := range s.All() {
				out[e] = "+"
			}
			return out
		},
		Draw: func(d *Stream) spec.Op {
			switch n := d.Choose(20); {
			case n == 19:
				return spec.Op{Verb: spec.Kill}
			case n >= 13:
				return spec.Op{Verb: spec.Kill, Path: pick(d, goods...)}
			default:
				return spec.Op{Verb: spec.Put, Path: pick(d, goods...)}
			}
		},
	}
}

// Stocks are counters that can be reset.
func Stocks() Type[*crdt.Counter] {
	return Type[*crdt.Counter]{
		Name: "stock", Kind: crdt.CounterKind(), Keys: []string{"apple", "coffee"},
		Do: doCounter,
		Show: func(c *crdt.Counter) map[string]string {
			if c.IsEmpty() {
				return map[string]string{}
			}
			return map[string]string{"": counted(c.Value())}
		},
		Draw: func(d *Stream) spec.Op { return drawCounter(d, "") },
	}
}

func doCounter(tx *crdt.Tx, c *crdt.Counter, op spec.Op) {
	if op.Verb == spec.Kill {
		c.Reset(tx)
		return
	}
	c.Add(tx, op.N)
}

func drawCounter(d *Stream, path string) spec.Op {
	if d.Choose(8) == 7 {
		return spec.Op{Verb: spec.Kill, Path: path}
	}
	return spec.Op{Verb: spec.Inc, Path: path, N: d.between(-3, 9)}
}

// Prices are last-writer-wins registers.
func Prices() Type[*crdt.LWWRegister[string]] {
	return Type[*crdt.LWWRegister[string]]{
		Name: "price", Kind: crdt.LWWRegisterKind(crdt.String), Keys: []string{"apple", "coffee"},
		Do: func(tx *crdt.Tx, r *crdt.LWWRegister[string], op spec.Op) {
			if op.Verb == spec.Kill {
				r.Clear(tx)
				return
			}
			r.Set(tx, op.Value)
		},
		Show: func(r *crdt.LWWRegister[string]) map[string]string { return showRegister("", r) },
		Read: func(r *crdt.LWWRegister[string]) map[string]string {
			if v, ok := r.Get(); ok {
				return map[string]string{"": v}
			}
			return map[string]string{}
		},
		Draw: func(d *Stream) spec.Op { return drawValue(d, "") },
	}
}

// showRegister shows all siblings, having checked that Get returns the first.
func showRegister(path string, r *crdt.LWWRegister[string]) map[string]string {
	var all []string
	for s := range r.Siblings() {
		all = append(all, s.Value)
	}
	v, ok := r.Get()
	switch {
	case ok != (len(all) > 0), ok && v != all[0]:
		return map[string]string{path: fmt.Sprintf("Get() = %q, %t, but the siblings are %q", v, ok, all)}
	case !ok:
		return map[string]string{}
	}
	return map[string]string{path: joined(all)}
}

func drawValue(d *Stream, path string) spec.Op {
	if d.Choose(10) == 9 {
		return spec.Op{Verb: spec.Kill, Path: path}
	}
	return spec.Op{Verb: spec.Put, Path: path, Value: fmt.Sprintf("%d.%02d", 1+d.Choose(9), d.Choose(100))}
}

func memos() Type[*crdt.MVRegister[string]] {
	return Type[*crdt.MVRegister[string]]{
		Name: "memo", Kind: crdt.MVRegisterKind(crdt.String), Keys: []string{"ann", "bob"},
		Do: func(tx *crdt.Tx, r *crdt.MVRegister[string], op spec.Op) {
			if op.Verb == spec.Kill {
				r.Clear(tx)
				return
			}
			r.Set(tx, op.Value)
		},
		Show: func(r *crdt.MVRegister[string]) map[string]string {
			if r.Len() == 0 {
				return map[string]string{}
			}
			return map[string]string{"": joined(slices.Collect(r.Values()))}
		},
		Draw: func(d *Stream) spec.Op { return drawValue(d, "") },
	}
}

type purse = crdt.AWMap[string, *crdt.AWMap[string, *crdt.Counter]]

func wallets() Type[*purse] {
	kind := crdt.AWMapKind(crdt.String, crdt.AWMapKind(crdt.String, crdt.CounterKind()))
	return Type[*purse]{
		Name: "wallet", Kind: kind, Keys: []string{"ann", "bob"},
		Do:   doPurse,
		Show: func(m *purse) map[string]string { return showPurse("", m) },
		Draw: func(d *Stream) spec.Op { return drawPurse(d, "") },
	}
}

// doPurse performs op, whose path is currency and account, or less of it.
func doPurse(tx *crdt.Tx, m *purse, op spec.Op) {
	currency, account, deep := strings.Cut(op.Path, "/")
	switch {
	case op.Verb == spec.Inc:
		m.At(currency).At(account).Add(tx, op.N)
	case deep:
		m.At(currency).Remove(tx, account)
	case currency != "":
		m.Remove(tx, currency)
	default:
		m.Clear(tx)
	}
}

func showPurse(prefix string, m *purse) map[string]string {
	out := map[string]string{}
	for currency, accounts := range m.All() {
		for account, c := range accounts.All() {
			out[prefix+currency+"/"+account] = counted(c.Value())
		}
	}
	return out
}

func drawPurse(d *Stream, prefix string) spec.Op {
	currency, account := pick(d, "EUR", "JPY", "USD"), pick(d, "fees", "main")
	switch d.Choose(12) {
	case 10:
		return spec.Op{Verb: spec.Kill, Path: prefix + currency}
	case 11:
		return spec.Op{Verb: spec.Kill, Path: prefix + currency + "/" + account}
	default:
		return drawCounter(d, prefix+currency+"/"+account)
	}
}

// likes is a counter of two totals a replica: to the specification they are
// counters of their own, since a delta carries only the one that it raises.
func likes() Type[*crdt.PNCounter] {
	return Type[*crdt.PNCounter]{
		Name: "likes", Kind: crdt.PNCounterKind(), Keys: []string{"home", "offer"},
		Do: func(tx *crdt.Tx, c *crdt.PNCounter, op spec.Op) {
			if op.Path == "down" {
				op.N = -op.N
			}
			c.Add(tx, op.N)
		},
		Show: func(c *crdt.PNCounter) map[string]string {
			out := map[string]string{}
			up, down := c.Totals()
			if up > 0 {
				out["up"] = counted(int64(up))
			}
			if down > 0 {
				out["down"] = counted(int64(down))
			}
			return out
		},
		Read: func(c *crdt.PNCounter) map[string]string { return map[string]string{"": counted(c.Value())} },
		Draw: func(d *Stream) spec.Op {
			n := d.between(-2, 3)
			if n <= 0 { // an increment by nothing is nothing to a counter without a context
				return spec.Op{Verb: spec.Inc, Path: "down", N: 1 - n}
			}
			return spec.Op{Verb: spec.Inc, Path: "up", N: n}
		},
	}
}
