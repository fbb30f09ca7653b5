package bench

import (
	"testing"

	"github.com/dovetail-crdt/dovetail/crdt"
)

func registerCases() []Case {
	return []Case{
		{Name: "lww/set", N: 1, Run: func(b *testing.B) error {
			return registerSet(b, crdt.NewLWWRegister(crdt.String))
		}},
		{Name: "mvregister/set", N: 1, Run: func(b *testing.B) error {
			return registerSet(b, crdt.NewMVRegister(crdt.String))
		}},
		{Name: "doc/update", N: 3, Run: docUpdate},
	}
}

// register is a register of either type.
type register[S any] interface {
	crdt.Lattice[S]
	Set(tx *crdt.Tx, v string)
}

// registerSet overwrites a value of 16 bytes in a transaction of its own.
func registerSet[S register[S]](b *testing.B, r S) error {
	src, values := sources(1)[0], newRing(textKeys(), 1024).in
	i := 0
	set := func(tx *crdt.Tx, r S) error { r.Set(tx, values[i%len(values)]); return nil }
	ready(b)
	for b.Loop() {
		if _, err := crdt.Mutate(r, src, set); err != nil {
			return err
		}
		i++
	}
	return nil
}

// docUpdate changes three fields of a document, one of each form, in one
// transaction: a register, a counter and one of eight tags.
func docUpdate(b *testing.B) error {
	name := crdt.NewField("name", crdt.LWWRegisterOf(crdt.String))
	visits := crdt.NewField("visits", crdt.CounterKind())
	tags := crdt.NewField("tags", crdt.AWSetOf(crdt.String))
	doc, src := crdt.DocOf(name, visits, tags).New(), sources(1)[0]
	values := newRing(textKeys(), 8).in
	i := 0
	update := func(tx *crdt.Tx, d *crdt.Doc) error {
		name.In(d).Set(tx, values[i%len(values)])
		visits.In(d).Add(tx, 1)
		tags.In(d).Add(tx, values[i%len(values)])
		return nil
	}
	ready(b)
	for b.Loop() {
		if _, err := crdt.Mutate(doc, src, update); err != nil {
			return err
		}
		i++
	}
	return nil
}
