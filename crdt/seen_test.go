package crdt_test

import (
	"bytes"
	"errors"
	"maps"
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

// Prune is not on a reader's behalf: it ends a whole place, or nothing.
func TestSeenPrune(t *testing.T) {
	t.Parallel()
	f, w := crdt.DWFlagKind().New(), writer(1)
	do(t, f, writer(2), func(tx *crdt.Tx, f *crdt.DWFlag) { f.Disable(tx) })
	token := seen(f)
	other := crdt.DWFlagKind().New()
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
	n := crdt.PNCounterKind().New()
	opt := crdt.Seen(&clock.Context{})
	doSeen(t, n, writer(1), opt, func(tx *crdt.Tx, n *crdt.PNCounter) { n.Add(tx, 5) })
	if n.Value() != 5 {
		t.Errorf("counter is %v, want 5", n)
	}
	r := crdt.MVRegisterKind(crdt.String).New()
	token := &clock.Context{}
	opt = crdt.Seen(token)
	token.Add(clock.Dot{Replica: 9, Seq: 1})
	set := func(tx *crdt.Tx, r *crdt.MVRegister[string]) { r.Set(tx, "x") }
	doSeen(t, r, writer(1), opt, set)
	doSeen(t, r, writer(2), opt, set)
	if r.Len() != 2 || !crdt.ContextOf(r).Contains(clock.Dot{Replica: 9, Seq: 1}) {
		t.Errorf("register holds %d values and knows %v", r.Len(), crdt.ContextOf(r))
	}
	c := crdt.CounterKind().New()
	do(t, c, writer(1), add(1))
	s := crdt.AWSetKind(crdt.String).New()
	refuses(t, crdt.AWSetKind(crdt.String), s, crdt.SeenSnapshot(crdt.SnapshotOf(c)), crdt.ErrKind, func(*crdt.Tx, *crdt.AWSet[string]) {})
	do(t, s, writer(1), func(tx *crdt.Tx, s *crdt.AWSet[string]) { s.Add(tx, "x") })
	doSeen(t, s, writer(2), crdt.SeenSnapshot(nil), func(tx *crdt.Tx, s *crdt.AWSet[string]) { s.Clear(tx) })
	if !s.Contains("x") {
		t.Error("a nil snapshot saw an element")
	}
}
