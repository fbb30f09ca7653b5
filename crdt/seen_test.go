package crdt_test

import (
	"bytes"
	"errors"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
)

// doSeen is do on behalf of a reader.
func doSeen[S crdt.Lattice[S]](t testing.TB, s S, src crdt.Source, opt crdt.Option, fn func(*crdt.Tx, S)) S {
	t.Helper()
	delta, err := crdt.Mutate(s, src, func(tx *crdt.Tx, s S) error { fn(tx, s); return nil }, opt)
	if err != nil {
		t.Fatalf("Mutate: %v", err)
	}
	return delta
}

// refuses fails unless fn on behalf of a reader fails with want, changes nothing
// and burns no number.
func refuses[S crdt.Lattice[S]](t *testing.T, k crdt.Kind[S], s S, opt crdt.Option, want error, fn func(*crdt.Tx, S)) {
	t.Helper()
	_ = refusal(t, k, s, opt, want, fn)
}

// refusal is refuses that returns the error.
func refusal[S crdt.Lattice[S]](t *testing.T, k crdt.Kind[S], s S, opt crdt.Option, want error, fn func(*crdt.Tx, S)) error {
	t.Helper()
	was, src := frame(t, k, s), &liar{id: 77}
	_, err := crdt.Mutate(s, src, func(tx *crdt.Tx, s S) error { fn(tx, s); return nil }, opt)
	if !errors.Is(err, want) {
		t.Errorf("Mutate = %v, want %v", err, want)
	}
	if !bytes.Equal(frame(t, k, s), was) || src.issued != 0 {
		t.Errorf("a refused transaction changed the object or burned %d numbers", src.issued)
	}
	return err
}

func seen[S crdt.Lattice[S]](s S) crdt.Option { return crdt.Seen(crdt.ContextOf(s)) }

func blind() crdt.Option { return crdt.Seen(&clock.Context{}) }

func add(n int64) func(*crdt.Tx, *crdt.Counter) {
	return func(tx *crdt.Tx, c *crdt.Counter) { c.Add(tx, n) }
}

func reset(tx *crdt.Tx, c *crdt.Counter) { c.Reset(tx) }

// 3d: a client read 5; now the counter is 11, one total. A token says that the
// client saw a part of it, and not how much, so the reset is refused, not wrong.
func TestSeen3dResetByTokenIsRefused(t *testing.T) {
	t.Parallel()
	c, w := crdt.NewCounter(), writer(1)
	do(t, c, w, add(5))
	token := seen(c)
	do(t, c, w, add(6))
	err := refusal(t, crdt.CounterKind(), c, token, crdt.ErrAhead, reset)
	var ahead *crdt.AheadError
	if !errors.As(err, &ahead) || !slices.Equal(ahead.Totals, []clock.Dot{{Replica: 1, Seq: 2}}) || errors.Is(err, crdt.ErrBehind) {
		t.Errorf("Reset with a token = %v, want the total at number 2", err)
	}
	doSeen(t, c, w, seen(c), reset) // one that covers all totals will do
	if c.Value() != 0 || !c.IsEmpty() {
		t.Errorf("counter is %v after a reset of all, want 0", c)
	}
}

// 3e: a snapshot says how much, and the reset takes exactly that, at every
// replica, in every order.
func TestSeen3eResetBySnapshotIsExact(t *testing.T) {
	t.Parallel()
	a, b, wa, wb := crdt.NewCounter(), crdt.NewCounter(), writer(1), writer(2)
	first := do(t, a, wa, add(5))
	b.Merge(first)
	do(t, b, wb, add(10))
	snap := crdt.SeenSnapshot(crdt.SnapshotOf(b)) // 15
	second := do(t, a, wa, add(6))
	b.Merge(second)
	a.Merge(b)
	c := a.Clone()
	delta := doSeen(t, c, writer(3), snap, reset)
	if c.Value() != 6 || c.IsEmpty() {
		t.Errorf("21 less the 15 that a client saw are %v", c)
	}
	for _, opt := range []crdt.Option{snap, seen(first)} { // a retry elsewhere finds nothing to take, with a token neither
		if again := doSeen(t, c, writer(4), opt, reset); !again.IsBottom() || c.Value() != 6 {
			t.Errorf("the same reset again made it %v", c)
		}
	}
	orders3(func(order []int) {
		x := crdt.NewCounter()
		for _, i := range order {
			x.Merge([]*crdt.Counter{first, delta, second}[i])
		}
		if x.Value() != 6 {
			t.Errorf("in order %v without the other's 10 the counter is %v, want 6", order, x)
		}
	})
	do(t, a, wa, add(1)) // unseen by the reset
	if a.Merge(delta); a.Value() != 7 {
		t.Errorf("an increment more makes 7, the counter is %v", a)
	}
}

func orders3(f func([]int)) {
	for _, o := range [][]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}} {
		f(o)
	}
}

// A reset with a snapshot runs also where nothing of what it takes has come.
func TestSeenResetBySnapshotAheadOfItsReplica(t *testing.T) {
	t.Parallel()
	a, b, wa := crdt.NewCounter(), crdt.NewCounter(), writer(1)
	first := do(t, a, wa, add(5))
	snap := crdt.SeenSnapshot(crdt.SnapshotOf(a))
	delta := doSeen(t, b, writer(2), snap, reset)
	if b.Value() != 0 {
		t.Errorf("the counter is %v before the increment has come, want 0", b)
	}
	if b.Merge(first); b.Value() != 0 || !b.IsEmpty() {
		t.Errorf("the counter is %v when the increment has come, want 0", b)
	}
	do(t, a, wa, add(2))
	a.Merge(delta)
	if b.Merge(a); a.Value() != 2 || b.Value() != 2 || !a.Equal(b) {
		t.Errorf("the counters are %v and %v, want 2", a, b)
	}
}

// 3f: what the token does not cover is refused only if the client may have seen a
// part of it; totals that are all new to the client stay in full.
func TestSeen3fAhead(t *testing.T) {
	t.Parallel()
	k := crdt.AWMapOf(crdt.String, crdt.CounterKind())
	m, wa, wb := k.New(), writer(1), writer(2)
	do(t, m, wa, func(tx *crdt.Tx, m *funds) { m.At("EUR").Add(tx, 5); m.At("USD").Add(tx, 1) })
	token := seen(m)
	do(t, m, wb, func(tx *crdt.Tx, m *funds) { m.At("EUR").Add(tx, 10); m.At("GBP").Add(tx, 3) })
	x := m.Clone()
	doSeen(t, x, writer(3), token, func(tx *crdt.Tx, m *funds) { m.Clear(tx) })
	if x.At("EUR").Value() != 10 || x.Contains("USD") || x.At("GBP").Value() != 3 {
		t.Errorf("a token of 5 cleared the map to EUR %v, USD %v, GBP %v; want 10, 0, 3", x.At("EUR"), x.At("USD"), x.At("GBP"))
	}
	snap := crdt.SeenSnapshot(crdt.SnapshotOf(m.At("EUR"))) // of one key: 15
	x = m.Clone()
	do(t, x, writer(5), func(tx *crdt.Tx, m *funds) { m.At("EUR").Add(tx, 1) })
	do(t, x, wa, func(tx *crdt.Tx, m *funds) { m.At("EUR").Add(tx, 2) })
	doSeen(t, x, writer(3), snap, func(tx *crdt.Tx, m *funds) { m.Clear(tx) }) // of the whole, above it
	if x.At("EUR").Value() != 3 || x.Len() != 1 {
		t.Errorf("a snapshot of EUR cleared the map to EUR %v and %d keys, want 3 and no other", x.At("EUR"), x.Len())
	}
	do(t, m, wb, func(tx *crdt.Tx, m *funds) { m.At("EUR").Add(tx, 1); m.At("GBP").Add(tx, 1) })
	for name, f := range map[string]func(*crdt.Tx, *funds){
		"Reset":  func(tx *crdt.Tx, m *funds) { m.At("GBP").Reset(tx) },
		"Remove": func(tx *crdt.Tx, m *funds) { m.Remove(tx, "GBP") },
		"Clear":  func(tx *crdt.Tx, m *funds) { m.Clear(tx) },
	} {
		t.Run(name, func(t *testing.T) {
			refuses(t, k, m.Clone(), snap, crdt.ErrAhead, f) // it is not of GBP
		})
	}
	doSeen(t, m, writer(3), snap, func(tx *crdt.Tx, m *funds) { m.Remove(tx, "EUR"); m.Remove(tx, "USD") })
	if m.At("EUR").Value() != 1 || m.Contains("USD") || m.At("GBP").Value() != 4 {
		t.Errorf("a snapshot of EUR left EUR %v, USD %v, GBP %v; want 1, 0, 4", m.At("EUR"), m.At("USD"), m.At("GBP"))
	}
}

// A client's reset undoes what its own transaction counted before it, and nothing
// that the client has not seen.
func TestSeenResetWithinTransaction(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		opt  func(old, now *crdt.Counter) crdt.Option
		want int64
	}{
		{"blind", func(_, _ *crdt.Counter) crdt.Option { return blind() }, 12},
		{"with a token of all", func(_, now *crdt.Counter) crdt.Option { return seen(now) }, 1},
		{"with a snapshot of 5", func(old, _ *crdt.Counter) crdt.Option { return crdt.SeenSnapshot(crdt.SnapshotOf(old)) }, 7},
		{"with a snapshot of all", func(_, now *crdt.Counter) crdt.Option { return crdt.SeenSnapshot(crdt.SnapshotOf(now)) }, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, w := crdt.NewCounter(), writer(1)
			do(t, c, w, add(5))
			old := c.Clone()
			do(t, c, w, add(6))
			before := c.Clone()
			delta := doSeen(t, c, w, tt.opt(old, c.Clone()), func(tx *crdt.Tx, c *crdt.Counter) {
				c.Add(tx, 100)
				c.Reset(tx)
				c.Add(tx, 1)
			})
			if before.Merge(delta); c.Value() != tt.want || !before.Equal(c) {
				t.Errorf("11, of which a client saw some, are %v after reset and 1, want %d", c, tt.want)
			}
			do(t, c, w, add(1))
			if c.Value() != tt.want+1 {
				t.Errorf("the next increment makes it %v, want %d", c, tt.want+1)
			}
		})
	}
	c, w := crdt.NewCounter(), writer(1)
	do(t, c, w, add(5))
	token := seen(c)
	do(t, c, w, add(6))
	_, err := crdt.Mutate(c, w, func(tx *crdt.Tx, c *crdt.Counter) error { c.Add(tx, 1); c.Reset(tx); return nil }, token)
	if !errors.Is(err, crdt.ErrAhead) || c.Value() != 11 {
		t.Errorf("add and reset with a token of 5 = %v, counter %v; want ErrAhead and 11", err, c)
	}
	do(t, c, w, add(1))
	if c.Value() != 12 {
		t.Errorf("the next increment makes it %v, want 12", c)
	}
}

// What the transaction did and undid is no event.
func TestSeenNothingLeft(t *testing.T) {
	t.Parallel()
	c, w := crdt.NewCounter(), writer(1)
	do(t, c, w, add(5))
	was := frame(t, crdt.CounterKind(), c)
	delta := doSeen(t, c, w, blind(), func(tx *crdt.Tx, c *crdt.Counter) { c.Add(tx, 1); c.Reset(tx) })
	if !delta.IsBottom() || !bytes.Equal(frame(t, crdt.CounterKind(), c), was) {
		t.Errorf("add and blind reset are an event, or left the counter changed: %v", c)
	}
}

// partChanges are changes that end something in a part of a document.
func partChanges(a *account) map[string]func(*crdt.Tx, *crdt.Doc) {
	return map[string]func(*crdt.Tx, *crdt.Doc){
		"AWSet.Add":             func(tx *crdt.Tx, d *crdt.Doc) { a.tags.In(d).Add(tx, "x") },
		"AWSet.Remove":          func(tx *crdt.Tx, d *crdt.Doc) { a.tags.In(d).Remove(tx, "x") },
		"AWSet.Remove of no":    func(tx *crdt.Tx, d *crdt.Doc) { a.tags.In(d).Remove(tx, "no") },
		"AWSet.Clear":           func(tx *crdt.Tx, d *crdt.Doc) { a.tags.In(d).Clear(tx) },
		"RWSet.Add":             func(tx *crdt.Tx, d *crdt.Doc) { a.blocked.In(d).Add(tx, "x") },
		"RWSet.Remove":          func(tx *crdt.Tx, d *crdt.Doc) { a.blocked.In(d).Remove(tx, "x") },
		"RWSet.Clear":           func(tx *crdt.Tx, d *crdt.Doc) { a.blocked.In(d).Clear(tx) },
		"RWSet.Reset":           func(tx *crdt.Tx, d *crdt.Doc) { a.blocked.In(d).Reset(tx) },
		"LWWRegister.Set":       func(tx *crdt.Tx, d *crdt.Doc) { a.owner.In(d).Set(tx, "x") },
		"LWWRegister.Clear":     func(tx *crdt.Tx, d *crdt.Doc) { a.owner.In(d).Clear(tx) },
		"MVRegister.Set":        func(tx *crdt.Tx, d *crdt.Doc) { a.memo.In(d).Set(tx, "x") },
		"EWFlag.Enable":         func(tx *crdt.Tx, d *crdt.Doc) { a.seen.In(d).Enable(tx) },
		"EWFlag.Disable":        func(tx *crdt.Tx, d *crdt.Doc) { a.seen.In(d).Disable(tx) },
		"DWFlag.Disable":        func(tx *crdt.Tx, d *crdt.Doc) { a.frozen.In(d).Disable(tx) },
		"DWFlag.Reset":          func(tx *crdt.Tx, d *crdt.Doc) { a.frozen.In(d).Reset(tx) },
		"Counter.Reset":         func(tx *crdt.Tx, d *crdt.Doc) { a.balance.In(d).Reset(tx) },
		"AWMap.Remove":          func(tx *crdt.Tx, d *crdt.Doc) { a.funds.In(d).Remove(tx, "x") },
		"AWMap.Clear":           func(tx *crdt.Tx, d *crdt.Doc) { a.funds.In(d).Clear(tx) },
		"Doc.Remove":            func(tx *crdt.Tx, d *crdt.Doc) { d.Remove(tx, "funds") },
		"Doc.Remove of no name": func(tx *crdt.Tx, d *crdt.Doc) { d.Remove(tx, "no") },
		"Doc.Clear":             func(tx *crdt.Tx, d *crdt.Doc) { d.Clear(tx) },
	}
}

// A change of a part waits for what the reader saw; additions to counters do not.
func TestSeenBehind(t *testing.T) {
	t.Parallel()
	a := newAccount()
	there, here := a.kind.New(), a.kind.New()
	do(t, here, writer(1), func(tx *crdt.Tx, d *crdt.Doc) { a.tags.In(d).Add(tx, "x") })
	there.Merge(here)
	late := do(t, there, writer(2), func(tx *crdt.Tx, d *crdt.Doc) { a.memo.In(d).Set(tx, "late") })
	token, lacks := seen(there), crdt.ContextOf(there).Minus(crdt.ContextOf(here))
	for name, f := range partChanges(a) {
		t.Run(name, func(t *testing.T) {
			err := refusal(t, a.kind, here, token, crdt.ErrBehind, f)
			var behind *crdt.BehindError
			if !errors.As(err, &behind) || !behind.Missing.Equal(lacks) || errors.Is(err, crdt.ErrAhead) {
				t.Errorf("Mutate = %v, want that it lacks %v", err, lacks)
			}
		})
	}
	doSeen(t, here, writer(3), token, func(tx *crdt.Tx, d *crdt.Doc) { a.balance.In(d).Add(tx, 1) })
	here.Merge(late)
	for name, f := range partChanges(a) {
		if _, err := crdt.Mutate(here.Clone(), writer(4), func(tx *crdt.Tx, d *crdt.Doc) error { f(tx, d); return nil }, token); err != nil {
			t.Errorf("%s where all has come = %v", name, err)
		}
	}
}

// A write with the context of a reader who has seen nothing ends nothing: it makes
// a sibling. A blind remove does nothing.
func TestSeenBlind(t *testing.T) {
	t.Parallel()
	a := newAccount()
	d := a.kind.New()
	set := func(v string) func(*crdt.Tx, *crdt.Doc) {
		return func(tx *crdt.Tx, d *crdt.Doc) {
			a.memo.In(d).Set(tx, v)
			a.owner.In(d).Set(tx, v)
			a.tags.In(d).Add(tx, "x")
			a.balance.In(d).Add(tx, 1)
		}
	}
	wa, wb := writer(1), writer(2)
	do(t, d, wa, set("a"))
	doSeen(t, d, wb, blind(), set("b"))
	doSeen(t, d, wb, crdt.Seen(nil), set("b2"))
	if got := a.shown(d); got["memo"] != "a|b|b2" || got["owner"] != "a|b2" || got["tags/x"] != "+" || got["balance"] != "#3" {
		t.Errorf("after two blind writes the document shows %v", got)
	}
	doSeen(t, d, wb, blind(), func(tx *crdt.Tx, d *crdt.Doc) { // what it made itself it has seen
		a.memo.In(d).Set(tx, "b3")
		a.memo.In(d).Set(tx, "b4")
	})
	if got := a.shown(d)["memo"]; got != "a|b|b2|b4" {
		t.Errorf("after a blind transaction of two writes the register holds %s", got)
	}
	was := frame(t, a.kind, d)
	for name, f := range partChanges(a) {
		switch name {
		case "AWSet.Add", "RWSet.Add", "RWSet.Remove", "LWWRegister.Set", "MVRegister.Set", "EWFlag.Enable", "DWFlag.Disable":
			continue
		}
		if delta := doSeen(t, d, wb, blind(), f); !delta.IsBottom() || !bytes.Equal(frame(t, a.kind, d), was) {
			t.Errorf("blind %s changed the document", name)
		}
	}
	do(t, d, wa, func(tx *crdt.Tx, d *crdt.Doc) { a.memo.In(d).Set(tx, "one") })
	if got := a.shown(d)["memo"]; got != "one" {
		t.Errorf("a write that saw all left %s", got)
	}
}

// With the rule that an LWW write ends its own replica's siblings, blind writes
// leave at most one a writer; MVRegister keeps them all.
func TestSeenSiblingsAreBounded(t *testing.T) {
	t.Parallel()
	lww, mv := 0, 0
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 0))
		var regs [3]*crdt.LWWRegister[string]
		var mvs [3]*crdt.MVRegister[string]
		var ws, vs [3]crdt.Source
		for i := range regs {
			regs[i], mvs[i] = crdt.NewLWWRegister(crdt.String), crdt.NewMVRegister(crdt.String)
			ws[i], vs[i] = writer(clock.ReplicaID(i+1)), writer(clock.ReplicaID(i+1))
		}
		for range 30 {
			i, j := rng.IntN(3), rng.IntN(3)
			switch rng.IntN(4) {
			case 0:
				doSeen(t, regs[i], ws[i], blind(), func(tx *crdt.Tx, r *crdt.LWWRegister[string]) { r.Set(tx, "x") })
				doSeen(t, mvs[i], vs[i], blind(), func(tx *crdt.Tx, r *crdt.MVRegister[string]) { r.Set(tx, "x") })
			case 1:
				do(t, regs[i], ws[i], func(tx *crdt.Tx, r *crdt.LWWRegister[string]) { r.Set(tx, "x") })
				do(t, mvs[i], vs[i], func(tx *crdt.Tx, r *crdt.MVRegister[string]) { r.Set(tx, "x") })
			default:
				regs[i].Merge(regs[j])
				mvs[i].Merge(mvs[j])
			}
			n := 0
			for range regs[i].Siblings() {
				n++
			}
			lww, mv = max(lww, n), max(mv, mvs[i].Len())
		}
	}
	if lww > 3 || mv < 8 {
		t.Errorf("three writers left up to %d siblings in an LWWRegister, want 3; MVRegister up to %d, want more than 8", lww, mv)
	}
}

// The write of a register is stamped above what it ends of its own replica's, seen
// or not, and follows no sibling that it leaves.
func TestSeenStamp(t *testing.T) {
	t.Parallel()
	r := crdt.NewLWWRegister(crdt.String)
	set := func(v string) func(*crdt.Tx, *crdt.LWWRegister[string]) {
		return func(tx *crdt.Tx, r *crdt.LWWRegister[string]) { r.Set(tx, v) }
	}
	fast := &stamper{Source: writer(1), at: 1000}
	do(t, r, fast, set("own"))
	other := crdt.NewLWWRegister(crdt.String)
	r.Merge(do(t, other, &stamper{Source: writer(3), at: 9000}, set("other")))
	fast.at = 10 // the clock was set back
	doSeen(t, r, fast, blind(), set("again"))
	if !slices.Equal(fast.over, []clock.Timestamp{1000}) {
		t.Errorf("a blind write was stamped over %v, want its own 1000 alone", fast.over)
	}
	if v, _ := r.Get(); v != "other" {
		t.Errorf("register shows %q, want the concurrent write with the later stamp", v)
	}
}

// stamper is a source whose clock says at, and remembers what it was to be above.
type stamper struct {
	crdt.Source
	at   clock.Timestamp
	over []clock.Timestamp
}

func (s *stamper) Stamp(over ...clock.Timestamp) clock.Timestamp {
	s.over = over
	return max(s.at, slices.Max(append(over, 0))+1)
}

// A write with a token ends what the token covers, and nothing else.
func TestSeenTouchesOnlyWhatItCovers(t *testing.T) {
	t.Parallel()
	a := newAccount()
	d := a.kind.New()
	write := func(v string) func(*crdt.Tx, *crdt.Doc) {
		return func(tx *crdt.Tx, d *crdt.Doc) {
			a.memo.In(d).Set(tx, v)
			a.owner.In(d).Set(tx, v)
			a.tags.In(d).Add(tx, v)
			a.tags.In(d).Add(tx, "all")
			a.seen.In(d).Enable(tx)
			a.blocked.In(d).Add(tx, v)
			a.blocked.In(d).Add(tx, "all")
			a.funds.In(d).At("k").At(v).Add(tx, 1)
		}
	}
	do(t, d, writer(1), write("old"))
	token := seen(d)
	before := d.Clone()
	doSeen(t, d, writer(2), blind(), write("new"))
	for name, tt := range map[string]struct {
		do   func(*crdt.Tx, *crdt.Doc)
		want map[string]string
	}{
		"MVRegister.Set":  {func(tx *crdt.Tx, d *crdt.Doc) { a.memo.In(d).Set(tx, "x") }, map[string]string{"memo": "new|x"}},
		"LWWRegister.Set": {func(tx *crdt.Tx, d *crdt.Doc) { a.owner.In(d).Set(tx, "x") }, map[string]string{"owner": "new|x"}},
		"AWSet.Clear":     {func(tx *crdt.Tx, d *crdt.Doc) { a.tags.In(d).Clear(tx) }, map[string]string{"tags/old": ""}},
		"AWSet.Remove":    {func(tx *crdt.Tx, d *crdt.Doc) { a.tags.In(d).Remove(tx, "all") }, nil}, // added again since
		"EWFlag.Disable":  {func(tx *crdt.Tx, d *crdt.Doc) { a.seen.In(d).Disable(tx) }, nil},       // enabled again since
		"RWSet.Remove":    {func(tx *crdt.Tx, d *crdt.Doc) { a.blocked.In(d).Remove(tx, "new") }, map[string]string{"blocked/new": ""}},
		"RWSet.Clear":     {func(tx *crdt.Tx, d *crdt.Doc) { a.blocked.In(d).Clear(tx) }, map[string]string{"blocked/old": "", "blocked/all": ""}},
		"RWSet.Reset":     {func(tx *crdt.Tx, d *crdt.Doc) { a.blocked.In(d).Reset(tx) }, map[string]string{"blocked/old": ""}},
		"AWMap.Remove":    {func(tx *crdt.Tx, d *crdt.Doc) { a.funds.In(d).Remove(tx, "k") }, map[string]string{"funds/k/old": ""}},
		"Doc.Remove":      {func(tx *crdt.Tx, d *crdt.Doc) { d.Remove(tx, "memo") }, map[string]string{"memo": "new"}},
		"Doc.Clear": {func(tx *crdt.Tx, d *crdt.Doc) { d.Clear(tx) }, map[string]string{
			"memo": "new", "owner": "new", "tags/old": "", "blocked/old": "", "funds/k/old": "",
		}},
	} {
		x := d.Clone()
		want := a.shown(x)
		delta := doSeen(t, x, writer(3), token, tt.do)
		for path, v := range tt.want {
			if want[path] = v; v == "" {
				delete(want, path)
			}
		}
		if got := a.shown(x); !maps.Equal(got, want) {
			t.Errorf("%s with a token shows\n%v, want\n%v", name, got, want)
		}
		if y := before.Clone(); y.Merge(delta) { // the same in the other order
			if y.Merge(d); !y.Equal(x) {
				t.Errorf("%s comes out otherwise in another order", name)
			}
		}
	}
}

// The write of a register or a flag that is the whole object names dead what the
// reader saw, also where nothing of it has come: it ends on arrival.
func TestSeenWholeObjectAheadOfItsReplica(t *testing.T) {
	t.Parallel()
	there, here := crdt.NewMVRegister(crdt.String), crdt.NewMVRegister(crdt.String)
	set := func(v string) func(*crdt.Tx, *crdt.MVRegister[string]) {
		return func(tx *crdt.Tx, r *crdt.MVRegister[string]) { r.Set(tx, v) }
	}
	x := do(t, there, writer(1), set("x"))
	do(t, here, writer(2), set("here"))
	delta := doSeen(t, here, writer(3), seen(there), set("y"))
	over := there.Clone()
	do(t, over, writer(4), set("z"))
	unknown := do(t, crdt.NewMVRegister(crdt.String), writer(6), set("u"))
	token := crdt.ContextOf(there)
	token.Merge(crdt.ContextOf(unknown))
	d := doSeen(t, over, writer(5), crdt.Seen(token), set("y")) // what is dead here already is not named again
	if got, want := crdt.ContextOf(d).String(), "{0000000000000005:1 0000000000000006:1}"; got != want {
		t.Errorf("the delta names %s, want %s", got, want)
	}
	here.Merge(x)
	if got := slices.Sorted(here.Values()); !slices.Equal(got, []string{"here", "y"}) {
		t.Errorf("register holds %v, want here and y, which replaced x", got)
	}
	if there.Merge(delta); there.Len() != 1 {
		t.Errorf("where x was the register holds %v, want y alone", slices.Collect(there.Values()))
	}

	on, off := crdt.NewEWFlag(), crdt.NewEWFlag()
	enable := do(t, on, writer(1), func(tx *crdt.Tx, f *crdt.EWFlag) { f.Enable(tx) })
	delta2 := doSeen(t, off, writer(2), seen(on), func(tx *crdt.Tx, f *crdt.EWFlag) { f.Disable(tx) })
	if delta2.IsBottom() {
		t.Error("a disable of what has not come yet is no event")
	}
	if off.Merge(enable); off.IsEnabled() {
		t.Error("the flag is on, though the disable had seen the enable")
	}
}

// A token that knows a number of the writer that its source is about to use, or
// that its claim denies, gives a fault away: nothing is written.
func TestSeenOwnNumbers(t *testing.T) {
	t.Parallel()
	k := crdt.MVRegisterOf(crdt.String)
	set := func(tx *crdt.Tx, r *crdt.MVRegister[string]) error { r.Set(tx, "x"); return nil }
	token := &clock.Context{}
	token.Add(clock.Dot{Replica: 1, Seq: 7})
	for _, tt := range []struct {
		seq, after uint64
		want       error
	}{{7, 6, crdt.ErrReused}, {5, 4, crdt.ErrReused}, {9, 6, crdt.ErrClaim}, {9, 7, nil}} {
		r := k.New()
		_, err := crdt.Mutate(r, &liar{id: 1, ev: event(1, tt.seq, tt.after)}, set, crdt.Seen(token))
		if !errors.Is(err, tt.want) || (err != nil) != r.IsBottom() {
			t.Errorf("event %d after %d with a token of number 7 = %v, want %v", tt.seq, tt.after, err, tt.want)
		}
	}
}

// Prune is not on a reader's behalf: it ends a whole place, or nothing.
func TestSeenPrune(t *testing.T) {
	t.Parallel()
	f, w := crdt.NewDWFlag(), writer(1)
	do(t, f, writer(2), func(tx *crdt.Tx, f *crdt.DWFlag) { f.Disable(tx) })
	token := seen(f)
	other := crdt.NewDWFlag()
	f.Merge(do(t, other, writer(3), func(tx *crdt.Tx, f *crdt.DWFlag) { f.Enable(tx) }))
	stable := crdt.ContextOf(f)
	doSeen(t, f, w, token, func(tx *crdt.Tx, f *crdt.DWFlag) { f.Prune(tx, stable) })
	if f.IsEnabled() || f.Tombstones() != 0 {
		t.Errorf("Prune with a token of the disable alone left the flag on (%t) with %d disables", f.IsEnabled(), f.Tombstones())
	}
}

// A lattice without a context has nothing that a reader could end, and an option
// can serve several transactions.
func TestSeenOptionReuse(t *testing.T) {
	t.Parallel()
	n := crdt.NewPNCounter()
	opt := crdt.Seen(&clock.Context{})
	doSeen(t, n, writer(1), opt, func(tx *crdt.Tx, n *crdt.PNCounter) { n.Add(tx, 5) })
	if n.Value() != 5 {
		t.Errorf("counter is %v, want 5", n)
	}
	r := crdt.NewMVRegister(crdt.String)
	token := &clock.Context{}
	opt = crdt.Seen(token)
	token.Add(clock.Dot{Replica: 9, Seq: 1})
	set := func(tx *crdt.Tx, r *crdt.MVRegister[string]) { r.Set(tx, "x") }
	doSeen(t, r, writer(1), opt, set)
	doSeen(t, r, writer(2), opt, set)
	if r.Len() != 2 || !crdt.ContextOf(r).Contains(clock.Dot{Replica: 9, Seq: 1}) {
		t.Errorf("register holds %d values and knows %v", r.Len(), crdt.ContextOf(r))
	}
	c := crdt.NewCounter()
	do(t, c, writer(1), add(1))
	s := crdt.NewAWSet(crdt.String)
	refuses(t, crdt.AWSetOf(crdt.String), s, crdt.SeenSnapshot(crdt.SnapshotOf(c)), crdt.ErrKind, func(*crdt.Tx, *crdt.AWSet[string]) {})
	do(t, s, writer(1), func(tx *crdt.Tx, s *crdt.AWSet[string]) { s.Add(tx, "x") })
	doSeen(t, s, writer(2), crdt.SeenSnapshot(nil), func(tx *crdt.Tx, s *crdt.AWSet[string]) { s.Clear(tx) })
	if !s.Contains("x") {
		t.Error("a nil snapshot saw an element")
	}
}
