package crdt_test

import (
	"bytes"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
)

// TestBugOfRecord replays, as short histories, faults that shipped in other systems.
// Those about what a store or its peers do have their tests there:
//
//	14 interrupted sync marked as done (go-ds-crdt #350, ipfs-cluster #1007):
//	   store.TestSessionCut, TestSessionUnderLoss, TestLostRecordEndsSession
//	15 delta forgotten before it was delivered (horde #90):
//	   store.TestPushUntilAcknowledged, TestUnreachable, TestDebtsAreBounded
//	17 a restarted datacenter never catches up (antidote #420):
//	   store.TestReopen, TestSessionOfALostDisk, TestSessionServerRestarted
//	18 clock advanced before the data of a full sync (xredis-crdt #10, #109):
//	   store.TestAppliedIsNotCovered, TestAppliedNeverTakesContext, TestSessionCut
func TestBugOfRecord(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]func(*testing.T){
		"01_riak_dt_78_clock_dominates_drops_removes":      bug01,
		"02_riak_dt_82_on_both_sides_and_still_removed":    bug02,
		"03_riak_dt_90_shared_dot_as_merge_key":            bug03,
		"04_delta_crdt_ex_65_part_with_full_context":       bug04,
		"05_akka_22648_delta_merge_is_not_state_merge":     bug05,
		"06_akka_net_8220_prune_outruns_what_it_prunes":    bug06,
		"06_akka_net_4200_double_value_while_pruning":      bug06double,
		"07_riak_dt_99_deferred_remove_lost_with_field":    bug07,
		"08_riak_dt_map_reset_anomaly_of_counters":         bug08,
		"09_crdt_go_dot_reuse_after_restart":               bug09,
		"10_crdt_go_lww_by_local_clock":                    bug10,
		"11_cbaquero_7_lww_tie_is_not_commutative":         bug11,
		"12_cortex_4461_future_timestamp_poisons":          bug12,
		"13_defradb_847_retransmitted_delta_counted_twice": bug13,
		"16_crdt_go_digests_cannot_be_compared":            bug16,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t)
		})
	}
}

type cart = crdt.AWSet[string]

var cartKind = crdt.AWSetKind(crdt.String)

func cartAdd(items ...string) func(*crdt.Tx, *cart) {
	return func(tx *crdt.Tx, s *cart) {
		for _, e := range items {
			s.Add(tx, e)
		}
	}
}

func cartRemove(item string) func(*crdt.Tx, *cart) {
	return func(tx *crdt.Tx, s *cart) { s.Remove(tx, item) }
}

// join returns the join of deltas in that order.
func join[S crdt.Lattice[S]](k crdt.Kind[S], deltas ...S) S {
	s := k.New()
	for _, d := range deltas {
		s.Merge(d)
	}
	return s
}

// holds checks what a cart holds.
func holds(t *testing.T, what string, s *cart, want ...string) {
	t.Helper()
	if got := slices.Collect(s.All()); !slices.Equal(got, want) {
		t.Errorf("%s holds %v, want %v", what, got, want)
	}
}

// A remove did not tick the clock there, so a replica that had done something else
// meanwhile dominated the remover's and kept its own elements. Every remove has a
// dot here.
func bug01(t *testing.T) {
	t.Helper()
	a, b, wa, wb := cartKind.New(), cartKind.New(), writer(1), writer(2)
	b.Merge(do(t, a, wa, cartAdd("x")))
	do(t, b, wb, cartRemove("x"))
	do(t, a, wa, cartAdd("y"))
	a.Merge(b)
	holds(t, "who dominates", a, "y")
	b.Merge(a)
	holds(t, "the remover", b, "y")
}

// "On both sides, so keep it": but each side has the element under a dot that the
// other knows to be dead.
func bug02(t *testing.T) {
	t.Helper()
	first := do(t, cartKind.New(), writer(1), cartAdd("x"))
	second := do(t, cartKind.New(), writer(2), cartAdd("x"))
	a, b := join(cartKind, first), join(cartKind, second)
	do(t, a, writer(3), cartRemove("x"))
	do(t, b, writer(4), cartRemove("x"))
	a.Merge(second)
	b.Merge(first)
	holds(t, "one side", a, "x")
	holds(t, "the other side", b, "x")
	a.Merge(b)
	holds(t, "the join", a)
}

// One dot stood for all that an operation did there, and was the key of the merge:
// ending one entry ended, or kept, the others.
func bug03(t *testing.T) {
	t.Helper()
	a, b := cartKind.New(), cartKind.New()
	both := do(t, a, writer(1), cartAdd("x", "y"))
	b.Merge(both)
	removed := do(t, b, writer(2), cartRemove("x"))
	a.Merge(removed)
	holds(t, "who added both", a, "y")
	holds(t, "in the other order", join(cartKind, removed, both), "y")

	k := newAccount() // two fields of different types in one transaction
	doc := k.kind.New()
	seen := do(t, doc, writer(1), func(tx *crdt.Tx, d *crdt.Doc) { k.tags.In(d).Add(tx, "x"); k.owner.In(d).Set(tx, "ann") })
	other := join(k.kind, seen)
	do(t, other, writer(2), func(tx *crdt.Tx, d *crdt.Doc) { d.Remove(tx, "tags") })
	if doc.Merge(other); k.tags.In(doc).Len() != 0 || !doc.Equal(other) {
		t.Error("the removed field is there")
	}
	if v, ok := k.owner.In(doc).Get(); !ok || v != "ann" {
		t.Errorf("the field beside the removed one holds %q (%t)", v, ok)
	}
}

// Part of the state was sent with all of its context: the receiver took the rest
// for removed. A part here has its own part of the context.
func bug04(t *testing.T) {
	t.Helper()
	a := cartKind.New()
	w := writer(1)
	for _, e := range []string{"k1", "k2", "k3"} {
		do(t, a, w, cartAdd(e))
	}
	do(t, a, w, cartRemove("k2"))
	b, empty := a.Clone(), cartKind.New()
	for part := range partsOf(t, cartKind, a) {
		if b.Merge(part) {
			t.Errorf("a part of what it has changed it")
		}
		empty.Merge(part)
	}
	holds(t, "who had all", b, "k1", "k3")
	holds(t, "who had nothing", empty, "k1", "k3")
}

// The delta of a remove in a multimap did something else than the state after it.
func bug05(t *testing.T) {
	t.Helper()
	k := crdt.MultiMapKind(crdt.String, crdt.String)
	type multimap = crdt.MultiMap[string, string]
	for name, change := range map[string]func(*crdt.Tx, *multimap){
		"an element":       func(tx *crdt.Tx, m *multimap) { m.At("k").Remove(tx, "x") },
		"the last element": func(tx *crdt.Tx, m *multimap) { m.At("l").Remove(tx, "x") },
		"a key":            func(tx *crdt.Tx, m *multimap) { m.Remove(tx, "k") },
	} {
		a, wa := k.New(), writer(1)
		seen := do(t, a, wa, func(tx *crdt.Tx, m *multimap) {
			m.At("k").Add(tx, "x")
			m.At("k").Add(tx, "y")
			m.At("l").Add(tx, "x")
		})
		b := join(k, seen)
		do(t, b, writer(2), func(tx *crdt.Tx, m *multimap) { m.At("k").Add(tx, "z"); m.At("l").Add(tx, "x") })
		delta := do(t, a, wa, change)
		byDelta, byState := join(k, b, delta), join(k, b, a)
		if !byDelta.Equal(byState) || !byDelta.At("k").Contains("z") || !byDelta.At("l").Contains("x") {
			t.Errorf("%s: by delta and by state equal: %t; the unseen adds are there: %t, %t", name,
				byDelta.Equal(byState), byDelta.At("k").Contains("z"), byDelta.At("l").Contains("x"))
		}
	}
}

// The mark that entries were pruned came before the entries, which then came back.
// A prune is an event here, which names what it ends.
func bug06(t *testing.T) {
	t.Helper()
	k := crdt.RWSetKind(crdt.String)
	a := k.New()
	yes := do(t, k.New(), writer(1), func(tx *crdt.Tx, s *roleSet) { s.Add(tx, "x") })
	no := do(t, k.New(), writer(2), func(tx *crdt.Tx, s *roleSet) { s.Remove(tx, "x") })
	a.Merge(yes)
	a.Merge(no)
	prune := do(t, a, writer(3), func(tx *crdt.Tx, s *roleSet) { s.Prune(tx, dots([]uint64{1}, []uint64{1})) })
	if prune.IsBottom() || a.Tombstones() != 0 {
		t.Fatal("nothing was pruned")
	}
	for _, order := range [][]*roleSet{{prune, yes, no}, {prune, no, yes}, {no, prune, yes}, {yes, prune, no}} {
		if s := join(k, order...); s.Contains("x") || s.Tombstones() != 0 || !s.Equal(a) {
			t.Errorf("pruned entries came back: %v, %d tombstones", elements(s), s.Tombstones())
		}
	}
}

// While the entries of one replica were folded into those of another, both were
// counted. The nearest here: a run of increments that is closed, whose total or
// whose base comes late.
func bug06double(t *testing.T) {
	t.Helper()
	k := crdt.CounterKind()
	inc := func(n int64) func(*crdt.Tx, *crdt.Counter) {
		return func(tx *crdt.Tx, c *crdt.Counter) { c.Add(tx, n) }
	}
	a, wa, wb := k.New(), writer(1), writer(2)
	first := do(t, a, wa, inc(5))
	b := join(k, first)
	reset := do(t, b, wb, func(tx *crdt.Tx, c *crdt.Counter) { c.Reset(tx) })
	second := do(t, a, wa, inc(2)) // the total is 7, of which the reset saw 5
	a.Merge(reset)
	third := do(t, a, wa, inc(1))
	a.Merge(do(t, b, wb, inc(10)))
	deltas := []*crdt.Counter{first, reset, second, third}
	for i := range deltas {
		order := slices.Concat(deltas[i:], deltas[:i])
		slices.Reverse(order)
		if c := join(k, order...); c.Value() != 3 {
			t.Errorf("deltas from %d on, backwards: the counter is %v, want 3", i, c)
		}
	}
	if a.Value() != 13 {
		t.Errorf("the counter is %v, want 13", a)
	}
}

// A remove that came before its add was kept in the field, to be done later, and
// lost when the field was removed: then the add came, and stayed.
func bug07(t *testing.T) {
	t.Helper()
	k := crdt.MultiMapKind(crdt.String, crdt.String)
	type multimap = crdt.MultiMap[string, string]
	a := k.New()
	added := do(t, a, writer(1), func(tx *crdt.Tx, m *multimap) { m.At("f").Add(tx, "x") })
	b := join(k, added)
	removed := do(t, b, writer(2), func(tx *crdt.Tx, m *multimap) { m.At("f").Remove(tx, "x") })
	c, wc := join(k, removed), writer(3) // before the add
	do(t, c, wc, func(tx *crdt.Tx, m *multimap) { m.At("f").Add(tx, "y") })
	do(t, c, wc, func(tx *crdt.Tx, m *multimap) { m.Remove(tx, "f") })
	if c.Merge(added); c.Contains("f") {
		t.Errorf("the field holds %v: the remove was lost", slices.Collect(c.At("f").All()))
	}
}

// Removing a counter from a map did not take what the remover had seen, or took
// what it had not. (Riak's documentation gives the history.)
func bug08(t *testing.T) {
	t.Helper()
	k := crdt.AWMapKind(crdt.String, crdt.CounterKind())
	type counters = crdt.AWMap[string, *crdt.Counter]
	inc := func(n int64) func(*crdt.Tx, *counters) {
		return func(tx *crdt.Tx, m *counters) { m.At("c").Add(tx, n) }
	}
	a, b, wa := k.New(), k.New(), writer(1)
	b.Merge(do(t, a, wa, inc(2)))
	removed := do(t, b, writer(2), func(tx *crdt.Tx, m *counters) { m.Remove(tx, "c") })
	do(t, a, wa, inc(7)) // unseen by the remover, whose own total is 9 by now
	a.Merge(removed)
	b.Merge(a)
	if got := a.At("c").Value(); got != 7 || !a.Equal(b) {
		t.Errorf("the counter is %d (equal %t), want the 7 that the remover had not seen", got, a.Equal(b))
	}
	do(t, b, writer(3), inc(1))
	do(t, a, wa, func(tx *crdt.Tx, m *counters) { m.Remove(tx, "c") })
	if a.Merge(b); a.At("c").Value() != 1 {
		t.Errorf("after a removal beside an increment by 1 the counter is %v", a.At("c"))
	}
}

// A replica that restarted numbered its events from 1 again. A value cannot know
// what its writer has forgotten; but if it has the events, it refuses. (Identity
// across restarts is the store's: TestContinue, TestFresh, TestIdentityByVector.)
func bug09(t *testing.T) {
	t.Helper()
	s := cartKind.New()
	w := crdt.NewWriter(1, wall).On()
	for _, e := range []string{"x", "y", "z"} {
		do(t, s, w, cartAdd(e))
	}
	was := frame(t, cartKind, s)
	restarted := crdt.NewWriter(1, wall).On()
	if _, err := crdt.Mutate(s, restarted, func(tx *crdt.Tx, s *cart) error { s.Add(tx, "w"); return nil }); !errors.Is(err, crdt.ErrReused) {
		t.Errorf("an event under a number that was used = %v, want ErrReused", err)
	}
	if !bytes.Equal(frame(t, cartKind, s), was) {
		t.Error("the refused transaction changed the value")
	}
}

// at is a writer whose clock is that far from the others'.
func at(id clock.ReplicaID, off time.Duration) crdt.Source {
	return crdt.NewWriter(id, func() time.Time { return wall().Add(off) }).On()
}

func set(v string) func(*crdt.Tx, *crdt.LWWRegister[string]) {
	return func(tx *crdt.Tx, r *crdt.LWWRegister[string]) { r.Set(tx, v) }
}

// Writes were ordered by the writer's own count or clock: the overwrite of a value
// by a replica that had done less, or whose clock was slow, lost to what it
// overwrote, but not where it was made.
func bug10(t *testing.T) {
	t.Helper()
	k := crdt.LWWRegisterKind(crdt.String)
	a, b, wa := k.New(), k.New(), at(1, 0)
	for v := range strings.FieldsSeq("1 2 3 4 5 6 7 8 9 10 old") {
		do(t, a, wa, set(v))
	}
	b.Merge(a)
	a.Merge(do(t, b, at(2, -time.Hour), set("new")))
	for _, r := range []*crdt.LWWRegister[string]{a, b} {
		if v, _ := r.Get(); v != "new" {
			t.Errorf("the register is %q, want new: it overwrote the other", v)
		}
	}
}

// Of two writes at one time each replica kept its own.
func bug11(t *testing.T) {
	t.Helper()
	k := crdt.LWWRegisterKind(crdt.String)
	one, two := do(t, k.New(), at(1, 0), set("one")), do(t, k.New(), at(2, 0), set("two"))
	a, b := join(k, one, two), join(k, two, one)
	va, _ := a.Get()
	vb, _ := b.Get()
	if va != "two" || vb != "two" || !a.Equal(b) {
		t.Errorf("the register is %q and %q, want the larger replica's at both", va, vb)
	}
}

// A write from the far future could not be overwritten for years, or gave its time
// to all that came after it.
func bug12(t *testing.T) {
	t.Helper()
	k := crdt.LWWRegisterKind(crdt.String)
	a, b := k.New(), k.New()
	poison := do(t, a, at(1, 30*365*24*time.Hour), set("poison"))
	b.Merge(poison)
	healthy := at(2, 0)
	a.Merge(do(t, b, healthy, set("good")))
	if v, _ := a.Get(); v != "good" {
		t.Errorf("the register is %q: an overwrite lost to a time in the future", v)
	}
	a.Merge(poison)
	do(t, b, healthy, set("better"))
	late := clock.TimestampOf(wall().Add(clock.DefaultBound))
	for s := range b.Siblings() {
		if s.Time > late {
			t.Errorf("the write of %q is stamped %v: the clock followed the poison", s.Value, s.Time)
		}
	}
}

// A delta that was sent again was counted again.
func bug13(t *testing.T) {
	t.Helper()
	g := do(t, crdt.GCounterKind().New(), writer(1), func(tx *crdt.Tx, c *crdt.GCounter) { c.Add(tx, 3) })
	p := do(t, crdt.PNCounterKind().New(), writer(1), func(tx *crdt.Tx, c *crdt.PNCounter) { c.Add(tx, -3) })
	c := do(t, crdt.CounterKind().New(), writer(1), func(tx *crdt.Tx, c *crdt.Counter) { c.Add(tx, 3) })
	if n := join(crdt.GCounterKind(), g, g, g).Value(); n != 3 {
		t.Errorf("a GCounter's delta of 3, three times, is %d", n)
	}
	if n := join(crdt.PNCounterKind(), p, p, p).Value(); n != -3 {
		t.Errorf("a PNCounter's delta of -3, three times, is %d", n)
	}
	if n := join(crdt.CounterKind(), c, c, c).Value(); n != 3 {
		t.Errorf("a Counter's delta of 3, three times, is %d", n)
	}
	b := do(t, crdt.BoundedCounterKind(0, math.MaxInt64).New(), writer(1), func(tx *crdt.Tx, c *bounded) { check(t, c.Grant(tx, 3)) })
	if n := join(crdt.BoundedCounterKind(0, math.MaxInt64), b, b, b).Value(); n != 3 {
		t.Errorf("a BoundedCounter's grant of 3, three times, is %d", n)
	}
}

// Digests were made with a seed of each replica's own, so equal states never looked
// equal. Here equal states have equal bytes, whoever has them and however they came
// about.
func bug16(t *testing.T) {
	t.Helper()
	var deltas []*cart
	for id := range clock.ReplicaID(40) {
		s, w := cartKind.New(), writer(id+1)
		deltas = append(deltas, do(t, s, w, cartAdd("x", id.String())), do(t, s, w, cartRemove("x")))
	}
	a := join(cartKind, deltas...)
	slices.Reverse(deltas)
	b := join(cartKind, deltas...)
	back, err := crdt.DecodeFrame(cartKind, frame(t, cartKind, b))
	if err != nil {
		t.Fatal(err)
	}
	if x, y, z := frame(t, cartKind, a), frame(t, cartKind, b), frame(t, cartKind, back); !bytes.Equal(x, y) || !bytes.Equal(y, z) {
		t.Errorf("one set of changes comes out as\n%x,\n%x and\n%x", x, y, z)
	}
}
