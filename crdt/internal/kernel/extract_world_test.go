package kernel_test

import (
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
