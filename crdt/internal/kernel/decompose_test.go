package kernel_test

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt/internal/kernel"
	"github.com/dovetail-crdt/dovetail/crdt/internal/textbook"
)

// drawn returns two states of the same history, neither of which need hold the
// other, and some of its deltas joined.
func drawn(t *testing.T, rt *rapid.T, bulk bool) (a, b, group *kernel.State) {
	t.Helper()
	w := newStores(t, rt)
	for range rapid.IntRange(1, 16).Draw(rt, "steps") {
		i := rapid.IntRange(0, 2).Draw(rt, "site")
		w.change(i, bulk)
		if len(w.events) > 0 {
			w.deliver(i, rapid.SampledFrom(w.events).Draw(rt, "events"))
		}
	}
	a, b, group = kernel.New(), kernel.New(), kernel.New()
	for _, s := range []*kernel.State{a, b, group} {
		for _, e := range w.events {
			if rapid.Bool().Draw(rt, "has") {
				s.Merge(e.delta)
			}
		}
	}
	if rapid.Bool().Draw(rt, "a store's") {
		b = w.sites[0].s
	}
	return a, b, group
}

// newsOf is the slow twin of News.
func newsOf(s, d *textbook.Object) *textbook.Object {
	out := &textbook.Object{Live: map[clock.Dot]textbook.Entry{}, Bases: map[textbook.Run]kernel.Base{}, Ctx: map[clock.Dot]bool{}}
	for x := range d.Ctx {
		e, live := d.Live[x]
		_, there := s.Live[x]
		if !s.Ctx[x] || !live && there {
			out.Ctx[x] = true
			if live {
				out.Live[x] = e
			}
		}
	}
	after := textbook.Join(s, d)
	for k, b := range d.Bases {
		if after.Bases[k] == b && s.Bases[k] != b {
			out.Bases[k] = b
		}
	}
	return out
}

func checkNews(t rapid.TB, s, d *kernel.State) (news *kernel.State) {
	arg, was := encode(d), encode(s)
	news = s.News(d)
	checkPart(t, news)
	if !bytes.Equal(encode(d), arg) || !bytes.Equal(encode(s), was) {
		t.Fatalf("News changed a state")
	}
	if want := newsOf(textbook.From(s), textbook.From(d)); !textbook.From(news).Equal(want) {
		t.Fatalf("news are\n%v, want\n%v", textbook.From(news), want)
	}
	whole, part := s.Clone(), s.Clone()
	if changed := whole.Merge(d); part.Merge(news) != changed || news.IsBottom() == changed {
		t.Fatalf("merging d changed=%t, its news %v otherwise", changed, textbook.From(news))
	}
	if !same(whole, part) {
		t.Fatalf("merged with d it is\n%v, with the news\n%v", textbook.From(whole), textbook.From(part))
	}
	if again := part.News(d); !again.IsBottom() {
		t.Fatalf("after it was merged, d has news %v", textbook.From(again))
	}
	return news
}

// TestNews is 8a: what is new is enough, and no part of it can go.
func TestNews(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		a, b, group := drawn(t, rt, false)
		for _, d := range []*kernel.State{a, group, kernel.New(), b} {
			news := textbook.From(checkNews(rt, b, d))
			s := textbook.From(b)
			after := textbook.Join(s, news)
			news.Parts(func(part string, rest *textbook.Object) {
				if textbook.Join(s, rest).Equal(after) {
					rt.Fatalf("%s is not needed in %v", part, news)
				}
			})
		}
	})
}

func TestNewsOfManyEntries(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		a, b, group := drawn(t, rt, true)
		checkNews(rt, b, a)
		checkNews(rt, a, b)
		checkNews(rt, b, group)
	})
}

func TestNewsAtScale(t *testing.T) {
	t.Parallel()
	w := scale(t)
	old := w.s.Clone()
	w.do(func(tx *kernel.Tx) {
		for i := range 900 {
			tx.Kill(at("dense", bulkKey(3*i)))
			tx.Put(at("more", bulkKey(i)), []byte("v"))
		}
		tx.Kill(at("totals"))
	})
	other := newSite(t, 2)
	other.seq = old.Context().Max(2) // an event of the second replica that the others lack
	other.s = old.Clone()
	late := other.do(func(tx *kernel.Tx) { tx.Kill(at("packed")) })
	for _, p := range [][2]*kernel.State{{old, w.s}, {w.s, old}, {w.s, late}, {w.s, other.s}, {other.s, w.s}, {kernel.New(), w.s}, {w.s, w.s.Clone()}} {
		checkNews(t, p[0], p[1])
	}
}

// checkParts checks that s is the join of its parts, and returns them.
func checkParts(t rapid.TB, s *kernel.State) (parts []*kernel.State) {
	all := kernel.New()
	live, bases := 0, 0
	for p := range s.Parts() {
		checkPart(t, p)
		live += p.Len()
		for range p.Bases() {
			bases++
		}
		parts = append(parts, p)
		if all.Merge(p); all.News(p).Len() > 0 {
			t.Fatalf("a part that was merged is news")
		}
	}
	n := 0
	for range s.Bases() {
		n++
	}
	if live != s.Len() || bases != n {
		t.Fatalf("parts have %d entries and %d bases, want %d and %d", live, bases, s.Len(), n)
	}
	if !same(all, s) {
		t.Fatalf("parts join to\n%v, want\n%v", textbook.From(all), textbook.From(s))
	}
	return parts
}

func TestParts(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		s, _, _ := drawn(t, rt, false)
		parts := checkParts(rt, s)
		for i := range parts {
			rest := kernel.New()
			for j, p := range parts {
				if i != j {
					rest.Merge(p)
				}
			}
			if same(rest, s) {
				rt.Fatalf("%v is not needed in %v", textbook.From(parts[i]), textbook.From(s))
			}
			// An interval of dead dots is as long as it can be, and its ends are needed.
			p := parts[i]
			for id, in := range p.Context().Intervals() {
				if p.Len() > 0 {
					continue
				}
				for _, seq := range []uint64{in.Lo - 1, in.Hi + 1} {
					d := clock.Dot{Replica: id, Seq: seq}
					if _, live := textbook.From(s).Live[d]; seq > 0 && s.Context().Contains(d) && !live {
						rt.Fatalf("dead dot %v is beside %v, another part", d, in)
					}
				}
			}
		}
	})
}

func TestPartsAtScale(t *testing.T) {
	t.Parallel()
	s := scale(t).s
	n := len(checkParts(t, s))
	stop := 0
	for range s.Parts() {
		if stop++; stop == n/2 {
			break
		}
	}
	for _, k := range []int{1, 2, n - 1} {
		i := 0
		for range s.Parts() {
			if i++; i == k {
				break
			}
		}
		if i != k {
			t.Errorf("Parts goes on after %d", k)
		}
	}
}

// TestNewsKnowsByState pins that a dead dot is known when the state has it dead,
// whatever a vector says: here the peer's store applied the add and the remove of
// another replica, but this state still shows the element.
func TestNewsKnowsByState(t *testing.T) {
	t.Parallel()
	a, b := newSite(t, 1), newSite(t, 2)
	x := a.do(func(tx *kernel.Tx) { tx.Put(at("s", "x"), nil) })
	b.see(x)
	gone := a.do(func(tx *kernel.Tx) { tx.Kill(at("s", "x")) })
	news := b.s.News(gone)
	if !same(news, gone) {
		t.Errorf("news are %v, want all of %v", textbook.From(news), textbook.From(gone))
	}
	if b.see(news); b.s.Len() > 0 {
		t.Errorf("x is still there")
	}
}

// TestNewsOfABaseThatWasClosed pins that what closes a run is asked of what is left:
// here the delta ends the total that closes the run of its base.
func TestNewsOfABaseThatWasClosed(t *testing.T) {
	t.Parallel()
	a, b := newSite(t, 1), newSite(t, 2)
	b.see(a.inc(5))
	reset := b.reset()
	a.see(reset)
	s := newSite(t, 3).see(a.inc(1)).s // a new run, which closes the first
	d := kernel.New()
	d.Context().Add(a.dot(2))
	for p := range reset.Parts() {
		for range p.Bases() {
			d.Merge(p)
		}
	}
	whole, part := s.Clone(), s.Clone()
	whole.Merge(d)
	part.Merge(s.News(d))
	if !same(whole, part) || whole.At(at("c")).Bases() != 1 {
		t.Errorf("merged with d it is\n%v, with the news\n%v", textbook.From(whole), textbook.From(part))
	}
}

// TestNewsIsApart pins that news shares nothing with the states it came from.
func TestNewsIsApart(t *testing.T) {
	t.Parallel()
	w := scale(t)
	empty := kernel.New()
	for _, s := range []*kernel.State{empty.News(w.s), first(w.s.ExtractHeld(set())), w.s.ExtractKilled(set(), set())} {
		was := encode(w.s)
		tx := s.Begin(9, 0)
		tx.Kill(nil)
		tx.Inc(at("totals", "1"), 1)
		if _, err := tx.Commit(1, 0); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(encode(w.s), was) {
			t.Fatalf("changing a part changed the state")
		}
	}
}
