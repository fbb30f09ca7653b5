package crdt_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/internal/kernel"
)

type (
	numbers  = *crdt.AWSet[uint64]
	votes    = *crdt.RWSet[uint64]
	counters = *crdt.AWMap[uint64, *crdt.Counter]
	deepMap  = *crdt.AWMap[uint64, *crdt.AWMap[uint64, *crdt.Counter]]
)

// growthCases is every mutator of every type, about each thing that it can be about.
func growthCases() []growthCase {
	return slices.Concat(growthOfSets(), growthOfFlags(), growthOfRegisters(), growthOfCounters(), growthOfMaps(), growthOfDocs(), growthOfLattices())
}

func growthOfSets() []growthCase {
	k := crdt.AWSetKind(crdt.Uint64)
	full := byOne(k, func(tx *crdt.Tx, s numbers, i int) { s.Add(tx, uint64(i)) })
	same := by(k, func(tx *crdt.Tx, s numbers, _ int) { s.Add(tx, 7) })
	others := func(n int) numbers { // what as many replicas added that stand between those of same
		return times(n, k.New(), func(s numbers, i int) {
			d, err := crdt.Mutate(k.New(), writer(clock.ReplicaID(2*i+2)), func(tx *crdt.Tx, s numbers) error { s.Add(tx, 7); return nil })
			if err != nil {
				panic(err)
			}
			s.Merge(d)
		})
	}
	rw := crdt.RWSetKind(crdt.Uint64)
	rwFull := byOne(rw, func(tx *crdt.Tx, s votes, i int) { s.Add(tx, uint64(i)) })
	rwSame := by(rw, func(tx *crdt.Tx, s votes, _ int) { s.Add(tx, 7) })
	gone := byOne(rw, func(tx *crdt.Tx, s votes, i int) { s.Remove(tx, uint64(i)) })
	return []growthCase{
		growth("awset/add/elements", k, func(int) numbers { return k.New() }, each(func(tx *crdt.Tx, s numbers, i int) { s.Add(tx, uint64(i)) })),
		growth("awset/add again/elements", k, full, each(func(tx *crdt.Tx, s numbers, i int) { s.Add(tx, uint64(i)) })),
		growth("awset/add/concurrent adds", k, same, once(func(tx *crdt.Tx, s numbers) { s.Add(tx, 7) })),
		growth("awset/remove/elements", k, full, each(func(tx *crdt.Tx, s numbers, i int) { s.Remove(tx, uint64(i)) })),
		growth("awset/remove/concurrent adds", k, same, once(func(tx *crdt.Tx, s numbers) { s.Remove(tx, 7) })),
		growth("awset/clear/elements", k, full, once(func(tx *crdt.Tx, s numbers) { s.Clear(tx) })),
		growth("awset/clear/elements by replicas", k, by(k, func(tx *crdt.Tx, s numbers, i int) { s.Add(tx, uint64(i)) }), once(func(tx *crdt.Tx, s numbers) { s.Clear(tx) })),
		growth("awset/clear/elements seen", k, full, once(func(tx *crdt.Tx, s numbers) { s.Clear(tx) }), contextOf[numbers]),
		growth("awset/add and clear/elements", k, full, func(tx *crdt.Tx, s numbers, n int) {
			times(n, s, func(s numbers, i int) { s.Add(tx, uint64(i+n/2)) })
			s.Clear(tx)
		}),
		{"awset/merge/replicas", func(t testing.TB, n int) growthRun {
			t.Helper()
			a, b := same(n), others(n)
			merge := func(s, o numbers) *kernel.State { s.Merge(o); return crdt.KernelOf(s) }
			return growthRun{
				rollback: growthStep{"merge", func() *kernel.State { return merge(a.Clone(), b) }},
				mutate:   growthStep{"merge-again", func() *kernel.State { return merge(b.Clone(), a) }},
				merge:    growthStep{"merge-of-both", func() *kernel.State { c := b.Clone(); merge(c, a); return merge(a.Clone(), c) }},
				decode:   growthStep{"decode", func() *kernel.State { return crdt.KernelOf(reread(t, k, b)) }},
			}
		}},
		growth("rwset/add/elements", rw, rwFull, each(func(tx *crdt.Tx, s votes, i int) { s.Add(tx, uint64(i)) })),
		growth("rwset/add/concurrent adds", rw, rwSame, once(func(tx *crdt.Tx, s votes) { s.Add(tx, 7) })),
		growth("rwset/remove/elements", rw, rwFull, each(func(tx *crdt.Tx, s votes, i int) { s.Remove(tx, uint64(i)) })),
		growth("rwset/remove/concurrent adds", rw, rwSame, once(func(tx *crdt.Tx, s votes) { s.Remove(tx, 7) })),
		growth("rwset/clear/elements", rw, rwFull, once(func(tx *crdt.Tx, s votes) { s.Clear(tx) })),
		growth("rwset/reset/elements", rw, rwFull, once(func(tx *crdt.Tx, s votes) { s.Reset(tx) })),
		growth("rwset/reset/tombstones", rw, gone, once(func(tx *crdt.Tx, s votes) { s.Reset(tx) })),
		growth("rwset/prune/tombstones", rw, gone, once(func(tx *crdt.Tx, s votes) { s.Prune(tx, crdt.ContextOf(s)) })),
	}
}

func growthOfFlags() []growthCase {
	ew, dw := crdt.EWFlagKind(), crdt.DWFlagKind()
	enabled := by(ew, func(tx *crdt.Tx, f *crdt.EWFlag, _ int) { f.Enable(tx) })
	voted := by(dw, func(tx *crdt.Tx, f *crdt.DWFlag, i int) {
		if f.Disable(tx); i%2 > 0 {
			f.Enable(tx)
		}
	})
	return []growthCase{
		growth("ewflag/enable/concurrent", ew, enabled, once(func(tx *crdt.Tx, f *crdt.EWFlag) { f.Enable(tx) })),
		growth("ewflag/disable/concurrent", ew, enabled, once(func(tx *crdt.Tx, f *crdt.EWFlag) { f.Disable(tx) })),
		growth("dwflag/enable/concurrent", dw, voted, once(func(tx *crdt.Tx, f *crdt.DWFlag) { f.Enable(tx) })),
		growth("dwflag/disable/concurrent", dw, voted, once(func(tx *crdt.Tx, f *crdt.DWFlag) { f.Disable(tx) })),
		growth("dwflag/reset/concurrent", dw, voted, once(func(tx *crdt.Tx, f *crdt.DWFlag) { f.Reset(tx) })),
		growth("dwflag/prune/concurrent", dw, voted, once(func(tx *crdt.Tx, f *crdt.DWFlag) { f.Prune(tx, crdt.ContextOf(f)) })),
	}
}

func growthOfRegisters() []growthCase {
	lww, mv := crdt.LWWRegisterKind(crdt.Uint64), crdt.MVRegisterKind(crdt.Uint64)
	times := by(lww, func(tx *crdt.Tx, r *crdt.LWWRegister[uint64], i int) { r.Set(tx, uint64(i)) })
	values := by(mv, func(tx *crdt.Tx, r *crdt.MVRegister[uint64], i int) { r.Set(tx, uint64(i)) })
	return []growthCase{
		growth("lwwregister/set/siblings", lww, times, once(func(tx *crdt.Tx, r *crdt.LWWRegister[uint64]) { r.Set(tx, 1) })),
		growth("lwwregister/set/siblings seen", lww, times, once(func(tx *crdt.Tx, r *crdt.LWWRegister[uint64]) { r.Set(tx, 1) }), contextOf[*crdt.LWWRegister[uint64]]),
		growth("lwwregister/clear/siblings", lww, times, once(func(tx *crdt.Tx, r *crdt.LWWRegister[uint64]) { r.Clear(tx) })),
		growth("mvregister/set/siblings", mv, values, once(func(tx *crdt.Tx, r *crdt.MVRegister[uint64]) { r.Set(tx, 1) })),
		growth("mvregister/clear/siblings", mv, values, once(func(tx *crdt.Tx, r *crdt.MVRegister[uint64]) { r.Clear(tx) })),
	}
}

func growthOfCounters() []growthCase {
	k := crdt.CounterKind()
	added := by(k, func(tx *crdt.Tx, c *crdt.Counter, i int) { c.Add(tx, int64(i+1)) })
	again := func(n int) *crdt.Counter { // every replica goes on from a total that was reset by one who had not seen the last
		c, writers := added(n), make([]crdt.Source, n)
		later := k.New()
		add := func(tx *crdt.Tx, c *crdt.Counter) error { c.Add(tx, 1); return nil }
		for i := range writers {
			writers[i] = writer(clock.ReplicaID(2*i + 2))
			x := k.New()
			_, err := crdt.Mutate(x, writers[i], add)
			c.Merge(x)
			d, err2 := crdt.Mutate(x, writers[i], add)
			if err = errors.Join(err, err2); err != nil {
				panic(err)
			}
			later.Merge(d)
		}
		d, err := crdt.Mutate(c, writer(1<<41), func(tx *crdt.Tx, c *crdt.Counter) error { c.Reset(tx); return nil })
		if err != nil {
			panic(err)
		}
		d.Merge(later)
		c.Merge(d)
		return c
	}
	return []growthCase{
		growth("counter/add/replicas", k, added, once(func(tx *crdt.Tx, c *crdt.Counter) { c.Add(tx, 1) })),
		growth("counter/reset/replicas", k, added, once(func(tx *crdt.Tx, c *crdt.Counter) { c.Reset(tx) })),
		growth("counter/reset/replicas and bases", k, again, once(func(tx *crdt.Tx, c *crdt.Counter) { c.Reset(tx) })),
		growth("counter/reset/replicas seen", k, added, once(func(tx *crdt.Tx, c *crdt.Counter) { c.Reset(tx) }), snapshotOf[*crdt.Counter]),
		growth("counter/reset/replicas by context", k, added, once(func(tx *crdt.Tx, c *crdt.Counter) { c.Reset(tx) }), contextOf[*crdt.Counter]),
		growth("counter/add, reset, add/replicas", k, added, once(func(tx *crdt.Tx, c *crdt.Counter) {
			c.Add(tx, 1)
			c.Reset(tx)
			c.Add(tx, 1)
		})),
	}
}

func growthOfMaps() []growthCase {
	k := crdt.AWMapKind(crdt.Uint64, crdt.CounterKind())
	deep := crdt.AWMapKind(crdt.Uint64, k)
	keys := byOne(k, func(tx *crdt.Tx, m counters, i int) { m.At(uint64(i)).Add(tx, 1) })
	same := by(k, func(tx *crdt.Tx, m counters, _ int) { m.At(7).Add(tx, 1) })
	below := byOne(deep, func(tx *crdt.Tx, m deepMap, i int) { m.At(uint64(i)).At(1).Add(tx, 1) })
	cleared := func(n int) deepMap {
		m := below(n)
		if _, err := crdt.Mutate(m, writer(3), func(tx *crdt.Tx, m deepMap) error { m.Clear(tx); return nil }); err != nil {
			panic(err)
		}
		return m
	}
	return []growthCase{
		growth("awmap/add/keys", k, func(int) counters { return k.New() }, each(func(tx *crdt.Tx, m counters, i int) { m.At(uint64(i)).Add(tx, 1) })),
		growth("awmap/add/counters", k, keys, each(func(tx *crdt.Tx, m counters, i int) { m.At(uint64(i)).Add(tx, 1) })),
		growth("awmap/reset/counters", k, keys, each(func(tx *crdt.Tx, m counters, i int) { m.At(uint64(i)).Reset(tx) })),
		growth("awmap/reset/counters seen", k, keys, each(func(tx *crdt.Tx, m counters, i int) { m.At(uint64(i)).Reset(tx) }), snapshotOf[counters]),
		growth("awmap/remove/keys", k, keys, each(func(tx *crdt.Tx, m counters, i int) { m.Remove(tx, uint64(i)) })),
		growth("awmap/remove/replicas", k, same, once(func(tx *crdt.Tx, m counters) { m.Remove(tx, 7) })),
		growth("awmap/clear/keys", k, keys, once(func(tx *crdt.Tx, m counters) { m.Clear(tx) })),
		growth("awmap/clear/keys seen", k, keys, once(func(tx *crdt.Tx, m counters) { m.Clear(tx) }), snapshotOf[counters]),
		growth("awmap/clear/replicas", k, same, once(func(tx *crdt.Tx, m counters) { m.Clear(tx) })),
		growth("awmap/read/replicas", k, same, once(func(_ *crdt.Tx, m counters) {
			for k, c := range m.All() {
				if !m.Contains(k) || c.Value() == 0 {
					panic("a counter that was added to is 0")
				}
			}
		})),
		growth("awmap/clear/maps", deep, below, once(func(tx *crdt.Tx, m deepMap) { m.Clear(tx) })),
		growth("awmap/add/maps with bases", deep, cleared, each(func(tx *crdt.Tx, m deepMap, i int) { m.At(uint64(i)).At(1).Add(tx, 1) })),
		growth("awmap/prune/maps with bases", deep, cleared, func(tx *crdt.Tx, m deepMap, n int) {
			times(n, m, func(m deepMap, i int) { m.At(uint64(i)).At(2).Add(tx, 1) })
			m.Prune(tx, crdt.ContextOf(m))
		}),
	}
}

func growthOfDocs() []growthCase {
	set := crdt.NewField("tags", crdt.AWSetKind(crdt.Uint64))
	visits := crdt.NewField("visits", crdt.CounterKind())
	k := crdt.DocKind(set, visits)
	tagged := byOne(k, func(tx *crdt.Tx, d *crdt.Doc, i int) { set.In(d).Add(tx, uint64(i)) })
	visited := by(k, func(tx *crdt.Tx, d *crdt.Doc, _ int) { visits.In(d).Add(tx, 1) })
	fields := func(n int) *crdt.Doc {
		return times(n, k.New(), func(d *crdt.Doc, i int) {
			f := crdt.NewField(fmt.Sprint("field", i), crdt.EWFlagKind())
			x := crdt.DocKind(f).New()
			if _, err := crdt.Mutate(x, writer(clock.ReplicaID(i+1)), func(tx *crdt.Tx, d *crdt.Doc) error { f.In(d).Enable(tx); return nil }); err != nil {
				panic(err)
			}
			d.Merge(x)
		})
	}
	return []growthCase{
		growth("doc/remove/elements", k, tagged, once(func(tx *crdt.Tx, d *crdt.Doc) { d.Remove(tx, "tags") })),
		growth("doc/remove/replicas", k, visited, once(func(tx *crdt.Tx, d *crdt.Doc) { d.Remove(tx, "visits") })),
		growth("doc/remove/replicas seen", k, visited, once(func(tx *crdt.Tx, d *crdt.Doc) { d.Remove(tx, "visits") }), snapshotOf[*crdt.Doc]),
		growth("doc/remove/fields", k, fields, once(func(tx *crdt.Tx, d *crdt.Doc) { d.Remove(tx, "field1") })),
		growth("doc/clear/fields", k, fields, once(func(tx *crdt.Tx, d *crdt.Doc) { d.Clear(tx) })),
		growth("doc/prune/replicas", k, visited, once(func(tx *crdt.Tx, d *crdt.Doc) {
			visits.In(d).Add(tx, 1)
			d.Prune(tx, crdt.ContextOf(d))
		})),
	}
}

func growthOfLattices() []growthCase {
	gc, pn, bc, gs := crdt.GCounterKind(), crdt.PNCounterKind(), crdt.BoundedCounterKind(0, math.MaxInt64), crdt.GSetKind(crdt.Uint64)
	gm := crdt.GMapKind(crdt.Uint64, gc)
	granted := by(bc, func(tx *crdt.Tx, c *crdt.BoundedCounter, i int) {
		if err := c.Grant(tx, uint64(i+1)); err != nil {
			tx.Fail(err)
		}
	})
	full := byOne(gs, func(tx *crdt.Tx, s *crdt.GSet[uint64], i int) { s.Add(tx, uint64(i)) })
	return []growthCase{
		growth("gcounter/add/replicas", gc, by(gc, func(tx *crdt.Tx, c *crdt.GCounter, _ int) { c.Add(tx, 1) }), once(func(tx *crdt.Tx, c *crdt.GCounter) { c.Add(tx, 1) })),
		growth("pncounter/add/replicas", pn, by(pn, func(tx *crdt.Tx, c *crdt.PNCounter, _ int) { c.Add(tx, 1) }), once(func(tx *crdt.Tx, c *crdt.PNCounter) { c.Add(tx, 1) })),
		growth("boundedcounter/grant and spend/replicas", bc, granted, once(func(tx *crdt.Tx, c *crdt.BoundedCounter) {
			if err := errors.Join(c.Grant(tx, 5), c.Spend(tx, 1), c.Transfer(tx, 1, 1), c.Close(tx, 3)); err != nil {
				tx.Fail(err)
			}
		})),
		growth("gset/add/elements", gs, full, each(func(tx *crdt.Tx, s *crdt.GSet[uint64], i int) { s.Add(tx, uint64(2*i)) })),
		growth("gmap/apply/keys", gm, func(int) *crdt.GMap[uint64, *crdt.GCounter] { return gm.New() },
			each(func(tx *crdt.Tx, m *crdt.GMap[uint64, *crdt.GCounter], i int) {
				if err := m.Apply(tx, uint64(i), func(tx *crdt.Tx, c *crdt.GCounter) error { c.Add(tx, 1); return nil }); err != nil {
					tx.Fail(err)
				}
			})),
	}
}
