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

func TestLawsAWSet(t *testing.T) { crdttest.Laws(t, crdt.AWSetKind(crdt.String), some(changeSet)) }

func TestLawsLWWRegister(t *testing.T) {
	crdttest.Laws(t, crdt.LWWRegisterKind(crdt.String), some(changeLWW))
}

func TestLawsMVRegister(t *testing.T) {
	crdttest.Laws(t, crdt.MVRegisterKind(crdt.Int64), some(changeMV))
}

func TestLawsPNCounter(t *testing.T) {
	crdttest.Laws(t, crdt.PNCounterKind(), func(t *rapid.T, tx *crdt.Tx, c *crdt.PNCounter) {
		c.Add(tx, rapid.Int64Range(-5, 5).Draw(t, "n"))
	})
}

type nestedMap = crdt.AWMap[string, *crdt.AWMap[string, *crdt.Counter]]

func TestLawsAWMap(t *testing.T) {
	k := crdt.AWMapKind(crdt.String, crdt.AWMapKind(crdt.String, crdt.CounterKind()))
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
	tags := crdt.NewField("tags", crdt.AWSetKind(crdt.String))
	owner := crdt.NewField("owner", crdt.LWWRegisterKind(crdt.String))
	notes := crdt.NewField("notes", crdt.AWMapKind(crdt.String, crdt.MVRegisterKind(crdt.Int64)))
	clash := crdt.NewField("balance", crdt.MVRegisterKind(crdt.Int64))
	k := crdt.DocKind(balance, tags, owner, notes, clash)
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

// Every causal type inside a map inside a map.
func TestLawsNested(t *testing.T) {
	t.Parallel()
	lawsNested(t, crdt.AWSetKind(crdt.String), changeSet)
	lawsNested(t, crdt.RWSetKind(crdt.String), changeRoles)
	lawsNested(t, crdt.LWWRegisterKind(crdt.String), changeLWW)
	lawsNested(t, crdt.MVRegisterKind(crdt.Int64), changeMV)
	lawsNested(t, crdt.EWFlagKind(), changeEW)
	lawsNested(t, crdt.DWFlagKind(), changeLock)
}

func lawsNested[V crdt.Nested[V]](t *testing.T, v crdt.Kind[V], change func(*rapid.T, *crdt.Tx, V)) {
	t.Helper()
	k := crdt.AWMapKind(crdt.String, crdt.AWMapKind(crdt.String, v))
	t.Run(k.Name, func(t *testing.T) {
		t.Parallel()
		crdttest.Laws(t, k, some(onKey(onKey(change))))
	})
}

// Every causal type inside a document, alone and below a map, inside a document
// and inside a map inside a document.
func TestLawsDocInDoc(t *testing.T) {
	t.Parallel()
	a := newAccount()
	own := crdt.NewField("own", a.kind)
	others := crdt.NewField("others", crdt.AWMapKind(crdt.String, a.kind))
	inside := func(t *rapid.T, tx *crdt.Tx, d *crdt.Doc) { a.change(t, tx, d, 0) }
	crdttest.Laws(t, crdt.DocKind(own, others), some(func(t *rapid.T, tx *crdt.Tx, d *crdt.Doc) {
		switch rapid.IntRange(0, 9).Draw(t, "where") {
		case 0:
			d.Clear(tx)
		case 1:
			d.Remove(tx, rapid.SampledFrom([]string{"own", "others"}).Draw(t, "name"))
		case 2, 3, 4:
			inside(t, tx, own.In(d))
		default:
			onKey(inside)(t, tx, others.In(d))
		}
	}))
}

// address is a value of a user's own, with all that MessagePack makes of Go types.
type address struct {
	Street string
	No     uint16
	Flags  map[string]bool
	Tags   []string
	Share  float64
	At     *int64
}

func TestCodecLaws(t *testing.T) {
	t.Parallel()
	crdttest.CodecLaws(t, crdt.String, rapid.String())
	crdttest.CodecLaws(t, crdt.Bytes, rapid.SliceOfN(rapid.Byte(), 0, 20))
	crdttest.CodecLaws(t, crdt.Uint64, rapid.Uint64())
	crdttest.CodecLaws(t, crdt.Int64, rapid.Int64())
	crdttest.CodecLaws(t, crdt.MsgPack[string]("s"), rapid.String())
	crdttest.CodecLaws(t, crdt.MsgPack[int32]("n"), rapid.Int32())
	crdttest.CodecLaws(t, crdt.MsgPack[address]("address"), rapid.Make[address]())
}
