package crdttest

import (
	"bytes"

	"pgregory.net/rapid"

	"github.com/dovetail-crdt/dovetail/clock"
	"github.com/dovetail-crdt/dovetail/crdt"
	"github.com/dovetail-crdt/dovetail/crdt/untyped"
)

// events is which events one delta is of, and which dots they ended.
type events struct{ names, ends *clock.Context }

// events tells of each delta what a store knows when it makes it. The events of a
// delta are its live dots, or if it has none the last of the dots that no delta
// has live: the others that it knows it ended.
func (w *world[S]) events() []events {
	out := make([]events, len(w.deltas))
	born := map[clock.Dot]bool{}
	for _, p := range w.deltas {
		for d := range p.twin.Live {
			born[d] = true
		}
	}
	for i, p := range w.deltas {
		e := events{&clock.Context{}, &clock.Context{}}
		var last clock.Dot
		for d := range p.twin.Ctx {
			_, live := p.twin.Live[d]
			switch {
			case live:
				e.names.Add(d)
			case born[d]:
				e.ends.Add(d)
			case d.Seq > last.Seq:
				last = d
			}
		}
		if e.names.IsEmpty() {
			e.names.Add(last)
		}
		out[i] = e
	}
	return out
}

// vector returns what the store of n has applied: the events of the deltas that
// it has and, if others is set, all events on other objects.
func (w *world[S]) vector(n *replica[S], all []events, others bool) *clock.Context {
	v := &clock.Context{}
	if others {
		ours := &clock.Context{}
		for _, e := range all {
			ours.Merge(e.names)
		}
		for _, m := range w.nodes {
			if m.src.seq > 0 {
				v.AddRange(m.src.id, clock.Interval{Lo: 1, Hi: m.src.seq})
			}
		}
		v = v.Minus(ours)
	}
	for id := range n.has {
		v.Merge(all[id].names)
	}
	return v
}

// checkExtraction checks that what one replica extracts for another does there
// what merging the whole state does, in each form of a heal.
func (w *world[S]) checkExtraction() {
	a := w.nodes[rapid.IntRange(0, replicas-1).Draw(w.t, "sender")]
	b := w.nodes[rapid.IntRange(0, replicas-1).Draw(w.t, "receiver")]
	if a.twin == nil {
		none := &clock.Context{}
		w.checkHeal("whole", a, b, w.extract(a, none, none), nil)
		return
	}
	all := w.events()
	base := w.vector(b, all, rapid.Bool().Draw(w.t, "others"))
	killed := &clock.Context{}
	for id := range a.has {
		if !base.Covers(all[id].names) {
			killed.Merge(all[id].ends)
		}
	}
	after := base.Clone() // of the receiver's store
	after.Merge(w.vector(a, all, rapid.Bool().Draw(w.t, "sender's others")))
	w.checkHeal("kill lists", a, b, w.extract(a, base, killed), after)
	w.checkHeal("bitmap", a, b, w.extract(a, base, nil), after)
	w.checkHeal("context", a, b, w.object(a.state).ExtractSeen(crdt.ContextOf(b.state)), nil)
}

func (w *world[S]) extract(a *replica[S], base, killed *clock.Context) *untyped.Heal {
	return w.object(a.state).Extract(base, killed)
}

// object returns s as an object, which shares its state with s.
func (w *world[S]) object(s S) *untyped.Object {
	o, err := untyped.ObjectOf(w.kind, s)
	if err != nil {
		w.t.Fatalf("ObjectOf: %v", err)
	}
	return o
}

// value is the inverse of object.
func (w *world[S]) value(o *untyped.Object) S {
	s, err := untyped.ValueOf(w.kind, o)
	if err != nil {
		w.t.Fatalf("ValueOf: %v", err)
	}
	return s
}

// checkHeal sends h, which a extracted, to b, whose store then has applied after:
// nil if the states must be equal without its help.
func (w *world[S]) checkHeal(form string, a, b *replica[S], h *untyped.Heal, after *clock.Context) {
	enc, err := h.AppendBinary(nil)
	if err != nil {
		w.t.Fatalf("%s: encode of a heal: %v", form, err)
	}
	h, err = untyped.DecodeHeal(enc, w.kind)
	if err != nil {
		w.t.Fatalf("%s: decode of an encoded heal: %v\n%x", form, err, enc)
	}
	if again, err := h.AppendBinary(nil); err != nil || !bytes.Equal(again, enc) {
		w.t.Fatalf("%s: encode of the decoded heal: %v\n%x, want\n%x", form, err, again, enc)
	}
	healed, whole := b.state.Clone(), b.state.Clone()
	whole.Merge(a.state)
	_, missing, err := w.object(healed).ApplyHeal(h)
	if err != nil || missing != nil {
		w.t.Fatalf("%s: ApplyHeal: %v, missing %v", form, err, missing)
	}
	o, err := untyped.DecodeObject(w.encode(b.state), w.kind)
	if err != nil {
		w.t.Fatalf("DecodeObject: %v", err)
	}
	if _, _, err := o.ApplyHeal(h); err != nil {
		w.t.Fatalf("%s: ApplyHeal of an object: %v", form, err)
	}
	if after != nil {
		w.object(healed).Fill(after)
		w.object(whole).Fill(after)
		o.Fill(after)
	}
	got, want := w.encode(healed), w.encode(whole)
	if !bytes.Equal(got, want) {
		w.t.Fatalf("%s: healed it is\n%x, merged with the whole\n%x", form, got, want)
	}
	if f, err := o.AppendFrame(nil); err != nil || !bytes.Equal(f, want) {
		w.t.Fatalf("%s: healed as an object of unknown type it is (%v)\n%x, want\n%x", form, err, f, want)
	}
	if a.state.Clone().Merge(w.deltaOf(h)) {
		w.t.Fatalf("%s: the heal is not below the state that it was extracted from", form)
	}
}

func (w *world[S]) deltaOf(h *untyped.Heal) S {
	f, err := h.Delta.AppendFrame(nil)
	if err != nil {
		w.t.Fatalf("AppendFrame: %v", err)
	}
	s, err := crdt.DecodeFrame(w.kind, f)
	if err != nil {
		w.t.Fatalf("DecodeFrame of what was extracted: %v\n%x", err, f)
	}
	return s
}

// partsMost is how many parts are left out one by one.
const partsMost = 24

// checkDecomposition checks that a state is the join of its parts and of no fewer,
// and that what is stripped to the news of a state does what the whole would, no
// part of it in vain.
func (w *world[S]) checkDecomposition() {
	states := make([]S, 0, replicas+len(w.deltas))
	for _, n := range w.nodes {
		states = append(states, n.state)
	}
	for _, p := range w.deltas {
		states = append(states, p.delta)
	}
	s, d := w.pick(states), w.pick(states)
	parts := w.parts(d)
	w.checkMinimal("its state", w.kind.New(), parts, d)

	was, arg := w.encode(s), w.encode(d)
	whole := join(s, d)
	merged := s.Clone()
	found, err := w.object(merged).MergeStrip(w.object(d))
	if err != nil {
		w.t.Fatalf("MergeStrip: %v", err)
	}
	changed := found != nil
	if changed == bytes.Equal(w.encode(whole), was) {
		w.t.Fatalf("MergeStrip reported changed=%t", changed)
	}
	if !bytes.Equal(w.encode(merged), w.encode(whole)) {
		w.t.Fatalf("MergeStrip leaves\n%x, Merge\n%x", w.encode(merged), w.encode(whole))
	}
	stripped, err := w.object(s).Strip(w.object(d))
	if err != nil || (stripped != nil) != changed {
		w.t.Fatalf("Strip: %v, %v; MergeStrip reported changed=%t", stripped, err, changed)
	}
	if !bytes.Equal(w.encode(s), was) || !bytes.Equal(w.encode(d), arg) {
		w.t.Fatalf("Strip or MergeStrip changed its argument")
	}
	if crdt.Contains(s, d) == changed {
		w.t.Fatalf("Contains reports %t of what MergeStrip changed: %t", crdt.Contains(s, d), changed)
	}
	w.checkStripObject(s, d, found)
	if !changed {
		return
	}
	news := w.value(found)
	if got := w.encode(w.value(stripped)); !bytes.Equal(got, w.encode(news)) {
		w.t.Fatalf("Strip returns\n%x, MergeStrip\n%x", got, w.encode(news))
	}
	if !bytes.Equal(w.encode(join(s, news)), w.encode(whole)) {
		w.t.Fatalf("merged with the news it is\n%x, with all\n%x", w.encode(join(s, news)), w.encode(whole))
	}
	w.checkMinimal("the news", s, w.parts(news), whole)
	if again, err := w.object(merged).MergeStrip(w.object(d)); again != nil || err != nil {
		w.t.Fatalf("a delta has news once more: %v", err)
	}
}

func (w *world[S]) parts(s S) (parts []S) {
	typed := w.kind.Typed()
	state, err := typed.State(s)
	if err != nil {
		w.t.Fatalf("the parts of a view: %v", err)
	}
	for p := range state.Parts() {
		v, _ := typed.Value(p)
		parts = append(parts, v)
	}
	return parts
}

// checkMinimal checks that s merged with parts is want, and with any part left out
// is not.
func (w *world[S]) checkMinimal(what string, s S, parts []S, want S) {
	all := s.Clone()
	for _, p := range parts {
		all.Merge(p)
	}
	if !all.Equal(want) || !bytes.Equal(w.encode(all), w.encode(want)) {
		w.t.Fatalf("the parts of %s join to\n%x, want\n%x", what, w.encode(all), w.encode(want))
	}
	for i := range parts[:min(len(parts), partsMost)] {
		rest := s.Clone()
		for j, p := range parts {
			if j != i {
				rest.Merge(p)
			}
		}
		if rest.Equal(want) {
			w.t.Fatalf("part %d of %s can be left out: %x", i, what, w.encode(parts[i]))
		}
	}
}

// checkStripObject does with objects of unknown type what was done with states, whose news
// are nil for nothing.
func (w *world[S]) checkStripObject(s, d S, news *untyped.Object) {
	x, errX := untyped.DecodeObject(w.encode(s), w.kind)
	y, errY := untyped.DecodeObject(w.encode(d), w.kind)
	if errX != nil || errY != nil {
		w.t.Fatalf("DecodeObject: %v, %v", errX, errY)
	}
	for _, strip := range []func(*untyped.Object) (*untyped.Object, error){x.Strip, x.MergeStrip} {
		o, err := strip(y)
		if err != nil || (o != nil) != (news != nil) {
			w.t.Fatalf("Strip of an object: %v, %v; the typed one returned %v", o, err, news)
		}
		if o == nil {
			continue
		}
		if f, err := o.AppendFrame(nil); err != nil || !bytes.Equal(f, w.encode(w.value(news))) {
			w.t.Fatalf("Strip of an object (%v):\n%x, want\n%x", err, f, w.encode(w.value(news)))
		}
	}
	if f, err := x.AppendFrame(nil); err != nil || !bytes.Equal(f, w.encode(join(s, d))) {
		w.t.Fatalf("MergeStrip of an object leaves (%v)\n%x, want\n%x", err, f, w.encode(join(s, d)))
	}
}
