package kernel_test

import (
	"fmt"
	"maps"
	"testing"

	"pgregory.net/rapid"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt/internal/kernel"
	"github.com/dovetail-crdt/dovetail/crdt/internal/textbook"
)

// events is the named events of one delta and what they ended.
type events struct {
	delta       *kernel.State
	names, ends *clock.Context
}

// stores is three stores of one object: each with the vector of the events that it
// has applied, to this object and to others.
type stores struct {
	*machine
	vectors [3]clock.Context
	floors  [3]clock.Context // dots that came without kill lists; see TestKillListsOfTheWholeContext
	events  []events
	others  []events // on other objects
}

func newStores(t *testing.T, rt *rapid.T) *stores {
	t.Helper()
	w := &stores{machine: &machine{t: rt}}
	for i := range w.sites {
		w.sites[i] = newSite(t, clock.ReplicaID(i+1))
		w.twins[i] = textbook.From(w.sites[i].s)
	}
	return w
}

// change runs a transaction at i, between events on other objects.
func (w *stores) change(i int, bulk bool) {
	was, id := w.sites[i].seq, w.sites[i].id
	n := len(w.deltas)
	if w.transaction(i, bulk); len(w.deltas) == n {
		return
	}
	d := w.deltas[n]
	w.vectors[i].AddRange(id, clock.Interval{Lo: was + 1, Hi: w.sites[i].seq})
	if gap := d.Context().Max(id) - uint64(max(1, d.Len())); gap > was {
		other := events{names: &clock.Context{}}
		other.names.AddRange(id, clock.Interval{Lo: was + 1, Hi: gap})
		w.others = append(w.others, other)
	}
	e := events{d, &clock.Context{}, &clock.Context{}}
	first := w.sites[i].seq + 1 - uint64(max(1, d.Len()))
	e.names.AddRange(id, clock.Interval{Lo: first, Hi: w.sites[i].seq})
	var own clock.Context
	own.AddRange(id, clock.Interval{Lo: was + 1, Hi: w.sites[i].seq})
	e.ends = d.Context().Minus(&own)
	w.events = append(w.events, e)
}

func (w *stores) deliver(i int, e events) {
	w.merge(i, e.delta)
	w.vectors[i].Merge(e.names)
}

// killed is the kill lists of the events that v has and base lacks.
func (w *stores) killed(v, base *clock.Context) *clock.Context {
	out := &clock.Context{}
	for _, e := range w.events {
		if v.Covers(e.names) && !base.Covers(e.names) {
			out.Merge(e.ends)
		}
	}
	return out
}

// The forms of a heal.
const (
	byLists = iota
	byBitmap
	byContext
	forms
)

// heal extracts from j what i lacks and merges it there.
func (w *stores) heal(i, j, form int) {
	a, b := w.sites[j].s, w.sites[i].s
	base := w.vectors[i].Clone()
	if form == byLists && !base.Covers(w.floors[j].Minus(&w.vectors[j])) {
		form = byBitmap
	}
	var out *kernel.State
	held := &clock.Context{}
	want := w.twins[j]
	switch form {
	case byLists:
		killed := w.killed(&w.vectors[j], base)
		out = a.ExtractKilled(base, killed)
		want = extracted(want, base, killed)
	case byBitmap:
		out, held = a.ExtractHeld(base)
		want = extracted(want, base, nil)
	default:
		base = b.Context().Clone()
		out, held = a.ExtractSeen(base)
		bases := want.Bases
		want = extracted(want, base, nil)
		want.Bases = bases
	}
	checkPart(w.t, out)
	if got := textbook.From(out); !got.Equal(want) {
		w.t.Fatalf("form %d: extracted is\n%v, want\n%v", form, got, want)
	}
	if back, err := decode(encode(out)); err != nil || !same(back, out) {
		w.t.Fatalf("form %d: extracted, encoded and decoded: %v", form, err)
	}
	if missing := b.Missing(held); !missing.IsEmpty() {
		w.t.Fatalf("form %d: the peer lacks %v, which its base has", form, missing)
	}
	full, got := b.Clone(), b.Clone()
	if full.Merge(a) != got.Merge(out) && form == byContext {
		w.t.Fatalf("form %d: merging what was extracted tells otherwise than merging all", form)
	}
	after := textbook.Join(w.twins[i], want)
	w.sites[i].s, w.twins[i] = got.Clone(), after
	if !textbook.From(got).Equal(after) {
		w.t.Fatalf("form %d: healed is\n%v, want\n%v", form, textbook.From(got), after)
	}
	if form == byContext { // canonical as it is
		if !same(got, full) {
			w.t.Fatalf("healed by its context is\n%v, merged with all\n%v", textbook.From(got), textbook.From(full))
		}
		w.floors[i].Merge(a.Context())
		return // and its store has applied no event by it
	}
	w.floors[i].Merge(&w.floors[j])
	w.vectors[i].Merge(&w.vectors[j])
	got.Fill(&w.vectors[i])
	full.Fill(&w.vectors[i])
	w.valid(got)
	if !same(got, full) {
		w.t.Fatalf("form %d: healed is\n%v, merged with all\n%v", form, textbook.From(got), textbook.From(full))
	}
}

// extracted is the slow twin of extraction: killed is nil for all dead dots.
func extracted(o *textbook.Object, base, killed *clock.Context) *textbook.Object {
	out := &textbook.Object{Live: map[clock.Dot]textbook.Entry{}, Bases: map[textbook.Run]kernel.Base{}, Ctx: map[clock.Dot]bool{}}
	for d := range o.Ctx {
		e, live := o.Live[d]
		switch {
		case live && !base.Contains(d):
			out.Live[d], out.Ctx[d] = e, true
		case !live && (killed == nil || killed.Contains(d) || !base.Contains(d)):
			out.Ctx[d] = true
		}
	}
	for k, b := range o.Bases {
		if !base.Contains(b.By) {
			out.Bases[k] = b
		}
	}
	return out
}

// checkPart is Check for a part of a state, whose bases may come without the event
// of their reset.
func checkPart(t rapid.TB, s *kernel.State) {
	c := s.Clone()
	for _, b := range s.Bases() {
		c.Context().Add(b.By)
	}
	if err := kernel.Check(c); err != nil {
		t.Fatalf("%v\nin %v", err, textbook.From(s))
	}
}

// TestHeal runs random histories of stores that exchange deltas and heals, and
// checks that each heal does what merging the whole state does.
func TestHeal(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		w := newStores(t, rt)
		bulk := rapid.IntRange(0, 9).Draw(rt, "bulk") == 0
		for range rapid.IntRange(1, 30).Draw(rt, "steps") {
			i := rapid.IntRange(0, 2).Draw(rt, "site")
			switch what := rapid.IntRange(0, 9).Draw(rt, "what"); {
			case what <= 4 || len(w.events) == 0:
				w.change(i, bulk)
			case what <= 6:
				w.deliver(i, rapid.SampledFrom(w.events).Draw(rt, "events"))
			case what == 7 && len(w.others) > 0:
				w.vectors[i].Merge(rapid.SampledFrom(w.others).Draw(rt, "others").names)
			default:
				j := (i + rapid.IntRange(1, 2).Draw(rt, "from")) % 3
				w.heal(i, j, rapid.IntRange(0, forms-1).Draw(rt, "form"))
			}
		}
		for range 2 {
			for i := range w.sites {
				w.heal(i, (i+1)%3, byLists)
				w.heal(i, (i+2)%3, byBitmap)
			}
		}
		all := kernel.New()
		for _, e := range w.events {
			all.Merge(e.delta)
		}
		for i, site := range w.sites {
			got, want := site.s.Clone(), all.Clone()
			got.Fill(&w.vectors[i])
			want.Fill(&w.vectors[i])
			if !same(got, want) {
				rt.Fatalf("store %d ends with\n%v, all deltas come out as\n%v", i, textbook.From(got), textbook.From(want))
			}
		}
	})
}

func set(runs ...clock.Interval) *clock.Context {
	c := &clock.Context{}
	for i, in := range runs {
		if in.Hi > 0 {
			c.AddRange(clock.ReplicaID(i+1), in)
		}
	}
	return c
}

func dots(all ...clock.Dot) *clock.Context {
	c := &clock.Context{}
	for _, d := range all {
		c.Add(d)
	}
	return c
}

func upTo(n uint64) clock.Interval { return clock.Interval{Lo: 1, Hi: n} }

// TestHealCarriesBases is 7d: without the base of the reset the peer would count
// 8 where 3 is right.
func TestHealCarriesBases(t *testing.T) {
	t.Parallel()
	a, b, c := newSite(t, 1), newSite(t, 2), newSite(t, 3)
	five, eight := a.inc(5), a.inc(3)
	b.see(five)
	b.reset()
	b.see(eight)
	c.see(five)
	for _, out := range []*kernel.State{
		b.s.ExtractKilled(set(upTo(1)), dots(a.dot(1))),
		first(b.s.ExtractHeld(set(upTo(1)))),
	} {
		s := newSite(t, 3).see(c.s, out)
		s.shows("healed", 3, 1, 1)
	}
}

// TestHealCarriesBasesAlone is 7e: here the total is known to the peer, so only
// the base travels.
func TestHealCarriesBasesAlone(t *testing.T) {
	t.Parallel()
	a, b, c := newSite(t, 1), newSite(t, 2), newSite(t, 3)
	five, eight := a.inc(5), a.inc(3)
	b.see(five)
	b.reset()
	b.see(eight)
	c.see(five, eight)
	for _, out := range []*kernel.State{
		b.s.ExtractKilled(set(upTo(2)), dots(a.dot(1))),
		first(b.s.ExtractHeld(set(upTo(2)))),
	} {
		if out.Len() > 0 {
			t.Errorf("%d totals travel, want none", out.Len())
		}
		s := newSite(t, 3).see(c.s, out)
		s.shows("healed", 3, 1, 1)
	}
}

func first(s *kernel.State, _ *clock.Context) *kernel.State { return s }

// TestHealNeedsEveryKillList is 7f: overwrites and increments end dots as removes
// do. With the lists of removes only, what they ended would stay.
func TestHealNeedsEveryKillList(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		f    func(*kernel.Tx)
	}{
		{"overwrite", func(tx *kernel.Tx) { tx.Put(at("r"), []byte("v")) }},
		{"increment", func(tx *kernel.Tx) { tx.Inc(at("r"), 1) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a, c := newSite(t, 1), newSite(t, 3)
			c.see(a.do(tt.f))
			a.do(tt.f)
			all := dots(a.dot(1))
			healed := newSite(t, 3).see(c.s, a.s.ExtractKilled(set(upTo(1)), all))
			if !same(healed.s, a.s) {
				t.Errorf("healed is %v, want %v", textbook.From(healed.s), textbook.From(a.s))
			}
			less := newSite(t, 3).see(c.s, a.s.ExtractKilled(set(upTo(1)), dots()))
			if less.s.Len() != 2 {
				t.Errorf("%d live entries without the kill list, want 2: the counterexample does not hold", less.s.Len())
			}
		})
	}
}

// TestKillListsOfTheWholeContext pins that the lists must be those of every event
// that the context has heard of. An object can be ahead of its store's vector, as
// after a heal that was cut or one by context; if it then answers by the lists of
// what the vector has, the peer hears of a remove and not of what it ended.
func TestKillListsOfTheWholeContext(t *testing.T) {
	t.Parallel()
	a, b, c := newSite(t, 1), newSite(t, 2), newSite(t, 3)
	x := a.do(func(tx *kernel.Tx) { tx.Put(at("s", "x"), nil) })
	c.see(x)
	a.do(func(tx *kernel.Tx) { tx.Kill(at("s", "x")) })
	b.see(first(a.s.ExtractSeen(b.s.Context()))) // b's vector is empty still, and it holds no list
	wrong := newSite(t, 3).see(c.s, b.s.ExtractKilled(set(upTo(1)), dots()))
	if wrong.s.Len() != 1 || !wrong.s.Context().Contains(a.dot(2)) {
		t.Errorf("by lists x is gone: the counterexample does not hold")
	}
	if c.see(first(b.s.ExtractHeld(set(upTo(1))))); !same(c.s, a.s) {
		t.Errorf("by bitmap it is %v, want %v", textbook.From(c.s), textbook.From(a.s))
	}
}

// TestHealCutsTheContext is 7g: with kill lists the context is cut by the base, or
// it would end what the peer has and the frame does not carry.
func TestHealCutsTheContext(t *testing.T) {
	t.Parallel()
	a, b, c := newSite(t, 1), newSite(t, 2), newSite(t, 3)
	x := a.do(func(tx *kernel.Tx) { tx.Put(at("s", "x"), nil) })
	b.see(x)
	b.do(func(tx *kernel.Tx) { tx.Put(at("s", "y"), nil) })
	c.see(x, b.s.ExtractKilled(set(upTo(1)), dots()))
	if !same(c.s, b.s) {
		t.Errorf("healed is %v, want %v", textbook.From(c.s), textbook.From(b.s))
	}
}

// TestRawCutIsNotCanonical is 2c and 2d: number 1 is an event on another object,
// which the claim of number 2 covers and the cut by the vector drops. Filled, the
// states are equal again.
func TestRawCutIsNotCanonical(t *testing.T) {
	t.Parallel()
	a, c, v := claims(t)
	c.see(a.s.ExtractKilled(set(upTo(1)), dots()))
	if same(c.s, a.s) {
		t.Errorf("a raw cut leaves %v: the counterexample does not hold", textbook.From(c.s))
	}
	if !c.s.Fill(v) || c.s.Fill(v) || a.s.Fill(v) {
		t.Errorf("Fill does not report what it does")
	}
	if c.valid(c.s); !same(c.s, a.s) {
		t.Errorf("filled is %v, want %v", textbook.From(c.s), textbook.From(a.s))
	}
}

// TestFillStaysBelow pins that Fill adds no number above the last of a replica and
// no replica: bytes would change with each event on another object, and the
// replica's own next claim would contradict the context.
func TestFillStaysBelow(t *testing.T) {
	t.Parallel()
	a, _, _ := claims(t)
	want := a.s.Clone()
	if a.s.Fill(set(upTo(9), upTo(9))) || !same(a.s, want) {
		t.Errorf("filled is %v, want %v", textbook.From(a.s), textbook.From(want))
	}
}

// TestCutByContextIsCanonical is 2e.
func TestCutByContextIsCanonical(t *testing.T) {
	t.Parallel()
	a, c, _ := claims(t)
	if c.see(first(a.s.ExtractSeen(c.s.Context()))); !same(c.s, a.s) {
		t.Errorf("healed is %v, want %v", textbook.From(c.s), textbook.From(a.s))
	}
}

// claims is a site whose one event, number 2, claims number 1 too; an empty one;
// and the vector of both stores.
func claims(t *testing.T) (a, c *site, v *clock.Context) {
	t.Helper()
	a, c = newSite(t, 1), newSite(t, 3)
	tx := a.s.Begin(1, 0)
	tx.Put(at("x"), nil)
	if _, err := tx.Commit(2, 0); err != nil {
		t.Fatal(err)
	}
	return a, c, set(upTo(2))
}

// TestCutByContextCarriesBases pins that a context which has the event of a reset
// need not have its bases: here the event's own total was ended by name.
func TestCutByContextCarriesBases(t *testing.T) {
	t.Parallel()
	a, b, c := newSite(t, 1), newSite(t, 2), newSite(t, 3)
	five, eight := a.inc(5), a.inc(3)
	b.see(five)
	b.do(func(tx *kernel.Tx) { tx.Kill(at("c")); tx.Inc(at("c"), 10) })
	c.see(five, eight, b.inc(1)) // ends b's first total by name
	b.see(eight)
	c.shows("before", 19, 2, 0)
	c.see(first(b.s.ExtractSeen(c.s.Context())))
	c.shows("healed", 14, 2, 1)
	if !same(c.s, b.s) {
		t.Errorf("healed is %v, want %v", textbook.From(c.s), textbook.From(b.s))
	}
}

// TestFillFromAPeersVector pins why Fill takes what the store itself applied.
func TestFillFromAPeersVector(t *testing.T) {
	t.Parallel()
	a, c := newSite(t, 1), newSite(t, 3)
	x := a.do(func(tx *kernel.Tx) { tx.Put(at("s", "x"), nil) })
	tx := a.s.Begin(1, 0)
	tx.Put(at("s", "y"), nil)
	y, err := tx.Commit(2, 1)
	if err != nil {
		t.Fatal(err)
	}
	c.see(y)
	own := c.s.Clone()
	own.Fill(dots(a.dot(2)))
	own.Merge(x)
	c.s.Fill(set(upTo(2)))
	c.s.Merge(x)
	if own.Len() != 2 || c.s.Len() != 1 {
		t.Errorf("after x arrives: %d entries, filled from a peer's vector %d; want 2, and 1 for x is lost", own.Len(), c.s.Len())
	}
}

// TestHealFindsLostRecords pins that a dot named and unknown is reported, and that
// what was lost can still come.
func TestHealFindsLostRecords(t *testing.T) {
	t.Parallel()
	a, c := newSite(t, 1), newSite(t, 3)
	x := a.do(func(tx *kernel.Tx) { tx.Put(at("s", "x"), nil) })
	a.do(func(tx *kernel.Tx) { tx.Put(at("s", "y"), nil) })
	out, held := a.s.ExtractHeld(set(upTo(1))) // c's vector has x, its record was lost
	c.see(out)
	if got := c.s.Missing(held); !got.Equal(dots(a.dot(1))) || c.s.Context().Contains(a.dot(1)) {
		t.Errorf("missing are %v, the context is %v", got, c.s.Context())
	}
	if c.see(x); !same(c.s, a.s) {
		t.Errorf("with what was lost it is %v, want %v", textbook.From(c.s), textbook.From(a.s))
	}
}

// TestExtractIsBelow pins that a wrong base and wrong kill lists cost an answer,
// and end nothing.
func TestExtractIsBelow(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		w := newStores(t, rt)
		for range rapid.IntRange(1, 12).Draw(rt, "steps") {
			w.change(rapid.IntRange(0, 2).Draw(rt, "site"), false)
			w.deliver(rapid.IntRange(0, 2).Draw(rt, "to"), rapid.SampledFrom(append(w.events, events{kernel.New(), &clock.Context{}, &clock.Context{}})).Draw(rt, "events"))
		}
		s := w.sites[0].s
		some := func(label string) *clock.Context {
			c := &clock.Context{}
			for range rapid.IntRange(0, 4).Draw(rt, label) {
				lo := rapid.Uint64Range(1, 20).Draw(rt, "lo")
				c.AddRange(clock.ReplicaID(rapid.IntRange(1, 4).Draw(rt, "id")), clock.Interval{Lo: lo, Hi: lo + rapid.Uint64Range(0, 9).Draw(rt, "n")})
			}
			return c
		}
		base := some("base")
		for name, out := range map[string]*kernel.State{
			"killed": s.ExtractKilled(base, some("killed")),
			"held":   first(s.ExtractHeld(base)),
			"seen":   first(s.ExtractSeen(base)),
		} {
			checkPart(rt, out)
			if s.Clone().Merge(out) {
				rt.Fatalf("%s: what was extracted changes the state\n%v\n%v", name, textbook.From(out), textbook.From(s))
			}
		}
	})
}

// scale is a state of several thousand entries with runs of live and dead dots of
// all lengths: two replicas, one with most dots live, one with few.
func scale(t testing.TB) *site {
	t.Helper()
	a, b := newSite(t, 1), newSite(t, 2)
	do := func(w *site, f func(*kernel.Tx)) *kernel.State { // site.do without the checks
		tx := w.s.Begin(w.id, 0)
		f(tx)
		n := tx.Events()
		d, err := tx.Commit(w.seq+1, w.seq)
		if err != nil {
			t.Fatal(err)
		}
		w.seq += uint64(n)
		return d
	}
	for k := range 9 {
		n := []int{300, 700, 1000}[k%3]
		fill := func(w *site, name string) *kernel.State {
			return do(w, func(tx *kernel.Tx) {
				for i := range n {
					tx.Put(at(name, bulkKey(1000*k+i)), nil)
				}
				tx.Inc(at("totals", fmt.Sprint(k)), 1)
			})
		}
		fill(a, "dense")
		a.s.Merge(fill(b, "packed"))
		do(b, func(tx *kernel.Tx) {
			for i := range n {
				if (i+k)%5 > 0 {
					tx.Kill(at("packed", bulkKey(1000*k+i)))
				}
			}
			tx.Kill(at("totals", fmt.Sprint(k/2)))
		})
		a.s.Merge(b.s)
	}
	a.valid(a.s)
	shape := kernel.Shape(a.s)
	if shape["dense"] == 0 || shape["packed"] == 0 {
		t.Fatalf("pages are %v", shape)
	}
	return a
}

func TestExtractAtScale(t *testing.T) {
	t.Parallel()
	s := scale(t).s
	twin := textbook.From(s)
	m1, m2 := s.Context().Max(1), s.Context().Max(2)
	for name, base := range map[string]*clock.Context{
		"nothing":  set(),
		"all":      s.Context().Clone(),
		"one left": set(upTo(m1-1), upTo(m2)),
		"tails":    set(upTo(m1-700), upTo(m2-900)),
		"one only": set(upTo(m1)),
		"holes":    every(7, m1, m2),
		"middles":  set(clock.Interval{Lo: 1000, Hi: 3001}, clock.Interval{Lo: 513, Hi: 5000}),
	} {
		killed := every(3, m1, m2)
		out := s.ExtractKilled(base, killed)
		checkPart(t, out)
		if !textbook.From(out).Equal(extracted(twin, base, killed)) {
			t.Errorf("%s: by kill lists other than its slow twin", name)
		}
		out, held := s.ExtractHeld(base)
		checkPart(t, out)
		if !textbook.From(out).Equal(extracted(twin, base, nil)) {
			t.Errorf("%s: by bitmap other than its slow twin", name)
		}
		want := map[clock.Dot]bool{}
		for d := range twin.Live {
			if base.Contains(d) {
				want[d] = true
			}
		}
		got := map[clock.Dot]bool{}
		for id, in := range held.Intervals() {
			for seq := in.Lo; seq <= in.Hi; seq++ {
				got[clock.Dot{Replica: id, Seq: seq}] = true
			}
		}
		if !maps.Equal(got, want) {
			t.Errorf("%s: %d dots are named, want %d", name, len(got), len(want))
		}
	}
}

// every is the dots of two replicas but every n-th.
func every(n, m1, m2 uint64) *clock.Context {
	c := &clock.Context{}
	for id, most := range map[clock.ReplicaID]uint64{1: m1, 2: m2} {
		for seq := uint64(1); seq <= most; seq++ {
			if seq%n > 0 {
				c.Add(clock.Dot{Replica: id, Seq: seq})
			}
		}
	}
	return c
}
