package crdt_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/crdttest"
)

func item(t *rapid.T) string { return rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "item") }
func coin(t *rapid.T) bool   { return rapid.Bool().Draw(t, "coin") }

func changeCounter(t *rapid.T, tx *crdt.Tx, c *crdt.Counter) {
	if rapid.IntRange(0, 4).Draw(t, "op") == 0 {
		c.Reset(tx)
		return
	}
	c.Add(tx, rapid.Int64Range(-5, 9).Draw(t, "n"))
}

func changeSet(t *rapid.T, tx *crdt.Tx, s *crdt.AWSet[string]) {
	switch rapid.IntRange(0, 7).Draw(t, "op") {
	case 0:
		s.Clear(tx)
	case 1, 2:
		s.Remove(tx, item(t))
	default:
		s.Add(tx, item(t))
	}
}

func changeLWW(t *rapid.T, tx *crdt.Tx, r *crdt.LWWRegister[string]) {
	if rapid.IntRange(0, 5).Draw(t, "op") == 0 {
		r.Clear(tx)
		return
	}
	r.Set(tx, item(t))
}

func changeMV(t *rapid.T, tx *crdt.Tx, r *crdt.MVRegister[int64]) {
	if rapid.IntRange(0, 5).Draw(t, "op") == 0 {
		r.Clear(tx)
		return
	}
	r.Set(tx, rapid.Int64Range(0, 9).Draw(t, "v"))
}

// some runs change one to three times, as transactions do.
func some[S any](change func(*rapid.T, *crdt.Tx, S)) func(*rapid.T, *crdt.Tx, S) {
	return func(t *rapid.T, tx *crdt.Tx, s S) {
		for range rapid.IntRange(1, 3).Draw(t, "changes") {
			change(t, tx, s)
		}
	}
}

func TestLawsCounter(t *testing.T) { crdttest.Laws(t, crdt.CounterKind(), some(changeCounter)) }

func TestLawsAWSet(t *testing.T) { crdttest.Laws(t, crdt.AWSetOf(crdt.String), some(changeSet)) }

func TestLawsLWWRegister(t *testing.T) {
	crdttest.Laws(t, crdt.LWWRegisterOf(crdt.String), some(changeLWW))
}

func TestLawsMVRegister(t *testing.T) {
	crdttest.Laws(t, crdt.MVRegisterOf(crdt.Int64), some(changeMV))
}

func TestLawsPNCounter(t *testing.T) {
	crdttest.Laws(t, crdt.PNCounterKind(), func(t *rapid.T, tx *crdt.Tx, c *crdt.PNCounter) {
		c.Add(tx, rapid.Int64Range(-5, 5).Draw(t, "n"))
	})
}

type nestedMap = crdt.AWMap[string, *crdt.AWMap[string, *crdt.Counter]]

func TestLawsAWMap(t *testing.T) {
	k := crdt.AWMapOf(crdt.String, crdt.AWMapOf(crdt.String, crdt.CounterKind()))
	crdttest.Laws(t, k, some(func(t *rapid.T, tx *crdt.Tx, m *nestedMap) {
		switch rapid.IntRange(0, 9).Draw(t, "op") {
		case 0:
			m.Clear(tx)
		case 1:
			m.Remove(tx, item(t))
		case 2:
			m.At(item(t)).Remove(tx, item(t))
		default:
			changeCounter(t, tx, m.At(item(t)).At(item(t)))
		}
	}))
}

func TestLawsDoc(t *testing.T) {
	balance := crdt.NewField("balance", crdt.CounterKind())
	tags := crdt.NewField("tags", crdt.AWSetOf(crdt.String))
	owner := crdt.NewField("owner", crdt.LWWRegisterOf(crdt.String))
	notes := crdt.NewField("notes", crdt.AWMapOf(crdt.String, crdt.MVRegisterOf(crdt.Int64)))
	clash := crdt.NewField("balance", crdt.MVRegisterOf(crdt.Int64))
	k := crdt.DocOf(balance, tags, owner, notes, clash)
	crdttest.Laws(t, k, some(func(t *rapid.T, tx *crdt.Tx, d *crdt.Doc) {
		switch rapid.IntRange(0, 7).Draw(t, "field") {
		case 0:
			d.Clear(tx)
		case 1:
			d.Remove(tx, rapid.SampledFrom([]string{"balance", "tags", "owner", "notes"}).Draw(t, "name"))
		case 2:
			changeCounter(t, tx, balance.In(d))
		case 3:
			changeSet(t, tx, tags.In(d))
		case 4:
			changeLWW(t, tx, owner.In(d))
		case 5:
			changeMV(t, tx, clash.In(d))
		default:
			if coin(t) {
				notes.In(d).Remove(tx, item(t))
				return
			}
			changeMV(t, tx, notes.In(d).At(item(t)))
		}
	}))
}
