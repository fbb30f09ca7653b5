package bench

import (
	"errors"

	"github.com/dovetail-crdt/dovetail/crdt"
)

func registerCases() []Case {
	return []Case{
		{Name: "lww/set", N: 1, Run: func(b *B) error {
			return registerSet(b, crdt.LWWRegisterKind(crdt.String).New())
		}},
		{Name: "mvregister/set", N: 1, Run: func(b *B) error {
			return registerSet(b, crdt.MVRegisterKind(crdt.String).New())
		}},
		{Name: "mvregister/sync", N: 2, Run: registerSync},
		{Name: "doc/update", N: 3, Run: docUpdate},
	}
}

// register is a register of either type.
type register[S any] interface {
	crdt.Lattice[S]
	Set(tx *crdt.Tx, v string)
}

// registerSet overwrites a value of 16 bytes in a transaction of its own.
func registerSet[S register[S]](b *B, r S) error {
	src, values := sources(1)[0], newRing(textKeys(), 1).draw(1024)
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
func docUpdate(b *B) error {
	name := crdt.NewField("name", crdt.LWWRegisterKind(crdt.String))
	visits := crdt.NewField("visits", crdt.CounterKind())
	tags := crdt.NewField("tags", crdt.AWSetKind(crdt.String))
	doc, src := crdt.DocKind(name, visits, tags).New(), sources(1)[0]
	values := newRing(textKeys(), 1).draw(8)
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

// registerSync lets two replicas, which have written to a register at the same
// time, merge each other's state.
func registerSync(b *B) error {
	type pair struct{ x, y *crdt.MVRegister[string] }
	values := newRing(textKeys(), 1)
	concurrent := func() (p pair, err error) {
		src, v := sources(2), values.draw(3)
		set := func(r *crdt.MVRegister[string], by int, v string) {
			_, failed := crdt.Mutate(r, src[by], func(tx *crdt.Tx, r *crdt.MVRegister[string]) error { r.Set(tx, v); return nil })
			err = errors.Join(err, failed)
		}
		p.x = crdt.MVRegisterKind(crdt.String).New()
		set(p.x, 0, v[0])
		p.y = p.x.Clone()
		set(p.x, 0, v[1])
		set(p.y, 1, v[2])
		return p, err
	}
	pairs := make([]pair, 1024)
	fill := func(int) (err error) {
		for i := range pairs {
			if pairs[i], err = concurrent(); err != nil {
				return err
			}
		}
		return nil
	}
	if err := fill(0); err != nil {
		return err
	}
	return stepLoop(b, len(pairs), func(i int) error {
		p := pairs[i]
		if !p.x.Merge(p.y) || !p.y.Merge(p.x) || p.x.Len() != 2 || p.y.Len() != 2 {
			return errUnchanged
		}
		return nil
	}, fill)
}
